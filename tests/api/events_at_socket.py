"""What the tests of events over the socket share: events to write, a raw reader of the stream, roles."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgeface.events.event import EventKind, NewEvent
from edgeface.types import Role
from tests.api.running import Running
from tests.api.wire import connected


def seen(user_id: str = "ada", kind: EventKind = EventKind.RECOGNISED, **more: Any) -> NewEvent:
    return NewEvent(kind, {"user_id": user_id, "group_id": "staff", "score": 91.5, **more}, "gate")


def hint() -> NewEvent:
    return NewEvent(EventKind.HINT, {"hint": "closer", "track": 3}, "gate")


def passage(user_id: str, direction: str) -> NewEvent:
    return seen(user_id, EventKind.PASSAGE, direction=direction)


@contextmanager
def as_role(daemon: Running, role: Role) -> Iterator[None]:
    roles = daemon.daemon._server._connections.roles
    roles.role = lambda uid, groups: role
    try:
        yield
    finally:
        del roles.role


class Reader:
    """A raw reader of the stream."""

    def __init__(self, path: Path, target: str = "/v1/events/stream", last: int | None = None) -> None:
        self.sock = connected(path)
        head = f"GET {target} HTTP/1.1\r\nHost: localhost\r\n"
        head += "" if last is None else f"Last-Event-ID: {last}\r\n"
        self.sock.sendall(head.encode() + b"\r\n")
        self.response = http.client.HTTPResponse(self.sock)
        self.response.begin()

    def block(self) -> dict[str, str]:
        """The next block; empty at the end of the stream."""
        found: dict[str, str] = {}
        while line := self.response.readline():
            text = line.decode().rstrip("\n")
            if not text:
                return found
            name, _, value = text.partition(":")
            found[name] = value.strip()
        return found

    def number(self) -> int:
        """The sequence number of the next event."""
        while (block := self.block()) and "data" not in block:
            continue
        return int(block["id"])

    def close(self) -> None:
        self.response.close()
        self.sock.close()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def numbers(answer: Any) -> list[int]:
    return [item["sequence"] for item in answer["events"]]


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.005)
