"""How often a key may call: in a second, on a UTC day, and in all."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from edgeface.api.auth.clock import Clock
from edgeface.api.auth.keyring import ApiKey
from edgeface.errors import EdgeFaceError, ErrorCode

DAY_S = 86_400
MOST_DAYS = 8
"""Days whose counts are kept, by their last use. A board without a battery begins at a wrong day and is put right
later: it finds the counts of the right day again."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Calls of a key. ``days``: (day since 1970 in UTC, calls), the day that was used last at the end."""

    total: int = 0
    days: tuple[tuple[int, int], ...] = ()

    def on(self, day: int) -> int:
        """Calls on a day."""
        return dict(self.days).get(day, 0)

    def with_call(self, day: int) -> Usage:
        """One call more."""
        others = tuple(item for item in self.days if item[0] != day)
        return Usage(self.total + 1, (*others[-(MOST_DAYS - 1) :], (day, self.on(day) + 1)))


class Quotas:
    """Counts calls. For the event loop's thread only."""

    def __init__(self, clock: Clock, usages: Mapping[str, Usage] | None = None) -> None:
        """``usages``: by name of key, as they were counted before."""
        self._clock = clock
        self._usages = dict(usages or {})
        self._seconds: dict[str, deque[float]] = {}
        self.changed = False
        """Whether something was counted that :meth:`snapshot` has not given out."""

    def take(self, key: ApiKey) -> None:
        """Count one call of a key. A call that is refused is not counted.

        Raises ``QUOTA_QPS``, ``QUOTA_DAY``, ``QUOTA_TOTAL``; ``retry_after_s`` in the context says when to come
        back, where that helps.
        """
        recent = self._recent(key)
        if key.per_day is None and key.total is None:
            self._note(recent)
            return
        now = self._clock.now()
        day = int(now // DAY_S)
        usage = self._usages.get(key.name, Usage())
        if key.total is not None and usage.total >= key.total:
            raise EdgeFaceError(ErrorCode.QUOTA_TOTAL)
        if key.per_day is not None and usage.on(day) >= key.per_day:
            raise EdgeFaceError(ErrorCode.QUOTA_DAY, retry_after_s=math.ceil((day + 1) * DAY_S - now))
        self._note(recent)
        self._usages[key.name] = usage.with_call(day)
        self.changed = True

    def snapshot(self) -> dict[str, Usage]:
        """The counts, to be kept."""
        self.changed = False
        return dict(self._usages)

    def keep_only(self, names: Iterable[str]) -> None:
        """Forget keys that are no longer there."""
        kept = set(names)
        self._usages = {name: usage for name, usage in self._usages.items() if name in kept}

    def _recent(self, key: ApiKey) -> deque[float] | None:
        # The last calls themselves: within any span of a second, wherever it begins, no more than the limit.
        if key.qps is None:
            return None
        most = max(1, math.floor(key.qps))
        span = most / key.qps
        recent = self._seconds.setdefault(key.name, deque(maxlen=most))
        if len(recent) == most and (wait := recent[0] + span - self._clock.monotonic()) > 0:
            raise EdgeFaceError(ErrorCode.QUOTA_QPS, retry_after_s=math.ceil(wait))
        return recent

    def _note(self, recent: deque[float] | None) -> None:
        if recent is not None:
            recent.append(self._clock.monotonic())
