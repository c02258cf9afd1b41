"""A terminal that is disturbed for as long as asked: its camera process is killed, its sink goes away and comes back.

Afterwards everything is counted: events that the live loop says it wrote, events in the log, events that the sink
took. ``tests/live/test_soak.py`` runs it for seconds, ``python -m benchmarks --only soak --minutes 60`` for an hour.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from edgeface.api.metrics import resident_bytes
from edgeface.capture.camera import CameraState, OnChange
from edgeface.capture.process import CameraProcess
from edgeface.engine import Engine
from edgeface.events.dispatcher import Dispatcher
from edgeface.events.event import Event
from edgeface.events.log import EventLog
from edgeface.events.sinks import SinkAway
from edgeface.live.terminal import Terminal
from edgeface.telemetry import NoTelemetry

_PAGE = 1000
_CATCH_UP_S = 30.0
_OWN_SOURCES = frozenset({"clock", "log"})  # what the log says of itself


class MoodySink:
    """Takes events, unless it is away; remembers the numbers of those it took."""

    name = "moody"

    def __init__(self) -> None:
        self.away = threading.Event()
        self.taken: list[int] = []

    def deliver(self, event: Event) -> None:
        if self.away.is_set():
            raise SinkAway("It is away.")
        self.taken.append(event.sequence)


@dataclass(frozen=True)
class SoakReport:
    """What became of it. Memory in bytes, of this process; ``rest_bytes`` once it had warmed up."""

    seconds: float
    frames: int
    looked_at: int
    kills: int
    restarts: int
    sink_absences: int
    written: dict[str, int]
    logged: dict[str, int]
    unwritten: int
    delivered: int
    missing: int
    doubled: int
    in_order: bool
    rest_bytes: int
    end_bytes: int
    disk_bytes: int
    transactions: int


def soak(
    engine: Engine,
    events: EventLog,
    *,
    done: Callable[[float, int], bool],
    warm: Callable[[float, int], bool],
    disturb_every_s: float,
    seed: int = 7,
) -> SoakReport:
    """Run the configured camera until ``done(seconds, frames)``; memory is first read once ``warm(...)``."""
    chance = random.Random(seed)
    sink = MoodySink()
    first = events.last
    dispatcher = Dispatcher(events, [sink], first_pause_s=0.02, longest_pause_s=0.5)
    cameras: list[CameraProcess] = []

    def make(on_change: OnChange) -> CameraProcess:
        cameras.append(CameraProcess(engine.config.camera, on_change))
        return cameras[0]

    terminal = Terminal(engine, make, events, telemetry=NoTelemetry())
    began = time.monotonic()
    kills = absences = rest = 0
    next_at = disturb_every_s
    terminal.start()
    while not done(seconds := time.monotonic() - began, terminal.loop.frames):
        time.sleep(0.05)
        if not rest and warm(seconds, terminal.loop.frames):
            rest = resident_bytes()
        if seconds < next_at:
            continue
        next_at = seconds + disturb_every_s * chance.uniform(0.5, 1.5)
        if chance.random() < 0.5:
            absences += not sink.away.is_set()
            sink.away.clear() if sink.away.is_set() else sink.away.set()
        elif cameras[0].state is CameraState.RUNNING and (pid := cameras[0].pid) is not None:
            kills += 1
            os.kill(pid, signal.SIGKILL)
    terminal.stop()
    end = resident_bytes()
    sink.away.clear()
    # A sink that is away at the end is not waited for, its place is kept: so let it catch up first.
    caught_up = time.monotonic() + _CATCH_UP_S
    while any(facts.behind for facts in dispatcher.facts()) and time.monotonic() < caught_up:
        time.sleep(0.05)
    dispatcher.stop(_CATCH_UP_S)
    logged = _logged(events, first)
    numbers = [event.sequence for event in logged]
    facts = events.facts()
    written = {kind: count for kind, count in terminal.loop.told.items() if kind != "unwritten"}
    return SoakReport(
        seconds=time.monotonic() - began,
        frames=terminal.loop.frames,
        looked_at=terminal.loop.looked_at,
        kills=kills,
        restarts=cameras[0].facts.restarts,
        sink_absences=absences,
        written=dict(sorted(written.items())),
        logged=dict(sorted(Counter(e.kind.value for e in logged if e.source not in _OWN_SOURCES).items())),
        unwritten=terminal.loop.told["unwritten"],
        delivered=len(sink.taken),
        missing=len(set(numbers) - set(sink.taken)),
        doubled=len(sink.taken) - len(set(sink.taken)),
        in_order=sink.taken == sorted(sink.taken),
        rest_bytes=rest,
        end_bytes=end,
        disk_bytes=facts.bytes_written,
        transactions=facts.transactions,
    )


def _logged(events: EventLog, after: int) -> list[Event]:
    found: list[Event] = []
    while page := events.since(after, _PAGE):
        found += page
        after = page[-1].sequence
    return found
