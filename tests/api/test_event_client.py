"""The client's pages, tables and following of events."""

from __future__ import annotations

import threading
from datetime import date, datetime
from pathlib import Path

import pytest

from edgeface.client import Client
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.event import Event, EventKind
from tests.api.events_at_socket import eventually, hint, passage, seen
from tests.api.running import Running


def test_the_clients_pages_and_tables(alone: Running) -> None:
    log = alone.services.events
    made = [log.append(new) for new in (passage("ada", "in"), hint(), passage("ada", "out"))]
    with Client(alone.socket) as client:
        page = client.events(made[0].sequence - 1)
        assert list(page.events) == made and page.last == log.last
        assert client.events(kinds=[EventKind.HINT]).events == (made[1],)
        day = datetime.fromtimestamp(made[0].wall_at).date()
        (row,) = client.attendance(day, day)
        assert (row.user_id, row.day, row.first_in) == ("ada", day, made[0].wall_at)
        assert client.attendance_csv(day, day).startswith(b"day,user_id,")
        assert client.erase_events_of_user("ada") == 2
        with pytest.raises(EdgeFaceError) as caught:
            client.attendance(date(2026, 3, 2), date(2026, 3, 1))
        assert caught.value.code is ErrorCode.INVALID_PARAMETER


def test_following_survives_a_lost_connection(alone: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeface.client.event_calls._FIRST_PAUSE_S", 0.02)
    log = alone.services.events
    got: list[Event] = []
    follower = threading.Thread(target=lambda: _collect(alone, got, 60), daemon=True)
    follower.start()
    eventually(lambda: len(log._subscriptions) == 1)
    start = log.last
    for round_ in range(6):
        for _ in range(10):
            log.append(hint() if round_ % 2 else seen())
        _cut_streams(alone)
    follower.join(30)
    expected = log.since(start, 1000)[:60]
    assert tuple(got) == expected


def test_following_begins_where_it_is_told(alone: Running) -> None:
    log = alone.services.events
    made = [log.append(seen()) for _ in range(3)]
    with Client(alone.socket) as client:
        following = client.follow(made[0].sequence - 1, [EventKind.RECOGNISED])
        assert [next(following) for _ in range(3)] == made
        following.close()
    eventually(lambda: log._subscriptions == ())


def test_following_nobody_says_so(short: Path) -> None:
    with Client(short / "none") as client, pytest.raises(EdgeFaceError) as caught:
        next(client.follow())
    assert caught.value.code is ErrorCode.UNREACHABLE


def _collect(daemon: Running, into: list[Event], count: int) -> None:
    with Client(daemon.socket) as client:
        for event in client.follow():
            into.append(event)
            if len(into) == count:
                return


def _cut_streams(daemon: Running) -> None:
    async def cut() -> None:
        for connection in list(daemon.daemon._server._runner.server.connections):
            if connection.transport is not None:
                connection.transport.abort()

    daemon.on_loop(cut())
