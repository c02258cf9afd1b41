"""The event log: what was appended is on the disk, in order, under a number that nothing else ever gets."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from edgeface.config import EventsConfig
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events import erasing, files, rows
from edgeface.events.clock import SystemClock
from edgeface.events.drafting import Drafting
from edgeface.events.event import Event, EventKind, NewEvent
from edgeface.events.journal import Journal, Statement
from edgeface.events.keeper import Keeper
from edgeface.events.log_facts import LogFacts
from edgeface.events.moment import Clock
from edgeface.events.rows import SealedEvent
from edgeface.events.sequence import Numbers
from edgeface.events.subscription import Subscription
from edgeface.storage.failures import Damaged

T = TypeVar("T")

_MOST_PENDING = 256
"""Hints held in memory at once, whatever ``flush_s`` says."""
_TIDY_EVERY_S = 3600.0
_SOURCE = "log"

log = logging.getLogger(__name__)


class EventLog:
    """Thread-safe. One per state directory: the holder of the directory's lock opens it.

    Whatever :meth:`append` returned is on the disk, hints apart: these are written together within ``flush_s``,
    and with the next event that is none. Readers see a prefix: never an event without those before it.
    """

    def __init__(self, folder: Path, config: EventsConfig, key: bytes, clock: Clock) -> None:
        """Use :meth:`open`."""
        self._config = config
        self.clock = clock
        self._lock = threading.RLock()
        self._readers = threading.Lock()  # apart: an event loop that subscribes must not wait for a disk
        self._subscriptions: tuple[Subscription, ...] = ()
        self._pending: list[SealedEvent] = []
        self._hints_dropped = 0
        self._closed = False
        self._journal = Journal(folder, config, key)
        newest = self._journal.newest
        number = None if self._journal.damage else newest.sequence if newest else 0
        self._drafting = Drafting(
            Numbers(folder / files.NUMBERS, number), trusted=newest.clock_trusted if newest else True
        )
        if newest and newest.clock_trusted and isinstance(clock, SystemClock):
            clock.not_before(newest.wall_at)
        if self._journal.damage:
            self._begin_anew(self._journal.damage)
        self._keeper = Keeper(self._keep, delay_s=config.flush_s, every_s=_TIDY_EVERY_S)
        self._keeper.ask()

    @classmethod
    def open(cls, state_dir: Path, config: EventsConfig, *, key: bytes, clock: Clock | None = None) -> EventLog:
        """Open the log of a state directory, or begin one.

        ``key``: 32 bytes that nothing else uses. A database that cannot be read, or was sealed with another key, is
        set aside and the log begun anew; its first event says so. Raises ``STORAGE_*``, ``GALLERY_VERSION``.
        """
        return cls(state_dir, config, key, clock or SystemClock(config.trust_clock))

    def close(self) -> None:
        """Write what is held back, tell the readers that this is the end, close. Idempotent."""
        self._keeper.stop()
        with self._lock:
            if self._closed:
                return
            try:
                self.flush()
            except EdgeFaceError as error:
                log.warning("hints lost", extra={"fields": {"error": error.code.code, "hints": len(self._pending)}})
            with self._readers:
                self._closed = True
            for subscription in self._subscriptions:
                subscription.end()
            with suppress(OSError):  # the next start leaves a gap in the numbers
                self._drafting.numbers.close()
            self._journal.close()

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------------ writing

    def append(self, new: NewEvent) -> Event:
        """Write an event down. Raises ``STORAGE_*``; then nothing was written, and nobody was told."""
        with self._lock:
            self._check_open()
            return self._mending(lambda: self._put(new))

    def flush(self) -> None:
        """Write what is held back. Raises ``STORAGE_*``; then it is still held."""
        with self._lock:
            self._check_open()
            if self._pending or self._journal.moved:
                self._mending(lambda: self._write([], durable=False))

    def tidy(self) -> None:
        """Empty a long write-ahead log, and remove events that are too old or too many. Raises ``STORAGE_*``."""
        removed = 1
        while removed:
            with self._lock:  # let go between two chunks: a decision must not wait for all of them
                self._check_open()
                removed = self._mending(lambda: self._journal.keep(self.clock.now()))

    # ------------------------------------------------------------------ reading

    @property
    def last(self) -> int:
        """The highest number that was handed out."""
        return self._drafting.numbers.last

    def since(self, sequence: int, limit: int, kinds: Collection[EventKind] | None = None) -> tuple[Event, ...]:
        """Events after ``sequence``, oldest first, at most ``limit``; only of ``kinds`` where given."""
        with self._lock:
            self._check_open()
            held = [item.event for item in self._pending]

        # Held events come after stored ones; those that were stored since the copy was made are found twice.
        found = self._reading(lambda connection, vault: rows.after(connection, vault, sequence, limit, kinds))
        reached = found[-1].sequence if found else sequence
        later = [event for event in held if event.sequence > reached and (kinds is None or event.kind in kinds)]
        return (*found, *later)[:limit]

    def between(self, start: float, end: float, kind: EventKind) -> tuple[Event, ...]:
        """Stored events of a kind whose wall time is in [start, end), in the order in which they happened."""
        return self._reading(lambda connection, vault: rows.between(connection, vault, start, end, kind))

    def subscribe(self, most: int | None = None, *, wake: Callable[[], object] | None = None) -> Subscription:
        """A queue of what is appended from now on, of at most ``most`` events (default: ``stream_queue``)."""
        made = Subscription(most or self._config.stream_queue, wake=wake, on_close=self._leave)
        with self._readers:
            self._check_open()
            self._subscriptions = (*self._subscriptions, made)
        return made

    def facts(self) -> LogFacts:
        """Numbers for metrics."""
        oldest = self._reading(lambda connection, _: rows.first(connection))
        with self._lock:
            held = len(self._pending)
            journal = self._journal
            return LogFacts(
                events=journal.retention.events + held,
                hints=journal.retention.hints + held,
                pending=held,
                oldest=oldest or (self._pending[0].event.sequence if held else 0),
                last=self.last,
                transactions=journal.store.transactions,
                bytes_written=journal.store.bytes_written,
                hints_dropped=self._hints_dropped,
                set_aside=journal.set_aside,
            )

    # ------------------------------------------------------------------ sinks

    def cursor(self, sink: str) -> int | None:
        """How far a sink has got; ``None`` for one that was never seen."""
        with self._lock:
            return self._journal.cursors.get(sink)

    def move_cursor(self, sink: str, sequence: int, *, now: bool) -> None:
        """A sink has got that far. ``now=False``: written with the next transaction, for one that only looked."""
        with self._lock:
            self._check_open()
            self._journal.cursors[sink] = sequence
            self._journal.moved.add(sink)
            if now:
                self.flush()
            else:
                self._keeper.ask()

    # ------------------------------------------------------------------ erasing

    def erase_user(self, user_id: str, group_id: str | None = None) -> int:
        """Erase every event that names a user (as a member of one group, where given); how many they were.

        What was once set aside as damaged goes too, because nobody can look into it. Raises ``STORAGE_*``.
        """
        with self._lock:
            self._check_open()
            kept = [item for item in self._pending if not erasing.names(item.event, user_id, group_id)]
            erased = len(self._pending) - len(kept)
            self._pending = kept
            erased += self._mending(lambda: self._journal.erase_person(user_id, group_id))
            if erased:
                self._put(NewEvent(EventKind.SYSTEM, {"what": "person_erased", "events": erased}, _SOURCE))
            return erased

    def erase(self, rekey: Callable[[], bytes] | None = None) -> int:
        """Erase every event, and what was set aside; how many events that were. The numbers go on.

        ``rekey``: called in the middle, with the log locked: whatever else is erased together with the log (the
        gallery), answering with the key from now on; when it raises, nothing is erased here. Raises ``STORAGE_*``.
        """
        with self._lock:
            self._check_open()
            erased = self._journal.retention.events + len(self._pending)
            self._journal.erase(rekey)
            self._pending.clear()
            self._put(NewEvent(EventKind.SYSTEM, {"what": "log_erased", "events": erased}, _SOURCE))
            return erased

    # ------------------------------------------------------------------ inside

    def _put(self, new: NewEvent) -> Event:
        moment = self.clock.now()
        made = [self._drafting.made(item, moment, self._journal.vault) for item in self._drafting.drafts(new, moment)]
        if len(made) == 1 and new.kind is EventKind.HINT and self._config.flush_s > 0:
            self._hold(made[0])
        else:
            self._write(made, durable=any(item.event.kind is not EventKind.HINT for item in made))
            self._drafting.written(moment)
        for item in made:
            for subscription in self._subscriptions:
                subscription.offer(item.event)
        if self._journal.needs_keeping:
            self._keeper.ask()
        return made[-1].event

    def _hold(self, item: SealedEvent) -> None:
        if len(self._pending) >= _MOST_PENDING:
            try:
                self._write([], durable=False)
            except EdgeFaceError:
                # A full disk must not become a full memory; half of them, so that not every hint tries in vain.
                del self._pending[: _MOST_PENDING // 2]
                self._hints_dropped += _MOST_PENDING // 2
        self._pending.append(item)
        self._keeper.ask()

    def _write(self, made: list[SealedEvent], *, durable: bool) -> None:
        try:
            self._journal.commit([*self._pending, *made], durable=durable)
        except EdgeFaceError as error:
            if error.code is not ErrorCode.STORAGE_FULL or not durable:
                raise
            # Make room for what matters: hints go, and the write-ahead log into the database.
            self._hints_dropped += len(self._pending)
            self._pending.clear()
            with suppress(EdgeFaceError):
                self._journal.store.empty_log()
            self._journal.commit(made, durable=True)
        self._pending.clear()

    def _begin_anew(self, damage: Damaged) -> None:
        name = self._journal.begin_anew()
        log.error("event log damaged, begun anew", extra={"fields": {"reason": damage.reason, "file": name}})
        facts = {"what": "log_begun_anew", "file": name, "reason": damage.reason}
        self._put(NewEvent(EventKind.SYSTEM, facts, _SOURCE))

    def _mending(self, work: Callable[[], T]) -> T:
        """Do something with the database; where it turns out to be damaged, again with a new one."""
        try:
            return work()
        except Damaged as damage:
            self._begin_anew(damage)
            return work()

    def _reading(self, statement: Statement[T]) -> T:
        while True:
            generation = self._journal.generation
            try:
                return self._journal.read(statement)
            except (Damaged, EdgeFaceError) as error:
                with self._lock:
                    self._check_open()
                    if generation != self._journal.generation:
                        continue  # it was erased or set aside under us
                    if isinstance(error, EdgeFaceError):
                        raise
                    self._begin_anew(error)

    def _keep(self) -> None:
        try:
            self.flush()
            self.tidy()
        except EdgeFaceError as error:
            if error.code is not ErrorCode.SHUTTING_DOWN:
                log.warning("event log not written", extra={"fields": {"error": error.code.code}})

    def _leave(self, subscription: Subscription) -> None:
        with self._readers:
            self._subscriptions = tuple(item for item in self._subscriptions if item is not subscription)

    def _check_open(self) -> None:
        if self._closed:
            raise EdgeFaceError(ErrorCode.SHUTTING_DOWN, "The event log is closed.")
