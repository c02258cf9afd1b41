"""Hands events to sinks: a thread and a durable place in the log for each, so that none waits for another."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.event import Event, EventKind
from edgeface.events.log import EventLog
from edgeface.events.sinks import Sink, SinkAway
from edgeface.events.subscription import Subscription

_BATCH = 100
_QUEUE = 256
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 60.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SinkFacts:
    """How a sink is. ``position``: the number of the last event that is done with; ``behind``: how many may follow.

    ``skipped``: expired before the sink could take them. ``failures``: refused offers.
    """

    name: str
    away: bool
    position: int
    behind: int
    delivered: int
    skipped: int
    failures: int


class Dispatcher:
    """Delivers from its making until :meth:`stop`.

    In order, at least once, nothing lost while a sink is away (as long as the log keeps it): what a sink has not
    taken is read from the log again. A sink that was never seen before begins with what comes next.
    """

    def __init__(
        self,
        events: EventLog,
        sinks: Iterable[Sink],
        *,
        first_pause_s: float = _FIRST_PAUSE_S,
        longest_pause_s: float = _LONGEST_PAUSE_S,
    ) -> None:
        self._lanes = [_Lane(events, sink, first_pause_s, longest_pause_s) for sink in sinks]
        for lane in self._lanes:
            lane.start()

    def facts(self) -> Sequence[SinkFacts]:
        """For metrics and health."""
        return [lane.facts() for lane in self._lanes]

    def stop(self, timeout_s: float) -> bool:
        """Deliver what has been appended, then end; ``False`` when a sink is still busy after ``timeout_s``.

        A sink that is away is not waited for: its place is kept.
        """
        until = time.monotonic() + timeout_s
        for lane in self._lanes:
            lane.finish()
        return all([lane.ended(max(0.0, until - time.monotonic())) for lane in self._lanes])


class _Lane:
    def __init__(self, events: EventLog, sink: Sink, first_pause_s: float, longest_pause_s: float) -> None:
        self._log = events
        self._sink = sink
        self._first_pause_s = first_pause_s
        self._longest_pause_s = longest_pause_s
        self._stopping = threading.Event()
        # Subscribed before the place is read: nothing can fall between the two.
        self._news: Subscription = events.subscribe(_QUEUE)
        known = events.cursor(sink.name)
        self._position = events.last if known is None else known
        if known is None:
            events.move_cursor(sink.name, self._position, now=True)
        self._away = False
        self._delivered = self._skipped = self._failures = 0
        self._thread = threading.Thread(target=self._run, name=f"sink-{sink.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> None:
        self._stopping.set()
        self._news.close()

    def ended(self, timeout_s: float) -> bool:
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def facts(self) -> SinkFacts:
        behind = max(0, self._log.last - self._position)
        return SinkFacts(
            self._sink.name, self._away, self._position, behind, self._delivered, self._skipped, self._failures
        )

    def _run(self) -> None:
        pause = self._first_pause_s
        while True:
            try:
                self._follow()
                return
            except EdgeFaceError as error:
                if error.code is ErrorCode.SHUTTING_DOWN:
                    return  # the log was closed before its readers; the place is kept
                log.warning(
                    "sink cannot read the log", extra={"fields": {"sink": self._sink.name, "error": error.code.code}}
                )
            if self._stopping.wait(pause):
                return
            pause = min(pause * 2, self._longest_pause_s)

    def _follow(self) -> None:
        going = self._replay()
        while going:
            news = self._news.take()
            if news.lagged:
                going = self._replay()
            going = going and self._hand_out(news.events)
            if news.ended:
                if going:  # what was appended while the queue was being closed is in the log
                    self._replay()
                return

    def _replay(self) -> bool:
        while events := self._log.since(self._position, _BATCH):
            if not self._hand_out(events):
                return False
        return True

    def _hand_out(self, events: Sequence[Event]) -> bool:
        """Deliver in order; ``False``: the lane is to end before all was delivered."""
        told = False
        done = True
        before = self._position
        for event in events:
            if event.sequence <= self._position:
                continue  # came in the queue and from the log
            done = self._deliver(event)
            if not done:
                break
            self._position = event.sequence
            told = told or event.kind is not EventKind.HINT
        if self._position != before:
            self._note(now=told)
        return done

    def _note(self, *, now: bool) -> None:
        try:
            self._log.move_cursor(self._sink.name, self._position, now=now)
        except EdgeFaceError as error:
            if error.code is ErrorCode.SHUTTING_DOWN:
                raise
            # Written with the next transaction that succeeds; after a crash before that, events come twice.

    def _deliver(self, event: Event) -> bool:
        pause = self._first_pause_s
        while not event.expired(self._log.clock.now()):
            try:
                self._sink.deliver(event)
            except SinkAway as error:
                self._failed(error.reason)
            except Exception:
                # A fault in the sink loses nothing either: somebody may mend what it stumbled over.
                if not self._away:
                    log.exception("sink failed", extra={"fields": {"sink": self._sink.name}})
                self._failed("internal error")
            else:
                self._delivered += 1
                self._back()
                return True
            if self._stopping.wait(pause):
                return False
            pause = min(pause * 2, self._longest_pause_s)
        self._skipped += 1
        return True

    def _failed(self, reason: str) -> None:
        self._failures += 1
        if not self._away:
            self._away = True
            log.warning("sink away", extra={"fields": {"sink": self._sink.name, "reason": reason}})

    def _back(self) -> None:
        if self._away:
            self._away = False
            log.info("sink back", extra={"fields": {"sink": self._sink.name}})
