"""The thread that does what may wait: writing hints together, emptying the write-ahead log, removing old events."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Keeper:
    """Runs ``work`` within ``delay_s`` of :meth:`ask`, and every ``every_s`` without being asked."""

    def __init__(self, work: Callable[[], None], *, delay_s: float, every_s: float) -> None:
        self._work = work
        self._delay_s = delay_s
        self._every_s = every_s
        self._asked = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="event-keeper", daemon=True)
        self._thread.start()

    def ask(self) -> None:
        """Something waits."""
        self._asked.set()

    def stop(self) -> None:
        """End; running work is finished."""
        self._stopped.set()
        self._asked.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            if self._asked.wait(self._every_s):
                self._stopped.wait(self._delay_s)  # more may come meanwhile
            if self._stopped.is_set():
                return
            self._asked.clear()
            self._work()
