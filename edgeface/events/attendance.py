"""Attendance: a view over passage events. Pure; nothing is stored twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo

from edgeface.events.event import Event, EventKind


@dataclass(frozen=True, slots=True)
class Stay:
    """Time inside, seconds since 1970, as far as it lies on one working day.

    ``start`` or ``end`` is ``None`` where the passage is missing. ``from_before``, ``goes_on``: it was cut where the
    working day begins or ends.
    """

    start: float | None
    end: float | None
    from_before: bool = False
    goes_on: bool = False

    @property
    def seconds(self) -> float:
        """How long; 0 where one end is not known."""
        return self.end - self.start if self.start is not None and self.end is not None else 0.0


@dataclass(frozen=True, slots=True)
class AttendanceDay:
    """One person on one working day.

    ``first_in``, ``last_out``: seconds since 1970; ``None`` where there is no such passage on this day. ``missing``:
    ``in``, ``out`` or both, where a stay has no other end and the person is not just ``present``.
    ``clock_trusted``: whether the wall clock could be believed at every passage.
    """

    day: date
    user_id: str
    groups: tuple[str, ...]
    first_in: float | None
    last_out: float | None
    stays: tuple[Stay, ...]
    worked_s: float
    missing: tuple[str, ...]
    present: bool
    clock_trusted: bool


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Days that begin at a local time. ``zone=None``: the system's own time zone, with its daylight saving."""

    starts: time = time(0, 0)
    zone: tzinfo | None = None

    def begins(self, day: date) -> float:
        """Seconds since 1970. A local time that the clocks skip is taken as if they did not."""
        return datetime.combine(day, self.starts, tzinfo=self.zone).timestamp()

    def day_of(self, wall: float) -> date:
        """The working day of a moment."""
        day = self.local(wall).date()
        return day - timedelta(days=1) if wall < self.begins(day) else day

    def local(self, wall: float) -> datetime:
        """Local time with its offset."""
        return datetime.fromtimestamp(wall, self.zone) if self.zone else datetime.fromtimestamp(wall).astimezone()


@dataclass(frozen=True, slots=True)
class _Passage:
    user_id: str
    group_id: str
    comes: bool
    wall: float
    trusted: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """A stay with what the table needs to know of it."""

    stay: Stay
    groups: frozenset[str]
    trusted: bool
    present: bool = False


def attendance(
    events: Iterable[Event], first: date, last: date, *, days: WorkingDays, longest_s: float, now: float
) -> tuple[AttendanceDay, ...]:
    """The table for the working days ``first`` to ``last``, by day and person.

    events: passages in the order in which they happened, also those up to ``longest_s`` before and after the days.
    An in and an out are one stay when the out comes next and within ``longest_s``; a stay across the beginning of a
    working day is cut there. ``now``: seconds since 1970; who came within ``longest_s`` of it may still be inside.
    """
    by_person: dict[str, list[_Passage]] = {}
    for passage in _passages(events):
        by_person.setdefault(passage.user_id, []).append(passage)
    table: dict[tuple[date, str], list[_Part]] = {}
    for user_id, passages in by_person.items():
        for part in _stays(passages, longest_s, now):
            for day, piece in _cut(part, days):
                if first <= day <= last:
                    table.setdefault((day, user_id), []).append(piece)
    return tuple(_row(day, user_id, table[day, user_id]) for day, user_id in sorted(table))


def window(first: date, last: date, *, days: WorkingDays, longest_s: float) -> tuple[float, float]:
    """Wall times between which :func:`attendance` wants the passages of these days."""
    return days.begins(first) - longest_s, days.begins(last + timedelta(days=1)) + longest_s


def _passages(events: Iterable[Event]) -> Iterator[_Passage]:
    for event in events:
        user_id, direction = event.data.get("user_id"), event.data.get("direction")
        if event.kind is EventKind.PASSAGE and isinstance(user_id, str) and direction in ("in", "out"):
            group_id = str(event.data.get("group_id", ""))
            yield _Passage(user_id, group_id, direction == "in", event.wall_at, event.clock_trusted)


def _stays(passages: Sequence[_Passage], longest_s: float, now: float) -> Iterator[_Part]:
    came: _Passage | None = None
    for passage in passages:
        if passage.comes:
            if came:
                yield _part(came, None)
            came = passage
        elif came and 0 <= passage.wall - came.wall <= longest_s:
            yield _part(came, passage)
            came = None
        else:
            if came:
                yield _part(came, None)
            yield _part(None, passage)
            came = None
    if came:
        yield replace(_part(came, None), present=0 <= now - came.wall <= longest_s)


def _part(came: _Passage | None, left: _Passage | None) -> _Part:
    known = [passage for passage in (came, left) if passage]
    return _Part(
        Stay(came.wall if came else None, left.wall if left else None),
        frozenset(passage.group_id for passage in known),
        trusted=all(passage.trusted for passage in known),
    )


def _cut(part: _Part, days: WorkingDays) -> Iterator[tuple[date, _Part]]:
    stay = part.stay
    moment = stay.start if stay.start is not None else stay.end
    assert moment is not None  # noqa: S101 - _part() was given one of them
    day = days.day_of(moment)
    while stay.start is not None and stay.end is not None and stay.end > (border := days.begins(day + timedelta(1))):
        yield day, replace(part, stay=replace(stay, end=border, goes_on=True))
        stay = replace(stay, start=border, from_before=True)
        day += timedelta(days=1)
    yield day, replace(part, stay=stay)


def _row(day: date, user_id: str, parts: Sequence[_Part]) -> AttendanceDay:
    stays = [part.stay for part in parts]
    ins = [stay.start for stay in stays if stay.start is not None and not stay.from_before]
    outs = [stay.end for stay in stays if stay.end is not None and not stay.goes_on]
    missing = []
    if any(stay.start is None for stay in stays):
        missing.append("in")
    if any(part.stay.end is None and not part.present for part in parts):
        missing.append("out")
    return AttendanceDay(
        day=day,
        user_id=user_id,
        groups=tuple(sorted({group for part in parts for group in part.groups if group})),
        first_in=min(ins, default=None),
        last_out=max(outs, default=None),
        stays=tuple(stays),
        worked_s=sum(stay.seconds for stay in stays),
        missing=tuple(missing),
        present=any(part.present for part in parts),
        clock_trusted=all(part.trusted for part in parts),
    )
