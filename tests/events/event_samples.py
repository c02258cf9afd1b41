"""A clock that tests set by hand, and events."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from edgeface.events.event import Event, EventKind, NewEvent
from edgeface.events.log import EventLog
from edgeface.events.moment import Moment

OpenLog = Callable[..., EventLog]

KEY = bytes(range(32))
NOON = 1_767_268_800.0  # 2026-01-01 12:00 UTC


class HandClock:
    def __init__(self) -> None:
        self.wall = NOON
        self.monotonic = 1000.0
        self.boot_id = "boot-one"
        self.trusted = True

    def now(self) -> Moment:
        return Moment(self.wall, self.monotonic, self.boot_id, self.trusted, "network" if self.trusted else "none")

    def pass_s(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds


def seen(user_id: str = "ada", kind: EventKind = EventKind.RECOGNISED, **more: Any) -> NewEvent:
    return NewEvent(kind, {"user_id": user_id, "group_id": "staff", "score": 91.5, **more}, "gate")


def hint(number: int = 0) -> NewEvent:
    return NewEvent(EventKind.HINT, {"hint": "closer", "track": number}, "gate")


def opened(user_id: str = "ada", expires_s: float | None = 2.0) -> NewEvent:
    return NewEvent(EventKind.DOOR_OPENED, {"user_id": user_id, "door": "door"}, "door", expires_s=expires_s)


def numbers(events: tuple[Event, ...] | list[Event]) -> list[int]:
    return [event.sequence for event in events]


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for another thread or process; fails when it never comes to that."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.005)
