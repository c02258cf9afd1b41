"""The client's calls on events and attendance."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from edgeface.client import reading
from edgeface.client.event_stream import Block, blocks
from edgeface.client.transport import Transport, failure_of
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.attendance import AttendanceDay
from edgeface.events.event import Event, EventKind

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0
_PATIENCE_S = 45.0
"""Seconds without a sign of life after which a stream is taken for lost; the daemon sends one every 15."""
_GONE = frozenset({ErrorCode.UNREACHABLE, ErrorCode.DEADLINE, ErrorCode.BUSY, ErrorCode.SHUTTING_DOWN})


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events, oldest first. ``oldest``: the lowest number that is kept; ``last``: the highest ever handed out."""

    events: tuple[Event, ...]
    oldest: int
    last: int


class EventCalls(ABC):
    """A part of :class:`~edgeface.client.client.Client`; not for use by itself."""

    socket: Path

    def events(self, since: int = 0, limit: int = 100, kinds: Collection[EventKind] | None = None) -> EventPage:
        """Events after a sequence number. An observer gets them without people and scores."""
        query = urlencode({"since": since, "limit": limit, **_kinds(kinds)})
        data = self._get(f"/v1/events?{query}")
        return EventPage(tuple(reading.event(item) for item in data["events"]), data["oldest"], data["last"])

    def follow(self, since: int | None = None, kinds: Collection[EventKind] | None = None) -> Iterator[Event]:
        """Events as they happen, for as long as they are asked for; with ``since``, first those after that number.

        A lost connection is made again where it was: no event is missing and none comes twice. Raises like every
        call when the first connection cannot be made, later only what no waiting mends (``FORBIDDEN``).
        """
        position, pause = since, _FIRST_PAUSE_S
        begun = False
        with closing(Transport(self.socket, _PATIENCE_S)) as transport:
            while True:
                try:
                    for block in _blocks(transport, position, kinds):
                        begun, pause = True, _FIRST_PAUSE_S
                        # Also before the first event: what comes while a connection is lost must not be missed.
                        position = position if block.id is None else block.id
                        if block.id is not None and block.data:
                            yield reading.event(json.loads(block.data))
                except EdgeFaceError as error:
                    if not begun or error.code not in _GONE:
                        raise
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)

    def attendance(self, first: date, last: date) -> tuple[AttendanceDay, ...]:
        """Who was there on these working days, by day and person."""
        query = urlencode({"from": first.isoformat(), "to": last.isoformat()})
        return tuple(reading.attendance_day(item) for item in self._get(f"/v1/attendance?{query}")["days"])

    def attendance_csv(self, first: date, last: date, *, bom: bool = False) -> bytes:
        """The same as a CSV file; ``bom``: with the byte order mark by which Excel knows UTF-8."""
        query = urlencode({"from": first.isoformat(), "to": last.isoformat(), "bom": str(bom).lower()})
        return self._bytes("GET", f"/v1/attendance.csv?{query}")

    def erase_events_of_user(self, user_id: str) -> int:
        """Erase every event that names a user; returns how many they were."""
        return int(self._delete(f"/v1/events/users/{quote(user_id, safe='')}")["events"])

    @abstractmethod
    def _get(self, path: str) -> dict[str, Any]: ...

    @abstractmethod
    def _delete(self, path: str) -> dict[str, Any]: ...

    @abstractmethod
    def _bytes(self, method: str, path: str) -> bytes: ...


def _blocks(transport: Transport, after: int | None, kinds: Collection[EventKind] | None) -> Iterator[Block]:
    query = urlencode(_kinds(kinds))
    path = f"/v1/events/stream?{query}" if query else "/v1/events/stream"
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    with transport.exchange("GET", path, None, headers) as response:
        if response.status != 200:
            raise failure_of(response.status, response.read())
        yield from blocks(response)


def _kinds(kinds: Collection[EventKind] | None) -> dict[str, str]:
    return {} if kinds is None else {"kinds": ",".join(kind.value for kind in kinds)}
