"""What is removed because it is old or too much."""

from __future__ import annotations

from edgeface.config import EventsConfig
from edgeface.events import rows
from edgeface.events.event import Event, EventKind
from edgeface.events.moment import Moment
from edgeface.events.store import Store
from edgeface.events.vault import Vault

CHUNK = 500
"""Events removed in one transaction: a decision that comes meanwhile waits for one chunk, not for all."""
_DAY_S = 86_400.0
_HEADROOM = 100  # a hundredth goes at once, so that a full log is not trimmed at every event


class Retention:
    """Keeps the log within its limits. The log's lock is held around each call."""

    def __init__(self, store: Store, vault: Vault, config: EventsConfig) -> None:
        self._store = store
        self._vault = vault
        self._config = config
        with store.reading() as connection:
            self.events, self.hints = rows.counts(connection)
        self._excess = 0
        self._excess_hints = 0

    def added(self, events: int, hints: int) -> None:
        """So many events were written, so many of them hints."""
        self.events += events
        self.hints += hints

    @property
    def is_over(self) -> bool:
        """Whether there are more events than are kept."""
        return self.events > self._config.most or self.hints > self._config.most_hints

    def trim(self, now: Moment) -> int:
        """Remove one chunk of what must go; how many events that were, 0 when there is nothing to do.

        Age counts only while the clock is believed now, and an event goes by age only together with everything
        before it: neither a clock that starts in 1970 nor one that was set ahead empties the log.
        """
        doomed = self._too_many_hints() or self._too_many() or self._too_old(now)
        if not doomed:
            return 0
        with self._store.transaction(durable=False) as connection:
            rows.delete(connection, doomed, self._vault)
        hints = sum(event.kind is EventKind.HINT for event in doomed)
        self.added(-len(doomed), -hints)
        return len(doomed)

    def _too_many_hints(self) -> tuple[Event, ...]:
        self._excess_hints = _excess(self.hints, self._config.most_hints, self._excess_hints)
        found = self._oldest(min(CHUNK, self._excess_hints), EventKind.HINT)
        self._excess_hints -= len(found)
        return found

    def _too_many(self) -> tuple[Event, ...]:
        self._excess = _excess(self.events, self._config.most, self._excess)
        found = self._oldest(min(CHUNK, self._excess), None)
        self._excess -= len(found)
        return found

    def _too_old(self, now: Moment) -> tuple[Event, ...]:
        if not now.trusted:
            return ()
        since = now.wall - self._config.keep_days * _DAY_S
        found = self._oldest(CHUNK, None)
        end = 0
        for number, event in enumerate(found):
            if event.clock_trusted and event.wall_at >= since:
                break
            if event.clock_trusted:
                end = number + 1
        return found[:end]

    def _oldest(self, limit: int, kind: EventKind | None) -> tuple[Event, ...]:
        if limit <= 0:
            return ()
        with self._store.reading() as connection:
            return rows.oldest(connection, self._vault, limit, kind)


def _excess(there: int, most: int, begun: int) -> int:
    """How many events are still to go: begun work is finished, new work takes some headroom with it."""
    return max(begun, there - most + most // _HEADROOM) if there > most else begun
