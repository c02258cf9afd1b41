"""The attendance table as CSV, for spreadsheets that must not run what a name says."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from edgeface.events.attendance import AttendanceDay, Stay, WorkingDays

COLUMNS = (
    "day",
    "user_id",
    "groups",
    "first_in",
    "last_out",
    "worked_h",
    "worked_s",
    "stays",
    "missing",
    "present",
    "clock_trusted",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # OWASP, CSV injection: what a spreadsheet takes for a formula


def attendance_csv(table: Iterable[AttendanceDay], days: WorkingDays, *, bom: bool = False) -> bytes:
    """RFC 4180, UTF-8; ``bom``: with the byte order mark by which Excel knows it. Times are local, ISO 8601."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in table:
        writer.writerow(
            [
                row.day.isoformat(),
                plain(row.user_id),
                plain(" ".join(row.groups)),
                iso(row.first_in, days),
                iso(row.last_out, days),
                f"{row.worked_s / 3600:.2f}",
                round(row.worked_s),
                " ".join(_stay(stay, days) for stay in row.stays),
                " ".join(row.missing),
                _word(yes=row.present),
                _word(yes=row.clock_trusted),
            ]
        )
    return text.getvalue().encode("utf-8-sig" if bom else "utf-8")


def plain(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def iso(wall: float | None, days: WorkingDays) -> str:
    """Local time to the second with its offset, or nothing."""
    return "" if wall is None else days.local(wall).isoformat(timespec="seconds")


def _stay(stay: Stay, days: WorkingDays) -> str:
    """``08:00/12:00``; ``?`` for a passage that is missing."""
    ends = ("?" if wall is None else f"{days.local(wall):%H:%M}" for wall in (stay.start, stay.end))
    return "/".join(ends)


def _word(*, yes: bool) -> str:
    return "yes" if yes else "no"
