"""The live stream of events over the socket, with its replay."""

from __future__ import annotations

import json
import threading

import pytest

from edgeface.api import event_stream
from edgeface.api.native import events as event_calls
from edgeface.events.event import EventKind, NewEvent
from tests.api.events_at_socket import Reader, eventually, hint, seen
from tests.api.running import Running, running
from tests.api.wire import ask


def test_the_stream_is_live_and_carries_hints(alone: Running) -> None:
    log = alone.services.events
    log.append(seen())
    with Reader(alone.socket) as reader:
        assert reader.response.status == 200
        assert reader.response.getheader("Content-Type") == "text/event-stream; charset=utf-8"
        begin = reader.block()
        assert begin == {"retry": "2000", "id": str(log.last)}
        for new in (seen("eve"), hint()):
            made = log.append(new)
            block = reader.block()
            assert (block["id"], block["event"]) == (str(made.sequence), made.kind.value)
            assert json.loads(block["data"])["event_id"] == made.event_id


def test_the_stream_replays_and_goes_on(alone: Running) -> None:
    log = alone.services.events
    for _ in range(250):  # more than one batch of the replay
        log.append(hint())
    for target, last in (("/v1/events/stream?since=3", None), ("/v1/events/stream?since=200", 3)):
        with Reader(alone.socket, target, last) as reader:
            expected = [event.sequence for event in log.since(3, 1000)]
            assert [reader.number() for _ in expected] == expected
            later = log.append(seen()).sequence
            assert reader.number() == later


def test_kinds_select_in_replay_and_live(alone: Running) -> None:
    log = alone.services.events
    wanted = [log.append(seen() if number % 3 == 0 else hint()).sequence for number in range(30)][::3]
    with Reader(alone.socket, "/v1/events/stream?since=0&kinds=recognised") as reader:
        assert [reader.number() for _ in wanted] == wanted
        log.append(hint())
        later = log.append(seen()).sequence
        assert reader.number() == later


def test_dropped_connections_leave_no_gap_and_no_double(alone: Running) -> None:
    log = alone.services.events
    total = 400
    start = log.append(seen()).sequence
    writer = threading.Thread(target=lambda: [log.append(hint() if n % 4 else seen()) for n in range(total)])
    writer.start()
    got: list[int] = []
    last = start
    while len(got) < total:
        with Reader(alone.socket, last=last) as reader:
            for _ in range(min(37, total - len(got))):
                last = reader.number()
                got.append(last)
    writer.join()
    assert got == [event.sequence for event in log.since(start, 1000)]


def test_a_number_from_another_life_of_the_device_is_told_and_not_waited_for(alone: Running) -> None:
    log = alone.services.events
    log.append(seen())
    with Reader(alone.socket, last=10**9) as reader:
        assert reader.block()["id"] == str(log.last)
        assert reader.block()["event"] == "lagged"
        made = log.append(seen())
        assert reader.number() == made.sequence


def test_a_reader_that_lags_is_told_and_gets_everything(alone: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    log = alone.services.events
    with Reader(alone.socket) as reader:
        reader.block()
        start = log.last
        # The event loop is held up, so that the stream's queue (256) runs over.
        free = threading.Event()
        alone.loop.call_soon_threadsafe(free.wait, 30)
        for _ in range(300):
            log.append(hint())
        free.set()
        blocks = [reader.block() for _ in range(301)]
        told = [block for block in blocks if block["event"] == "lagged"]
        assert len(told) == 1 and json.loads(told[0]["data"]) == {"after": start}
        got = [int(block["id"]) for block in blocks if "id" in block]
        assert got == [event.sequence for event in log.since(start, 1000)]


def test_silence_is_broken_by_comments(alone: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "KEEP_ALIVE_S", 0.02)
    with Reader(alone.socket) as reader:
        reader.block()
        assert reader.response.readline() == b":\n"
        assert reader.response.readline() == b"\n"
        assert reader.response.readline() == b":\n"
    # Nothing but the streams' own end takes them off the log.
    eventually(lambda: alone.services.events._subscriptions == ())


def test_a_reader_that_takes_nothing_is_disconnected(alone: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "WRITE_S", 0.05)
    log = alone.services.events
    bulky = NewEvent(EventKind.HINT, {"text": "x" * 10_000}, "gate")
    with Reader(alone.socket):
        eventually(lambda: len(log._subscriptions) == 1)
        for _ in range(200):
            log.append(bulky)
        eventually(lambda: log._subscriptions == ())


def test_streams_are_bounded_and_a_place_becomes_free(alone: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_calls, "MOST_STREAMS", 2)
    first, second = Reader(alone.socket), Reader(alone.socket)
    answer = ask(alone.socket, "GET", "/v1/events/stream")
    assert answer.status == 503 and answer.code == "busy"
    first.close()

    def again() -> bool:
        with Reader(alone.socket) as reader:
            return reader.response.status == 200

    eventually(again)
    second.close()


def test_streams_hold_up_no_call_and_end_with_the_daemon() -> None:
    with running(workers=1, queue=0, deadline_s=1) as daemon:
        daemon.services.events.append(seen())
        readers = [Reader(daemon.socket) for _ in range(5)]
        for reader in readers:
            reader.block()
        assert ask(daemon.socket, "GET", "/v1/groups").status == 200
        made = daemon.services.events.append(seen())
        daemon.stop()
        for reader in readers:
            assert reader.number() == made.sequence
            assert reader.block() == {}
            assert reader.response.isclosed()  # ended as HTTP ends a body, not cut off
            reader.close()
