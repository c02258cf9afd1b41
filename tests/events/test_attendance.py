"""Who was there: the table as a pure view."""

from __future__ import annotations

import csv
import io
import time as system_time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from edgeface.events.attendance import AttendanceDay, Stay, WorkingDays, attendance, window
from edgeface.events.attendance_csv import attendance_csv, plain
from edgeface.events.event import Event, EventKind

BERLIN = ZoneInfo("Europe/Berlin")
DAYS = WorkingDays(zone=BERLIN)
HOUR = 3600.0


def at(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()


def passages(*texts: str, zone: ZoneInfo = BERLIN) -> list[Event]:
    """``"ada in 2026-03-02T08:00"``; a ``?`` at the end: the clock was not trusted; ``+``: the second 02:30."""
    events = []
    for number, text in enumerate(texts, start=1):
        user_id, direction, moment = text.split()
        events.append(
            Event(
                sequence=number,
                event_id=f"{number:032x}",
                kind=EventKind.PASSAGE,
                source="gate",
                wall_at=at(moment.strip("?+"), zone, fold=int(moment.endswith("+"))),
                monotonic_at=float(number),
                boot_id="boot",
                clock_trusted=not moment.endswith("?"),
                expires_at_monotonic=None,
                data={"user_id": user_id, "group_id": "staff", "direction": direction},
            )
        )
    return events


def table(
    events: list[Event], first: str, last: str = "", *, days: WorkingDays = DAYS, now: str = "2030-01-01T00:00"
) -> tuple[AttendanceDay, ...]:
    return attendance(
        events,
        date.fromisoformat(first),
        date.fromisoformat(last or first),
        days=days,
        longest_s=16 * HOUR,
        now=at(now),
    )


def test_a_day_with_a_lunch_break() -> None:
    (row,) = table(
        passages(
            "ada in 2026-03-02T08:00",
            "ada out 2026-03-02T12:00",
            "ada in 2026-03-02T12:45",
            "ada out 2026-03-02T17:00",
        ),
        "2026-03-02",
    )
    assert (row.day, row.user_id, row.groups) == (date(2026, 3, 2), "ada", ("staff",))
    assert (row.first_in, row.last_out) == (at("2026-03-02T08:00"), at("2026-03-02T17:00"))
    assert [stay.seconds / HOUR for stay in row.stays] == [4.0, 4.25]
    assert row.worked_s == 8.25 * HOUR
    assert row.missing == () and not row.present and row.clock_trusted


def test_people_and_days_are_kept_apart_and_sorted() -> None:
    events = passages(
        "eve in 2026-03-02T08:00",
        "ada in 2026-03-02T09:00",
        "eve out 2026-03-02T10:00",
        "ada out 2026-03-02T11:00",
        "ada in 2026-03-03T08:00",
        "ada out 2026-03-03T09:00",
        "ada in 2026-03-04T08:00",
        "ada out 2026-03-04T09:00",
    )
    rows = table(events, "2026-03-02", "2026-03-03")
    assert [(row.day.day, row.user_id, row.worked_s / HOUR) for row in rows] == [
        (2, "ada", 2.0),
        (2, "eve", 2.0),
        (3, "ada", 1.0),
    ]


def test_over_midnight_each_day_gets_its_part() -> None:
    evening, morning = table(
        passages("ada in 2026-03-02T22:00", "ada out 2026-03-03T06:00"), "2026-03-02", "2026-03-03"
    )
    midnight = at("2026-03-03T00:00")
    assert evening.stays == (Stay(at("2026-03-02T22:00"), midnight, goes_on=True),)
    assert morning.stays == (Stay(midnight, at("2026-03-03T06:00"), from_before=True),)
    assert (evening.worked_s, morning.worked_s) == (2 * HOUR, 6 * HOUR)
    assert (evening.first_in, evening.last_out) == (at("2026-03-02T22:00"), None)
    assert (morning.first_in, morning.last_out) == (None, at("2026-03-03T06:00"))
    assert evening.missing == morning.missing == ()


def test_a_night_shift_is_one_day_where_days_begin_at_noon() -> None:
    (row,) = table(
        passages("ada in 2026-03-02T22:00", "ada out 2026-03-03T06:00"),
        "2026-03-01",
        "2026-03-05",
        days=WorkingDays(time(12, 0), BERLIN),
    )
    assert row.day == date(2026, 3, 2) and row.worked_s == 8 * HOUR
    assert (row.first_in, row.last_out) == (at("2026-03-02T22:00"), at("2026-03-03T06:00"))


@pytest.mark.parametrize(
    ("texts", "missing", "worked_h", "stays"),
    [
        (["ada in 2026-03-02T08:00"], ("out",), 0, 1),
        (["ada out 2026-03-02T17:00"], ("in",), 0, 1),
        (["ada in 2026-03-02T08:00", "ada in 2026-03-02T13:00", "ada out 2026-03-02T17:00"], ("out",), 4, 2),
        (["ada in 2026-03-02T08:00", "ada out 2026-03-02T12:00", "ada out 2026-03-02T17:00"], ("in",), 4, 2),
        (["ada out 2026-03-02T07:00", "ada in 2026-03-02T08:00"], ("in", "out"), 0, 2),
    ],
)
def test_a_missing_passage_is_named_and_nothing_is_invented(
    texts: list[str], missing: tuple[str, ...], worked_h: float, stays: int
) -> None:
    (row,) = table(passages(*texts), "2026-03-02")
    assert row.missing == missing and row.worked_s == worked_h * HOUR and len(row.stays) == stays


def test_an_out_after_more_than_the_longest_stay_belongs_to_another_in() -> None:
    monday, tuesday = table(
        passages("ada in 2026-03-02T08:00", "ada out 2026-03-03T17:00"), "2026-03-02", "2026-03-03"
    )
    assert (monday.missing, tuesday.missing) == (("out",), ("in",))
    assert monday.worked_s == tuesday.worked_s == 0


def test_who_came_a_while_ago_is_present_not_missing() -> None:
    events = passages("ada in 2026-03-02T08:00")
    (now,) = table(events, "2026-03-02", now="2026-03-02T10:00")
    assert now.present and now.missing == () and now.first_in is not None and now.last_out is None
    (later,) = table(events, "2026-03-02", now="2026-03-03T10:00")
    assert not later.present and later.missing == ("out",)


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-29", 23.0), ("2026-10-25", 25.0), ("2026-06-01", 24.0)],  # EU summer time begins and ends
)
def test_daylight_saving_counts_the_hours_that_were(day: str, hours: float) -> None:
    begin = date.fromisoformat(day)
    assert DAYS.begins(begin + timedelta(1)) - DAYS.begins(begin) == hours * HOUR
    before, after = (begin - timedelta(1)).isoformat(), (begin + timedelta(1)).isoformat()
    rows = table(passages(f"ada in {before}T22:00", f"ada out {day}T06:00"), before, after)
    assert [row.worked_s / HOUR for row in rows] == [2.0, 6.0 + (hours - 24)]


def test_the_hour_that_comes_twice() -> None:
    (row,) = table(passages("ada in 2026-10-25T02:30", "ada out 2026-10-25T02:30+"), "2026-10-25")
    assert row.worked_s == HOUR
    text = attendance_csv([row], DAYS).decode()
    assert "2026-10-25T02:30:00+02:00" in text and "2026-10-25T02:30:00+01:00" in text


def test_a_day_that_begins_in_the_hour_that_is_skipped() -> None:
    days = WorkingDays(time(2, 30), BERLIN)
    texts = [f"ada {direction} 2026-03-29T{moment}" for direction, moment in (("in", "01:59"), ("out", "03:45"))]
    rows = table(passages(*texts), "2026-03-28", "2026-03-29", days=days)
    assert sum(row.worked_s for row in rows) == 46 * 60
    assert [row.day.day for row in rows] == [28, 29]


def test_doubtful_times_are_carried() -> None:
    rows = table(
        passages("ada in 2026-03-02T08:00", "ada out 2026-03-02T12:00?", "eve in 2026-03-02T08:00"), "2026-03-02"
    )
    assert [(row.user_id, row.clock_trusted) for row in rows] == [("ada", False), ("eve", True)]


def test_a_clock_that_was_set_back_gives_no_negative_time() -> None:
    (row,) = table(passages("ada in 2026-03-02T12:00", "ada out 2026-03-02T09:00?"), "2026-03-02")
    assert row.worked_s == 0 and row.missing == ("in", "out") and not row.clock_trusted


def test_what_is_no_passage_is_left_out() -> None:
    (good,) = passages("ada in 2026-03-02T08:00")
    others = [
        replace(good, kind=EventKind.RECOGNISED),
        replace(good, data={"user_id": "ada"}),
        replace(good, data={"direction": "in"}),
        replace(good, data={"user_id": "ada", "direction": "sideways"}),
    ]
    assert table(others, "2026-03-02") == ()


def test_stays_that_reach_into_the_range_are_asked_for() -> None:
    start, end = window(date(2026, 3, 3), date(2026, 3, 3), days=DAYS, longest_s=16 * HOUR)
    assert start == at("2026-03-02T08:00") and end == at("2026-03-04T16:00")


@pytest.fixture
def system_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Central European time by its rule, so that no time zone database is needed."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    system_time.tzset()
    yield
    monkeypatch.undo()
    system_time.tzset()


@pytest.mark.usefixtures("system_zone")
def test_the_systems_own_zone_has_its_daylight_saving() -> None:
    days = WorkingDays()
    for day in (date(2026, 3, 29), date(2026, 10, 25), date(2026, 6, 1)):
        assert days.begins(day) == DAYS.begins(day)
        assert days.local(days.begins(day)).isoformat() == DAYS.local(DAYS.begins(day)).isoformat()
        assert days.day_of(days.begins(day)) == day
        assert days.day_of(days.begins(day) - 1) == day - timedelta(1)


# --- CSV


def test_csv_is_rfc_4180_and_can_be_read_back() -> None:
    rows = table(
        passages("ada in 2026-03-02T08:00", "ada out 2026-03-02T16:30", "eve in 2026-03-02T08:00"), "2026-03-02"
    )
    body = attendance_csv(rows, DAYS)
    assert body.count(b"\r\n") == 3 and body.endswith(b"\r\n") and not body.startswith(b"\xef\xbb\xbf")
    ada, eve = csv.DictReader(io.StringIO(body.decode("utf-8"), newline=""))
    assert ada == {
        "day": "2026-03-02",
        "user_id": "ada",
        "groups": "staff",
        "first_in": "2026-03-02T08:00:00+01:00",
        "last_out": "2026-03-02T16:30:00+01:00",
        "worked_h": "8.50",
        "worked_s": "30600",
        "stays": "08:00/16:30",
        "missing": "",
        "present": "no",
        "clock_trusted": "yes",
    }
    assert (eve["stays"], eve["missing"], eve["last_out"]) == ("08:00/?", "out", "")


def test_csv_for_excel_begins_with_a_byte_order_mark() -> None:
    assert attendance_csv([], DAYS, bom=True).startswith(b"\xef\xbb\xbfday,")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert plain(text) == "'" + text
    assert plain("ada") == "ada"
    (row,) = table(passages("ada in 2026-03-02T08:00"), "2026-03-02")
    body = attendance_csv([replace(row, user_id=text, groups=("=cmd",))], DAYS).decode()
    (read,) = csv.DictReader(io.StringIO(body, newline=""))
    assert read["user_id"] == "'" + text and read["groups"] == "'=cmd"


def test_utc_works_too() -> None:
    assert WorkingDays(zone=timezone.utc).begins(date(1970, 1, 2)) == 86_400
