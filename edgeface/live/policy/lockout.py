"""The lockout after repeated refusals, kept across restarts.

A restart must not be a way out of a lockout, nor must setting the clock: what is left is kept as seconds with the
boot they belong to, and after a reboot all of what was left when it was written is served again.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections import deque
from pathlib import Path

from edgeface.config import DoorConfig

log = logging.getLogger(__name__)

FILE = "lockout.json"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Lockout:
    """Counts refusals; times are monotonic seconds (CLOCK_MONOTONIC: one zero per boot, for every process)."""

    def __init__(self, config: DoorConfig, state_dir: Path, *, now: float, boot_id: str | None = None) -> None:
        self._config = config
        self._path = state_dir / FILE
        self._boot_id = boot_id or _BOOT_ID.read_text(encoding="ascii").strip()
        self._failures: deque[float] = deque()
        self._until = self._restored(now)

    def left_s(self, now: float) -> float:
        """Seconds of the lockout that are left; 0 when there is none."""
        return max(0.0, self._until - now)

    def failed(self, now: float) -> bool:
        """Somebody was refused; whether that locks the door now."""
        self._failures.append(now)
        while self._failures and now - self._failures[0] > self._config.failure_window_s:
            self._failures.popleft()
        if len(self._failures) < self._config.failures:
            return False
        self._failures.clear()
        self._until = now + self._config.lockout_s
        try:
            self._write(now)
        except OSError as error:
            # The lockout holds all the same, for as long as this process lives.
            log.error("lockout not kept", extra={"fields": {"reason": error.strerror or str(error)}})
        return True

    def passed(self) -> None:
        """Somebody passed: earlier refusals do not count any more."""
        self._failures.clear()

    def _write(self, now: float) -> None:
        state = {"boot_id": self._boot_id, "written_at": now, "left_s": self._until - now}
        partial = self._path.with_suffix(".partial")
        with partial.open("w", encoding="utf-8") as stream:
            json.dump(state, stream)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(self._path)

    def _restored(self, now: float) -> float:
        try:
            state = json.loads(self._path.read_text(encoding="utf-8"))
            left, written_at = float(state["left_s"]), float(state["written_at"])
        except FileNotFoundError:
            return now
        except (OSError, ValueError, KeyError, TypeError):
            # Somebody or something spoilt the file: fail secure, a whole lockout.
            return now + self._config.lockout_s
        if state.get("boot_id") == self._boot_id:
            left -= now - written_at
        if left <= 0:
            with contextlib.suppress(OSError):
                self._path.unlink()
        return now + max(0.0, min(left, self._config.lockout_s))
