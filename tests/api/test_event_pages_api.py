"""Events over the socket: pages, who may see what, erasing."""

from __future__ import annotations

import json

import pytest

from edgeface.engine import Engine
from edgeface.events.event import EventKind
from edgeface.events.log import EventLog
from edgeface.types import Role
from tests.api.events_at_socket import Reader, as_role, hint, numbers, seen
from tests.api.running import Running
from tests.api.wire import ask


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


def test_the_log_is_measured(alone: Running) -> None:
    alone.services.events.append(seen())
    text = ask(alone.socket, "GET", "/metrics").body.decode()
    assert "edgeface_events_written_bytes_total" in text and "edgeface_clock_trusted" in text
    kept = next(line for line in text.splitlines() if line.startswith("edgeface_events_kept "))
    assert float(kept.split()[1]) >= 1
