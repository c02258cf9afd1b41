"""Calls that wait for the next good face: identify, verify and enrol at the camera.

A caller waits on a thread of its own; the live loop offers every look at the nearest face.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from edgeface.config import LiveConfig
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.live.hints import Hint, hint_for
from edgeface.live.recogniser import Embed
from edgeface.types import Face

_TURN_S = 0.25
"""How often a caller that waits looks whether there is still something to wait for."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """The largest face of a frame, judged; ``embed`` gives its template. ``people``: people in view."""

    face: Face
    people: int
    at: float
    distance_m: float | None
    embed: Embed


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a caller waits: ``timeout_s`` seconds, and not beyond the moment in which ``gone`` says so.

    ``gone``: whether nobody wants the answer any more; a caller that hung up must not be enrolled.
    """

    timeout_s: float
    gone: Callable[[], bool] = lambda: False


class Waiter(Protocol):
    """Somebody who waits for looks."""

    hint: Hint | None
    """What the last look that was not good enough lacked."""

    def offer(self, look: Look) -> bool:
        """One look; true when nothing more is wanted. Called from the live loop: must be quick."""


class WaitingRoom:
    """Hands looks to whoever waits. Thread-safe. ``alive``: whether the camera delivers frames."""

    def __init__(self, alive: Callable[[], bool]) -> None:
        self._alive = alive
        self._lock = threading.Lock()
        self._waiters: list[tuple[Waiter, threading.Event]] = []
        self._closed = False

    def __len__(self) -> int:
        return len(self._waiters)

    def offer(self, look: Look) -> None:
        """A look for everyone who waits."""
        with self._lock:
            waiters = list(self._waiters)
        for waiter, done in waiters:
            if not done.is_set() and waiter.offer(look):
                done.set()

    def wait(self, waiter: Waiter, patience: Patience) -> None:
        """Wait until the waiter has what it wants.

        Raises ``NOBODY`` at the time-out, with the last hint in the context, ``CAMERA_UNAVAILABLE`` and
        ``SHUTTING_DOWN``; ``DEADLINE`` for a caller that has gone, who does not see it.
        """
        done = threading.Event()
        ends_at = time.monotonic() + patience.timeout_s
        with self._lock:
            self._waiters.append((waiter, done))
        try:
            while not done.wait(min(_TURN_S, max(0.0, ends_at - time.monotonic()))):
                self._check(waiter, ends_at, patience)
            if patience.gone():
                raise EdgeFaceError(ErrorCode.DEADLINE, "The caller has gone.")
        finally:
            with self._lock:
                self._waiters = [item for item in self._waiters if item[0] is not waiter]

    def close(self) -> None:
        """Nothing will come any more; everyone who waits is told."""
        self._closed = True

    def _check(self, waiter: Waiter, ends_at: float, patience: Patience) -> None:
        if self._closed:
            raise EdgeFaceError(ErrorCode.SHUTTING_DOWN)
        if patience.gone():
            raise EdgeFaceError(ErrorCode.DEADLINE, "The caller has gone.")
        if not self._alive():
            raise EdgeFaceError(ErrorCode.CAMERA_UNAVAILABLE)
        if time.monotonic() >= ends_at:
            hint = (waiter.hint or Hint.LOOK_HERE).value
            raise EdgeFaceError(ErrorCode.NOBODY, f"Last hint: {hint}.", hint=hint)


def hint_of(look: Look, live: LiveConfig) -> Hint | None:
    """What is wrong with a look, as the recogniser would say it; ``None``: nothing."""
    if look.distance_m is not None and look.distance_m > live.max_distance_m:
        return Hint.CLOSER
    if look.distance_m is not None and look.distance_m < live.min_distance_m:
        return Hint.STEP_BACK
    return hint_for(look.face.verdict.violations if look.face.verdict else (), look.face.pose)


class OneGoodFace:
    """Waits for one face that passes the gate; remembers the hint of the last one that did not."""

    def __init__(self, live: LiveConfig) -> None:
        self._live = live
        self.look: Look | None = None
        self.hint: Hint | None = None

    def offer(self, look: Look) -> bool:
        """Take the first good one."""
        self.hint = hint_of(look, self._live)
        if self.hint is None:
            self.look = look
        return self.hint is None
