"""How often to detect: every frame while there is time for it, less often when frames take longer."""

from __future__ import annotations

import math

_MEMORY = 0.8  # of the running mean of a frame's cost
_SLACK = 0.75  # the interval shrinks only when it would leave this share of the budget: no hunting


class Pace:
    """Detection interval in frames, from the time that looked-at frames take."""

    def __init__(self, *, budget_s: float, most_interval: int) -> None:
        self._budget_s = budget_s
        self._most = most_interval
        self._cost_s = 0.0
        self._interval = 1
        self._skipped = 0

    @property
    def interval(self) -> int:
        """1: every frame is looked at."""
        return self._interval

    def due(self) -> bool:
        """Whether this frame is looked at; ask once per frame."""
        self._skipped += 1
        if self._skipped < self._interval:
            return False
        self._skipped = 0
        return True

    def spent(self, seconds: float) -> None:
        """A looked-at frame took so long."""
        self._cost_s = _MEMORY * self._cost_s + (1 - _MEMORY) * seconds if self._cost_s else seconds
        wanted = max(1, math.ceil(self._cost_s / self._budget_s))
        if wanted > self._interval:
            self._interval = min(wanted, self._most)
        elif self._interval > 1 and self._cost_s / (self._interval - 1) < _SLACK * self._budget_s:
            self._interval -= 1
