"""The attendance table of a log, as configured."""

from __future__ import annotations

from datetime import date, time

from edgeface.config import AttendanceConfig
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.attendance import AttendanceDay, WorkingDays, attendance, window
from edgeface.events.event import EventKind
from edgeface.events.log import EventLog

MOST_DAYS = 366


def working_days(config: AttendanceConfig) -> WorkingDays:
    """Working days as configured, in the system's time zone."""
    return WorkingDays(time.fromisoformat(config.day_starts))


def timesheet(events: EventLog, config: AttendanceConfig, first: date, last: date) -> tuple[AttendanceDay, ...]:
    """Who was there on the working days ``first`` to ``last``, at most 366. Raises ``INVALID_PARAMETER``."""
    if not 0 <= (last - first).days < MOST_DAYS:
        raise EdgeFaceError(
            ErrorCode.INVALID_PARAMETER,
            f"to: must not be before from, and not {MOST_DAYS} days or more behind it.",
            parameter="to",
        )
    days, longest_s = working_days(config), config.longest_h * 3600
    try:
        start, end = window(first, last, days=days, longest_s=longest_s)
    except (OverflowError, ValueError):
        raise EdgeFaceError(
            ErrorCode.INVALID_PARAMETER, "from: beyond what this machine's calendar knows.", parameter="from"
        ) from None
    found = events.between(start, end, EventKind.PASSAGE)
    return attendance(found, first, last, days=days, longest_s=longest_s, now=events.clock.now().wall)
