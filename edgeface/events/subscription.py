"""A reader of what is appended: a bounded queue that tells a slow reader that it lagged."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from edgeface.events.event import Event


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a reader gets at once.

    ``lagged``: events before these were dropped; read them with :meth:`EventLog.since` and skip what comes twice.
    ``ended``: nothing comes any more.
    """

    events: tuple[Event, ...] = ()
    lagged: bool = False
    ended: bool = False


class Subscription:
    """Everything appended since it was made, in order. Thread-safe; close it, or use it in a ``with`` block."""

    def __init__(
        self, most: int, *, wake: Callable[[], object] | None = None, on_close: Callable[[Subscription], None]
    ) -> None:
        """``wake``: called from the appending thread when something came; it must not wait."""
        self._most = most
        self._wake = wake
        self._on_close = on_close
        self._queue: deque[Event] = deque()
        self._lagged = False
        self._ended = False
        self._changed = threading.Condition()

    def take(self, timeout_s: float | None = None) -> Delivery:
        """Everything that waits; where nothing does, wait for it. An empty delivery after ``timeout_s``."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._lagged or self._ended, timeout_s)
            events, lagged = tuple(self._queue), self._lagged
            self._queue.clear()
            self._lagged = False
            return Delivery(events, lagged, self._ended)

    def offer(self, event: Event) -> None:
        """For the log: an event was appended. Never waits."""
        with self._changed:
            if self._ended:
                return
            if len(self._queue) >= self._most:
                # All of it: the reader has to go to the log anyway, and memory stays bounded meanwhile.
                self._queue.clear()
                self._lagged = True
            if not self._lagged:
                self._queue.append(event)
            self._changed.notify_all()
        self._call()

    def end(self) -> None:
        """For the log: it is being closed. What waits can still be taken."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._call()

    def close(self) -> None:
        """Take no more part. Idempotent."""
        self._on_close(self)
        self.end()

    def __enter__(self) -> Subscription:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _call(self) -> None:
        if self._wake is None:
            return
        try:
            self._wake()
        except RuntimeError:  # an event loop that is closed: its reader has gone
            self._on_close(self)
