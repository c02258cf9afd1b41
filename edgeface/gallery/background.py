"""One thread for work that no caller waits for."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable

_log = logging.getLogger(__name__)


class BackgroundThread:
    """Runs jobs one after another; a job that is still waiting is not queued twice.

    The thread starts with the first job, so a gallery of small groups has none.
    """

    def __init__(self, name: str, tick: Callable[[], None], tick_s: float) -> None:
        """``tick`` runs every ``tick_s`` seconds while the thread has nothing else to do."""
        self._name = name
        self._tick = tick
        self._tick_s = tick_s
        self._jobs: dict[Hashable, Callable[[], None]] = {}
        self._changed = threading.Condition()
        self._busy = False
        self._stopping = False
        self._thread: threading.Thread | None = None

    def submit(self, key: Hashable, job: Callable[[], None]) -> None:
        """Queue a job under a key; nothing happens when the key is waiting already, or after a stop."""
        with self._changed:
            if self._stopping or key in self._jobs:
                return
            self._jobs[key] = job
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def stopping(self) -> bool:
        """Long jobs ask this now and then, and end early."""
        return self._stopping

    def pause(self, seconds: float) -> None:
        """For a job: wait, but not beyond a stop."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not self._stopping and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)

    def settle(self, timeout_s: float) -> bool:
        """Wait until no job is queued or running; whether that came true in time."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while self._jobs or self._busy:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
        return True

    def stop(self) -> None:
        """Drop waiting jobs and wait for the running one."""
        with self._changed:
            self._stopping = True
            self._jobs.clear()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._jobs and not self._stopping:
                    self._changed.wait(self._tick_s)
                if self._stopping:
                    return
                key = next(iter(self._jobs), None)
                job = self._tick if key is None else self._jobs.pop(key)
                self._busy = True
            try:
                job()
            except Exception:  # the thread must outlive any one job
                _log.exception("background job failed")
            finally:
                with self._changed:
                    self._busy = False
                    self._changed.notify_all()
