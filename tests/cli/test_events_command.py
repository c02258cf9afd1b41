"""``events`` and ``attendance export``: through the daemon, and on a state directory that nobody uses."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from edgeface.config import Config
from edgeface.engine import Engine
from edgeface.events.event import Event, EventKind, NewEvent
from edgeface.events.log import EventLog
from tests.api.running import Running, running
from tests.cli.conftest import Run

_MADE = (
    NewEvent(EventKind.PASSAGE, {"user_id": "ada", "group_id": "staff", "direction": "in"}, "gate"),
    NewEvent(EventKind.HINT, {"hint": "closer"}, "gate"),
    NewEvent(EventKind.REFUSED, {"user_id": "eve", "reason": "no_rule", "reasons": ["yaw", "blur"]}, "gate"),
    NewEvent(EventKind.PASSAGE, {"user_id": "ada", "group_id": "staff", "direction": "out"}, "gate"),
)


@pytest.fixture
def offline(run: Run, config: Config) -> list[Event]:
    """Events in a state directory without a daemon."""
    with (
        Engine.open(config) as engine,
        EventLog.open(config.state_dir, config.events, key=engine.gallery.subkey("events")) as log,
    ):
        return [log.append(new) for new in _MADE]


@pytest.fixture
def daemon(run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    with running() as started:
        monkeypatch.setenv("EDGEFACE_SERVER__SOCKET", str(started.socket))
        yield started


@pytest.fixture
def online(daemon: Running) -> list[Event]:
    return [daemon.services.events.append(new) for new in _MADE]


@pytest.mark.parametrize("where", ["offline", "online"])
def test_events_are_listed(run: Run, request: pytest.FixtureRequest, where: str) -> None:
    made: list[Event] = request.getfixturevalue(where)
    data = run("events", "--json").data
    assert [event["sequence"] for event in data["events"]][-4:] == [event.sequence for event in made]
    assert data["events"][-1]["data"]["user_id"] == "ada" and data["last"] == made[-1].sequence
    later = run("events", "--since", str(made[1].sequence), "--json").data["events"]
    assert [event["kind"] for event in later] == ["refused", "passage"]
    passages = run("events", "--kind", "passage", "--limit", "1", "--json").data["events"]
    assert [event["sequence"] for event in passages] == [made[3].sequence]
    text = run("events")
    assert text.code == 0 and "reasons=yaw,blur" in text.out and text.out.count("\n") == len(data["events"])


@pytest.mark.parametrize("where", ["offline", "online"])
def test_attendance_is_exported(run: Run, request: pytest.FixtureRequest, tmp_path: Path, where: str) -> None:
    made: list[Event] = request.getfixturevalue(where)
    day = datetime.fromtimestamp(made[0].wall_at).date().isoformat()
    out = run("attendance", "export", "--from", day, "--to", day, "--format", "csv").out
    (row,) = csv.DictReader(io.StringIO(out, newline=""))
    assert (row["day"], row["user_id"], row["missing"]) == (day, "ada", "")
    (same,) = json.loads(run("attendance", "export", "--from", day, "--format", "json").out)
    assert same["user_id"] == "ada" and same["first_in"] == made[0].wall_at
    assert run("attendance", "export", "--from", day, "--json").data["days"] == [same]
    file = tmp_path / "march.csv"
    assert run("attendance", "export", "--from", day, "--out", file, "--bom", "--json").data["file"] == str(file)
    assert file.read_bytes().startswith(b"\xef\xbb\xbfday,")


@pytest.mark.parametrize(
    "arguments",
    [
        ("events", "--kind", "nonsense"),
        ("events", "--since", "-1"),
        ("events", "--limit", "0"),
        ("attendance", "export"),
        ("attendance", "export", "--from", "yesterday"),
        ("attendance", "export", "--from", "2026-03-02", "--to", "2026-03-01"),
        ("attendance", "export", "--from", "2026-03-02", "--out", "/dev/null/x"),
        ("attendance",),
    ],
)
def test_wrong_usage(run: Run, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments, "--json")
    assert ran.code == 2 and ran.error["code"] == "invalid_parameter"


def test_only_a_daemon_has_something_to_follow(run: Run) -> None:
    assert run("events", "--follow", "--json").error["code"] == "unreachable"


def test_following_prints_events_as_they_happen(daemon: Running, online: list[Event]) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "edgeface.cli", "--json", "events", "--follow", "--since", str(online[0].sequence)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    envelopes = [json.loads(child.stdout.readline()) for _ in online[1:]]
    assert [item["data"]["event"]["sequence"] for item in envelopes] == [event.sequence for event in online[1:]]
    assert {item["command"] for item in envelopes} == {"events"}
    later = daemon.services.events.append(_MADE[0])
    assert json.loads(child.stdout.readline())["data"]["event"]["event_id"] == later.event_id
    os.kill(child.pid, signal.SIGINT)
    assert child.wait(20) == 130
    child.stdout.close()


def test_erasing_the_gallery_offline_erases_the_events(run: Run, config: Config, offline: list[Event]) -> None:
    assert run("erase", "--yes").code == 0
    assert not list(config.state_dir.glob("events.db*"))
    assert run("events", "--json").data["events"] == []
