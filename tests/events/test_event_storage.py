"""Storage that is full, and a process that is killed while it writes."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from event_samples import OpenLog, hint, numbers, seen

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.event import EventKind, NewEvent


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def large(number: int) -> NewEvent:
    return NewEvent(EventKind.REFUSED, {"user_id": f"u{number}", "text": "x" * 2000}, "gate")


def test_full_disk_refuses_events_and_keeps_every_acknowledged_one(open_log: OpenLog, small_disk: Path) -> None:
    log = open_log(small_disk / "state")
    told: list[int] = []
    with log.subscribe(10_000) as news:
        with pytest.raises(EdgeFaceError) as caught:
            for number in range(3000):
                told.append(log.append(large(number)).sequence)
        assert caught.value.code is ErrorCode.STORAGE_FULL
        assert len(told) > 50
        assert numbers(news.take(0).events) == told  # nobody was told of what was not written
    assert numbers(log.since(0, 5000)) == told
    log.close()
    again = open_log(small_disk / "state")
    assert numbers(again.since(0, 5000)) == told


def test_full_disk_that_gets_space_again(open_log: OpenLog, small_disk: Path) -> None:
    log = open_log(small_disk / "state")
    first = log.append(seen())
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as handle, pytest.raises(OSError, match="No space"):
        while True:
            handle.write(bytes(4096))
    with pytest.raises(EdgeFaceError):
        for number in range(200):
            log.append(large(number))
    kept = numbers(log.since(0, 500))
    ballast.unlink()
    after = log.append(seen())
    assert kept[0] == first.sequence
    assert numbers(log.since(0, 500)) == [*kept, after.sequence]
    assert after.sequence > kept[-1]


def test_on_a_full_disk_memory_stays_bounded(open_log: OpenLog, small_disk: Path) -> None:
    log = open_log(small_disk / "state")
    with pytest.raises(EdgeFaceError):
        for number in range(3000):
            log.append(large(number))
    for number in range(900):  # a number block lasts 1000
        log.append(hint(number))
    facts = log.facts()
    assert facts.pending <= 257
    assert facts.hints_dropped + facts.pending + facts.hints >= 900


# What is acknowledged goes to the pipe only after append() came back. Hints are acknowledged too, but may be lost.
_WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from event_samples import KEY, hint, seen
from edgeface.config import EventsConfig
from edgeface.events.log import EventLog
log = EventLog.open(Path(sys.argv[1]), EventsConfig(flush_s=0.02), key=KEY)
sys.stdout.write("ready\\n"); sys.stdout.flush()
for number in range(100000):
    event = log.append(hint(number) if number % 3 else seen(f"u{number}"))
    sys.stdout.write(f"{event.kind.value} {event.sequence} {event.event_id}\\n"); sys.stdout.flush()
"""


@pytest.mark.parametrize("seed", range(2))
def test_kill_while_appending_loses_no_decision_and_doubles_no_number(
    open_log: OpenLog, tmp_path: Path, seed: int
) -> None:
    moments = random.Random(seed)
    handed_out: list[int] = []
    decided: dict[int, str] = {}
    for _ in range(2):
        child = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(tmp_path / "state"), str(Path(__file__).parent)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(moments.uniform(0.0, 0.2))
        os.kill(child.pid, signal.SIGKILL)
        for line in child.stdout.read().splitlines():
            kind, number, event_id = line.split()
            handed_out.append(int(number))
            if kind != "hint":
                decided[int(number)] = event_id
        assert child.wait() == -signal.SIGKILL
    assert handed_out == sorted(set(handed_out))
    log = open_log()
    found = log.since(0, 100_000)
    assert numbers(found) == sorted(set(numbers(found)))
    kept = {event.sequence: event.event_id for event in found}
    assert all(kept.get(number) == event_id for number, event_id in decided.items())
    assert log.append(seen()).sequence > max([*handed_out, 0])
    assert log.facts().set_aside == 0
