"""What calls on events and attendance answer. Times are seconds since 1970, UTC, unless a field says otherwise."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from edgeface.api.answers import Answer
from edgeface.events.attendance import AttendanceDay, WorkingDays
from edgeface.events.attendance_csv import iso
from edgeface.events.event import Event


class EventAnswer(Answer):
    """Something that happened. ``data`` depends on the kind (docs/events.md)."""

    sequence: int = Field(description="Grows, has gaps, and is never used twice.")
    event_id: str
    kind: str
    source: str
    wall_at: float
    clock_trusted: bool
    monotonic_at: float = Field(description="CLOCK_MONOTONIC seconds of the boot boot_id.")
    boot_id: str
    expires_at_monotonic: float | None = Field(None, description="From when on nobody may act on it.")
    data: dict[str, Any]

    @classmethod
    def of(cls, event: Event) -> EventAnswer:
        return cls(
            sequence=event.sequence,
            event_id=event.event_id,
            kind=event.kind.value,
            source=event.source,
            wall_at=event.wall_at,
            clock_trusted=event.clock_trusted,
            monotonic_at=event.monotonic_at,
            boot_id=event.boot_id,
            expires_at_monotonic=event.expires_at_monotonic,
            data=dict(event.data),
        )


class EventsAnswer(Answer):
    """A page of events, oldest first."""

    events: list[EventAnswer]
    oldest: int = Field(description="The lowest number that is kept; 0 where there is none.")
    last: int = Field(description="The highest number that was handed out.")


class ErasedEventsAnswer(Answer):
    """How many events were erased."""

    events: int


class StayAnswer(Answer):
    """Time inside, as far as it lies on this working day; without start or end where the passage is missing."""

    start: float | None = None
    end: float | None = None
    from_before: bool = Field(description="It began on an earlier working day.")
    goes_on: bool = Field(description="It ended on a later working day.")


class AttendanceDayAnswer(Answer):
    """One person on one working day. Times with ``_local``: ISO 8601 with the device's offset."""

    day: str
    user_id: str
    groups: list[str]
    first_in: float | None = None
    first_in_local: str | None = None
    last_out: float | None = None
    last_out_local: str | None = None
    stays: list[StayAnswer]
    worked_s: float
    missing: list[str] = Field(description="in, out: a stay has no other end.")
    present: bool = Field(description="The person may still be inside.")
    clock_trusted: bool

    @classmethod
    def of(cls, row: AttendanceDay, days: WorkingDays) -> AttendanceDayAnswer:
        return cls(
            day=row.day.isoformat(),
            user_id=row.user_id,
            groups=list(row.groups),
            first_in=row.first_in,
            first_in_local=iso(row.first_in, days) or None,
            last_out=row.last_out,
            last_out_local=iso(row.last_out, days) or None,
            stays=[
                StayAnswer(start=stay.start, end=stay.end, from_before=stay.from_before, goes_on=stay.goes_on)
                for stay in row.stays
            ],
            worked_s=round(row.worked_s, 3),
            missing=list(row.missing),
            present=row.present,
            clock_trusted=row.clock_trusted,
        )


class AttendanceAnswer(Answer):
    """The table, by day and person."""

    days: list[AttendanceDayAnswer]
