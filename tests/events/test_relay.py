"""The relay, with a gpiod that writes a file: which events move it, for how long, and that it always goes off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from event_samples import HandClock, OpenLog, eventually, hint, opened, seen

from edgeface.config import RelayConfig
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.clock import SystemClock
from edgeface.events.dispatcher import Dispatcher
from edgeface.events.event import EventKind, NewEvent
from edgeface.events.relay import RelaySink
from edgeface.events.relay_guard import Pulses
from edgeface.events.sinks import SinkAway

FAKE = Path(__file__).parent / "fake_gpiod"


class Pin:
    """What the stand-in wrote."""

    def __init__(self, file: Path) -> None:
        self.file = file

    @property
    def history(self) -> list[str]:
        return self.file.read_text().splitlines() if self.file.exists() else []

    @property
    def levels(self) -> list[int]:
        return [int(line.partition("=")[2]) for line in self.history if "=" in line]

    @property
    def ons(self) -> int:
        return self.levels.count(1)


@pytest.fixture
def pin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pin:
    file = tmp_path / "gpio"
    monkeypatch.setenv("FAKE_GPIO", str(file))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(FAKE), str(Path.cwd())]))
    return Pin(file)


def config(**more: object) -> RelayConfig:
    return RelayConfig.model_validate({"enabled": True, "pulse_s": 60, **more})


@contextmanager
def relay(clock: HandClock, **more: object) -> Iterator[RelaySink]:
    sink = RelaySink.open(config(**more), clock)
    try:
        yield sink
    finally:
        sink.close()


# --- which events

_ORDERS = {
    "fresh": (opened(), 1),
    "without an expiry of its own": (opened(expires_s=None), 1),
    "recognised": (seen(), 0),
    "passage": (seen(kind=EventKind.PASSAGE), 0),
    "refused": (seen(kind=EventKind.REFUSED), 0),
    "hint": (hint(), 0),
    "system": (NewEvent(EventKind.SYSTEM, {"what": "event_damaged", "kind": "door_opened"}, "log"), 0),
}


@pytest.mark.parametrize("name", _ORDERS)
def test_only_an_opened_door_moves_it(open_log: OpenLog, hand_clock: HandClock, pin: Pin, name: str) -> None:
    new, ons = _ORDERS[name]
    log = open_log()
    with relay(hand_clock) as sink:
        sink.deliver(log.append(new))
        assert pin.ons == ons
    assert pin.levels[-1] == 0


@pytest.mark.parametrize(
    "change",
    [
        {"monotonic": 1002.0, "wall": 2.0},
        {"wall": 10.0},
        {"boot_id": "boot-two"},
    ],
)
def test_a_door_that_was_opened_too_long_ago_stays_shut(
    open_log: OpenLog, hand_clock: HandClock, pin: Pin, change: dict[str, object]
) -> None:
    log = open_log()
    with relay(hand_clock) as sink:
        event = log.append(opened(expires_s=2.0))
        hand_clock.monotonic = float(str(change.get("monotonic", hand_clock.monotonic)))
        hand_clock.wall += float(str(change.get("wall", 0)))
        hand_clock.boot_id = str(change.get("boot_id", hand_clock.boot_id))
        sink.deliver(event)
    assert pin.ons == 0


def test_the_relays_own_limit_holds_whatever_the_event_says(
    open_log: OpenLog, hand_clock: HandClock, pin: Pin
) -> None:
    log = open_log()
    with relay(hand_clock, expires_s=1.0) as sink:
        event = log.append(opened(expires_s=60))
        hand_clock.pass_s(1.5)
        sink.deliver(event)
    assert pin.ons == 0


def test_what_was_appended_before_a_restart_never_moves_it(
    open_log: OpenLog, hand_clock: HandClock, pin: Pin
) -> None:
    """Not even within its two seconds: whoever stood there shows the face again."""
    log = open_log()
    away = relay(hand_clock)
    with away as first:
        dispatcher = Dispatcher(log, [first])
        dispatcher.stop(10)
    log.append(opened(expires_s=2.0))
    log.close()
    hand_clock.pass_s(0.5)
    again = open_log()
    with relay(hand_clock) as sink:
        dispatcher = Dispatcher(again, [sink])
        eventually(lambda: dispatcher.facts()[0].behind == 0)
        assert pin.ons == 0
        hand_clock.pass_s(0.1)
        again.append(opened(expires_s=2.0))
        eventually(lambda: pin.ons == 1)
        dispatcher.stop(10)


def test_the_same_event_moves_it_once(open_log: OpenLog, hand_clock: HandClock, pin: Pin) -> None:
    log = open_log()
    with relay(hand_clock) as sink:
        event = log.append(opened())
        sink.deliver(event)
        sink.deliver(event)
        assert pin.ons == 1


# --- how long


class Switch:
    def __init__(self) -> None:
        self.active = False

    def set(self, *, active: bool) -> None:
        self.active = active


def test_pulses_extend_each_other_and_do_not_add_up() -> None:
    switch = Switch()
    pulses = Pulses(switch)
    pulses.begin(3.0, 100.0)
    assert switch.active and pulses.left_s(100.0) == 3.0
    pulses.begin(3.0, 102.0)
    assert pulses.left_s(102.0) == 3.0
    assert not pulses.end_due(103.0) and switch.active
    pulses.begin(0.5, 103.0)  # a shorter one does not cut the longer one off
    assert not pulses.end_due(104.9) and switch.active
    assert pulses.end_due(105.0) and not switch.active
    assert pulses.left_s(106.0) is None and not pulses.end_due(106.0)


@pytest.mark.parametrize("seconds", [1e9, float("inf")])
def test_no_pulse_is_longer_than_a_minute(seconds: float) -> None:
    pulses = Pulses(Switch())
    pulses.begin(seconds, 0.0)
    assert pulses.left_s(0.0) == 60.0


def test_a_pulse_ends_by_itself(open_log: OpenLog, hand_clock: HandClock, pin: Pin) -> None:
    log = open_log()
    with relay(hand_clock, pulse_s=0.06) as sink:
        sink.deliver(log.append(opened()))
        eventually(lambda: pin.levels[-2:] == [1, 0])
        sink.deliver(log.append(opened()))
        eventually(lambda: pin.levels[-4:] == [1, 0, 1, 0])


def test_a_board_that_switches_on_at_0(open_log: OpenLog, hand_clock: HandClock, pin: Pin) -> None:
    log = open_log()
    with relay(hand_clock, active_low=True) as sink:
        assert pin.levels == [1]
        sink.deliver(log.append(opened()))
        assert pin.levels[-1] == 0
    assert pin.levels[-1] == 1


# --- it always goes off


def test_closing_switches_off_and_gives_the_line_back(open_log: OpenLog, hand_clock: HandClock, pin: Pin) -> None:
    log = open_log()
    with relay(hand_clock) as sink:
        sink.deliver(log.append(opened()))
        assert pin.levels[-1] == 1
        sink.close()
        sink.close()
    assert pin.history[-2:] == ["17=0", "17 released"]
    with pytest.raises(SinkAway):
        sink.deliver(log.append(opened()))


_DOOR = """
import sys, os, signal
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from event_samples import KEY, opened
from edgeface.config import EventsConfig, RelayConfig
from edgeface.events.dispatcher import Dispatcher
from edgeface.events.log import EventLog
from edgeface.events.relay import RelaySink
log = EventLog.open(Path(sys.argv[2]), EventsConfig(), key=KEY)
sink = RelaySink.open(RelayConfig(enabled=True, pulse_s=60), log.clock)
dispatcher = Dispatcher(log, [sink])
log.append(opened(expires_s=30))
print(sink._guard._process.pid, flush=True)
if sys.argv[3] == "exception":
    sys.stdin.read(1)
    raise RuntimeError("a fault in the daemon")
signal.pause()
"""


@pytest.mark.parametrize("end", ["SIGKILL", "SIGTERM", "SIGSEGV", "SIGINT", "exception"])
def test_however_the_daemon_ends_the_relay_goes_off(tmp_path: Path, pin: Pin, end: str) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", _DOOR, str(Path(__file__).parent), str(tmp_path / "state"), end],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdout is not None and child.stdin is not None
    guard = int(child.stdout.readline())
    eventually(lambda: pin.ons == 1)
    if end == "exception":
        child.stdin.write("x")
        child.stdin.close()
    else:
        os.kill(child.pid, getattr(signal, end))
    assert child.wait(20) != 0
    eventually(lambda: pin.history[-2:] == ["17=0", "17 released"])
    eventually(lambda: not Path(f"/proc/{guard}/cmdline").exists() or not Path(f"/proc/{guard}/cmdline").read_bytes())
    child.stdin.close()
    child.stdout.close()


def test_a_guard_that_is_killed_is_started_again_which_switches_off(
    open_log: OpenLog, hand_clock: HandClock, pin: Pin
) -> None:
    log = open_log()
    with relay(hand_clock) as sink:
        sink.deliver(log.append(opened()))
        assert pin.levels[-1] == 1
        killed = sink._guard
        os.kill(killed._process.pid, signal.SIGKILL)
        eventually(lambda: pin.levels[-1] == 0 and sink._guard is not killed and sink.working)
        sink.deliver(log.append(opened()))
        assert pin.levels[-1] == 1
    assert pin.levels[-1] == 0


def test_a_guard_that_does_not_answer_is_not_believed(open_log: OpenLog, hand_clock: HandClock, pin: Pin) -> None:
    log = open_log()
    with relay(hand_clock) as sink:
        stopped = sink._guard
        os.kill(stopped._process.pid, signal.SIGSTOP)
        with pytest.raises(SinkAway):
            sink.deliver(log.append(opened()))
        eventually(lambda: sink._guard is not stopped and sink.working)
        assert pin.levels[-1] == 0


# --- what cannot work is said at the start


@pytest.mark.parametrize(
    ("chip", "path", "words"),
    [
        ("/dev/broken", str(FAKE), "busy"),
        ("/dev/gpiochip0", "", "edgeface[gpio]"),
    ],
)
def test_a_relay_that_cannot_be_had_refuses_to_start(
    hand_clock: HandClock,
    pin: Pin,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    chip: str,
    path: str,
    words: str,
) -> None:
    if not path:  # as where the package is not installed
        hidden = tmp_path / "hidden"
        hidden.mkdir()
        (hidden / "gpiod.py").write_text("raise ImportError")
        path = str(hidden)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([path, str(Path.cwd())]))
    with pytest.raises(EdgeFaceError) as caught:
        RelaySink.open(config(chip=chip), hand_clock)
    assert caught.value.code is ErrorCode.CONFIG_INVALID
    assert words in caught.value.detail


def test_the_real_binding_has_what_the_guard_calls() -> None:
    """Where gpiod is installed: the stand-in must not know more than it."""
    gpiod = pytest.importorskip("gpiod")
    line = pytest.importorskip("gpiod.line")
    settings = gpiod.LineSettings(direction=line.Direction.OUTPUT, active_low=True, output_value=line.Value.INACTIVE)
    assert settings.active_low
    with pytest.raises(OSError):
        gpiod.request_lines("/dev/no-such-chip", consumer="edgeface-relay", config={17: settings})
    assert callable(gpiod.LineRequest.set_value) and callable(gpiod.LineRequest.release)


def test_the_door_opens_on_append(open_log: OpenLog, pin: Pin) -> None:
    """Through the dispatcher and with the machine's clocks, as in the daemon."""
    clock = SystemClock()
    log = open_log(clock=clock)
    sink = RelaySink.open(config(), clock)
    dispatcher = Dispatcher(log, [sink])
    for number in range(20):
        log.append(hint(number))
    log.append(opened(expires_s=2.0))
    eventually(lambda: pin.ons == 1)
    assert dispatcher.stop(10)
    sink.close()
    assert pin.levels[-1] == 0
