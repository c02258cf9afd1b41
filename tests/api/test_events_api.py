"""Events and attendance over the socket: pages, the live stream with its replay, tables, erasing."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from edgeface.api import event_stream
from edgeface.api.native import events as event_calls
from edgeface.client import Client
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.event import Event, EventKind, NewEvent
from edgeface.events.log import EventLog
from edgeface.types import Role
from tests.api.running import Running, running
from tests.api.wire import ask, connected


def seen(user_id: str = "ada", kind: EventKind = EventKind.RECOGNISED, **more: Any) -> NewEvent:
    return NewEvent(kind, {"user_id": user_id, "group_id": "staff", "score": 91.5, **more}, "gate")


def hint() -> NewEvent:
    return NewEvent(EventKind.HINT, {"hint": "closer", "track": 3}, "gate")


@pytest.fixture
def alone() -> Iterator[Running]:
    """A daemon of one's own, whose log begins with an event of its own (and what that says of the clock)."""
    with running() as started:
        started.services.events.append(NewEvent(EventKind.SYSTEM, {"what": "test"}, "test"))
        yield started


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


# --- pages


def test_a_page_of_events(alone: Running) -> None:
    log = alone.services.events
    made = [log.append(new) for new in (seen(), hint(), seen("eve", EventKind.DOOR_OPENED))]
    answer = ask(alone.socket, "GET", "/v1/events").json
    first, last = made[0].sequence, made[-1].sequence
    assert answer["last"] == last and answer["oldest"] <= first
    assert answer["events"][-3] == {
        "sequence": first,
        "event_id": made[0].event_id,
        "kind": "recognised",
        "source": "gate",
        "wall_at": made[0].wall_at,
        "clock_trusted": made[0].clock_trusted,
        "monotonic_at": made[0].monotonic_at,
        "boot_id": made[0].boot_id,
        "data": {"user_id": "ada", "group_id": "staff", "score": 91.5},
    }
    assert numbers(ask(alone.socket, "GET", f"/v1/events?since={first}").json) == [first + 1, last]
    assert numbers(ask(alone.socket, "GET", f"/v1/events?since={first - 1}&limit=2").json) == [first, first + 1]
    chosen = ask(alone.socket, "GET", "/v1/events?kinds=hint,door_opened").json
    assert [item["kind"] for item in chosen["events"]] == ["hint", "door_opened"]
    assert ask(alone.socket, "GET", f"/v1/events?since={last}").json["events"] == []


@pytest.mark.parametrize(
    "query",
    ["since=-1", "since=x", "limit=0", "limit=1001", "kinds=", "kinds=hint,nonsense", "since=1&since=2", "unknown=1"],
)
@pytest.mark.parametrize("path", ["/v1/events", "/v1/events/stream"])
def test_wrong_parameters_are_named(daemon: Running, path: str, query: str) -> None:
    answer = ask(daemon.socket, "GET", f"{path}?{query}")
    assert answer.status == 400 and answer.code == "invalid_parameter"


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 17])
def test_a_wrong_last_event_id_is_named(daemon: Running, last: str) -> None:
    answer = ask(daemon.socket, "GET", "/v1/events/stream", headers={"Last-Event-ID": last})
    assert answer.code == "invalid_parameter" and answer.json["error"]["details"]["parameter"] == "Last-Event-ID"


# --- roles


def test_an_observer_learns_what_happened_but_not_who_it_was(alone: Running) -> None:
    made = alone.services.events.append(seen("ada", EventKind.REFUSED, reason="no_rule", door="north"))
    since = made.sequence - 1
    with as_role(alone, Role.OBSERVER):
        (event,) = ask(alone.socket, "GET", f"/v1/events?since={since}").json["events"]
        assert event["data"] == {"reason": "no_rule", "door": "north"} and event["kind"] == "refused"
        with Reader(alone.socket, last=since) as reader:
            reader.block()
            shown = json.loads(reader.block()["data"])
            assert shown["data"] == {"reason": "no_rule", "door": "north"}
    with as_role(alone, Role.MATCHER):
        (event,) = ask(alone.socket, "GET", f"/v1/events?since={since}").json["events"]
        assert event["data"]["user_id"] == "ada"


@pytest.mark.parametrize("role", [Role.OBSERVER, Role.MATCHER])
def test_lists_of_who_was_there_are_for_admins(daemon: Running, role: Role) -> None:
    with as_role(daemon, role):
        for method, path in (
            ("GET", "/v1/attendance?from=2026-03-02&to=2026-03-02"),
            ("GET", "/v1/attendance.csv?from=2026-03-02&to=2026-03-02"),
            ("DELETE", "/v1/events/users/ada"),
        ):
            assert ask(daemon.socket, method, path).code == "forbidden"


# --- the stream


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


# --- attendance


def passage(user_id: str, direction: str) -> NewEvent:
    return seen(user_id, EventKind.PASSAGE, direction=direction)


def test_attendance_as_json_and_csv(alone: Running) -> None:
    log = alone.services.events
    came, left = log.append(passage("ada", "in")), log.append(passage("ada", "out"))
    log.append(passage("eve", "in"))
    day = datetime.fromtimestamp(came.wall_at).date().isoformat()
    ada, eve = ask(alone.socket, "GET", f"/v1/attendance?from={day}&to={day}").json["days"]
    assert (ada["day"], ada["user_id"], ada["groups"], ada["missing"]) == (day, "ada", ["staff"], [])
    assert (ada["first_in"], ada["last_out"]) == (came.wall_at, left.wall_at)
    assert datetime.fromisoformat(ada["first_in_local"]).timestamp() == int(came.wall_at)
    assert eve["present"] and "last_out" not in eve
    answer = ask(alone.socket, "GET", f"/v1/attendance.csv?from={day}&to={day}&bom=true")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert f"attendance-{day}-{day}.csv" in answer.headers["content-disposition"]
    lines = answer.body.decode("utf-8-sig").split("\r\n")
    assert answer.body.startswith(b"\xef\xbb\xbf") and lines[1].startswith(f"{day},ada,staff,")
    assert ask(alone.socket, "GET", "/v1/attendance?from=2001-01-01&to=2001-12-31").json["days"] == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "from=2026-03-02",
        "from=2026-03-02&to=2026-03-01",
        "from=2026-03-02&to=2027-03-03",
        "from=yesterday&to=2026-03-01",
        "from=0001-01-01&to=0001-01-01",
        "from=9999-12-31&to=9999-12-31",
    ],
)
@pytest.mark.parametrize("path", ["/v1/attendance", "/v1/attendance.csv"])
def test_wrong_days_are_named(daemon: Running, path: str, query: str) -> None:
    answer = ask(daemon.socket, "GET", f"{path}?{query}")
    assert answer.status == 400 and answer.code == "invalid_parameter"


# --- erasing


def test_events_of_a_user_are_erased(alone: Running) -> None:
    log = alone.services.events
    log.append(seen("ada"))
    log.append(seen("eve"))
    assert ask(alone.socket, "DELETE", "/v1/events/users/ada").json == {"events": 1}
    assert "ada" not in str([event.data for event in log.since(0, 99)])
    assert ask(alone.socket, "DELETE", "/v1/events/users/ada").json == {"events": 0}
    assert ask(alone.socket, "DELETE", "/v1/events/users/no%20id").code == "invalid_id"


def test_erasing_everything_erases_the_events_and_the_daemon_goes_on(alone: Running, portrait: bytes) -> None:
    log = alone.services.events
    log.append(seen("ada"))
    last = log.last
    assert ask(alone.socket, "POST", "/v1/gallery/erase", {"confirm": "erase"}).status == 200
    (event,) = log.since(0, 99)
    assert event.data["what"] == "log_erased" and event.sequence > last
    log.append(seen("eve"))
    alone.stop()
    # The key is the new gallery's: the next start opens what was written since.
    with (
        Engine.open(alone.config) as engine,
        EventLog.open(alone.config.state_dir, alone.config.events, key=engine.gallery.subkey("events")) as again,
    ):
        assert again.since(0, 99)[-1].data["user_id"] == "eve" and again.facts().set_aside == 0


# --- the client


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


def test_the_log_is_measured(alone: Running) -> None:
    alone.services.events.append(seen())
    text = ask(alone.socket, "GET", "/metrics").body.decode()
    assert "edgeface_events_written_bytes_total" in text and "edgeface_clock_trusted" in text
    kept = next(line for line in text.splitlines() if line.startswith("edgeface_events_kept "))
    assert float(kept.split()[1]) >= 1


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


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.005)
