"""Sinks that come and go: nothing lost, nothing doubled, nothing out of order, nobody blocked."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from event_samples import HandClock, OpenLog, eventually, hint, opened, seen

from edgeface.events.dispatcher import Dispatcher
from edgeface.events.event import Event, EventKind
from edgeface.events.log import EventLog
from edgeface.events.sinks import Sink, SinkAway


class Collector:
    """A sink that keeps what it gets, and can be away, broken or stuck."""

    def __init__(self, name: str = "collector") -> None:
        self.name = name
        self.got: list[Event] = []
        self.offered = 0
        self.away = False
        self.broken = False
        self.free = threading.Event()
        self.free.set()

    def deliver(self, event: Event) -> None:
        self.offered += 1
        assert self.free.wait(30)
        if self.broken:
            raise ZeroDivisionError
        if self.away:
            raise SinkAway("It is away.")
        self.got.append(event)


@contextmanager
def dispatching(log: EventLog, *sinks: Sink) -> Iterator[Dispatcher]:
    dispatcher = Dispatcher(log, sinks, first_pause_s=0.005, longest_pause_s=0.02)
    try:
        yield dispatcher
    finally:
        for sink in sinks:
            if isinstance(sink, Collector):
                sink.free.set()
        assert dispatcher.stop(20)


def test_everything_is_delivered_in_order(log: EventLog) -> None:
    sink = Collector()
    with dispatching(log, sink):
        made = [log.append(hint(number) if number % 2 else seen()) for number in range(40)]
    assert sink.got == made


def test_a_sink_that_is_away_loses_nothing_and_blocks_nobody(log: EventLog) -> None:
    away, other = Collector("away"), Collector("other")
    away.away = True
    with dispatching(log, away, other) as dispatcher:
        made = [log.append(hint(number) if number % 3 else seen()) for number in range(300)]  # more than its queue
        eventually(lambda: len(other.got) == 300)
        eventually(lambda: away.offered > 3)
        facts = {item.name: item for item in dispatcher.facts()}
        assert facts["away"].away and facts["away"].behind == 300 and facts["away"].failures > 0
        assert not facts["other"].away and facts["other"].delivered == 300
        away.away = False
        eventually(lambda: len(away.got) == 300)
    assert away.got == other.got == made


def test_a_fault_in_a_sink_loses_nothing_either(log: EventLog) -> None:
    sink = Collector()
    sink.broken = True
    with dispatching(log, sink):
        made = [log.append(seen()) for _ in range(3)]
        eventually(lambda: sink.offered > 3)
        sink.broken = False
        eventually(lambda: len(sink.got) == 3)
    assert sink.got == made


def test_a_sink_goes_on_where_it_was_after_a_restart(open_log: OpenLog) -> None:
    log, sink = open_log(), Collector()
    with dispatching(log, sink):
        first = [log.append(seen()) for _ in range(3)]
    missed = [log.append(seen()), log.append(seen())]
    log.close()
    again, reborn = open_log(), Collector()
    with dispatching(again, reborn):
        later = again.append(seen())
    assert sink.got == first and reborn.got == [*missed, later]


def test_a_sink_that_stopped_while_away_gets_it_all_later(open_log: OpenLog) -> None:
    log, sink = open_log(), Collector()
    with dispatching(log, sink) as dispatcher:
        first = log.append(seen())
        eventually(lambda: sink.got == [first])
        sink.away = True
        missed = [log.append(seen()) for _ in range(5)]
        eventually(lambda: dispatcher.facts()[0].away)
    log.close()
    again, reborn = open_log(), Collector()
    with dispatching(again, reborn):
        pass
    assert reborn.got == missed


def test_a_new_sink_begins_with_what_comes_next(log: EventLog) -> None:
    log.append(seen())
    sink = Collector("new")
    with dispatching(log, sink):
        later = log.append(seen())
    assert sink.got == [later]


def test_what_expired_is_skipped_and_what_is_behind_it_comes(log: EventLog, hand_clock: HandClock) -> None:
    sink = Collector()
    sink.away = True
    with dispatching(log, sink) as dispatcher:
        log.append(opened(expires_s=2.0))
        report = log.append(seen())
        fresh = log.append(opened(expires_s=60.0))
        eventually(lambda: sink.offered > 1)
        hand_clock.pass_s(3)
        sink.away = False
        eventually(lambda: len(sink.got) == 2)
        assert dispatcher.facts()[0].skipped == 1
    assert sink.got == [report, fresh]


def test_what_expired_during_a_restart_is_skipped(open_log: OpenLog, hand_clock: HandClock) -> None:
    log, sink = open_log(), Collector()
    sink.away = True
    with dispatching(log, sink):
        log.append(opened(expires_s=2.0))
    log.close()
    hand_clock.boot_id, hand_clock.monotonic = "boot-two", 1.0
    again, reborn = open_log(), Collector()
    with dispatching(again, reborn) as dispatcher:
        eventually(lambda: dispatcher.facts()[0].behind == 0)
    assert reborn.got == []


def test_stopping_delivers_what_is_there_but_waits_for_nobody_who_is_away(log: EventLog) -> None:
    stuck, away = Collector("stuck"), Collector("away")
    stuck.free.clear()
    away.away = True
    dispatcher = Dispatcher(log, [stuck, away], first_pause_s=0.005, longest_pause_s=0.02)
    made = [log.append(seen()) for _ in range(5)]
    eventually(lambda: stuck.offered == 1)
    assert not dispatcher.stop(0.05)  # one is still busy
    stuck.free.set()
    assert dispatcher.stop(20)
    assert stuck.got == made and away.got == []
    assert log.cursor("stuck") == made[-1].sequence and log.cursor("away") == 0


def test_hints_alone_make_a_sinks_place_cost_no_transaction(log: EventLog) -> None:
    sink = Collector()
    with dispatching(log, sink):
        before = log.facts().transactions
        for number in range(50):
            log.append(hint(number))
        eventually(lambda: len(sink.got) == 50)
        assert log.facts().transactions == before


def test_a_damaged_event_reaches_no_sink_as_what_it_was(open_log: OpenLog) -> None:
    log = open_log()
    log.append(opened(expires_s=None))
    log._journal.store._writer.execute("UPDATE events SET sealed = x'00'")
    assert [event.kind for event in log.since(0, 9)] == [EventKind.SYSTEM]


# The sink writes each event to a file of its own, and is away half of the time; the process is killed at random.
_PROCESS = """
import os, sys, random, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from event_samples import KEY, hint, seen
from edgeface.config import EventsConfig
from edgeface.events.dispatcher import Dispatcher
from edgeface.events.log import EventLog
from edgeface.events.sinks import SinkAway
moods = random.Random(int(sys.argv[3]))
class Sink:
    name = "file"
    out = open(Path(sys.argv[1]) / "delivered", "a", buffering=1)
    def deliver(self, event):
        if moods.random() < 0.3:
            raise SinkAway("It is away.")
        self.out.write(f"{event.sequence} {event.event_id}\\n")
log = EventLog.open(Path(sys.argv[1]) / "state", EventsConfig(flush_s=300), key=KEY)
dispatcher = Dispatcher(log, [Sink()], first_pause_s=0.001, longest_pause_s=0.004)
sys.stdout.write("ready\\n"); sys.stdout.flush()
for number in range(int(sys.argv[4])):
    event = log.append(seen(f"u{number}"))
    sys.stdout.write(f"{event.sequence} {event.event_id}\\n"); sys.stdout.flush()
while dispatcher.facts()[0].behind:  # a sink that is away just now would not be waited for
    time.sleep(0.005)
dispatcher.stop(30)
log.close()
"""


def test_kills_lose_no_event_and_repeat_only_what_was_under_way(tmp_path: Path) -> None:
    moments = random.Random(7)
    appended: list[str] = []
    here = str(Path(__file__).parent)
    for run in range(4):
        last = run == 3
        child = subprocess.Popen(
            [sys.executable, "-c", _PROCESS, str(tmp_path), here, str(run), "5" if last else "9999"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        if not last:
            time.sleep(moments.uniform(0.02, 0.3))
            os.kill(child.pid, signal.SIGKILL)
        appended += child.stdout.read().splitlines()
        assert child.wait() == (0 if last else -signal.SIGKILL)
    delivered = (tmp_path / "delivered").read_text().splitlines()
    assert set(appended) <= set(delivered)
    once = list(dict.fromkeys(delivered))  # a receiver tells repetitions by the event id
    order = [int(line.split()[0]) for line in once]
    assert order == sorted(set(order))
    assert len(delivered) - len(once) <= 3 * 256  # at most what was in hand at each of three kills
