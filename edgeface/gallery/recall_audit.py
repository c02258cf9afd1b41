"""How often the approximate index gives the exact scan's answer, from sampled searches."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from edgeface.gallery.index import Hits
from edgeface.types import FloatArray

# Samples that may wait; further ones are dropped, the thread that compares them must not fall behind searches.
_WAITING = 8


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One search to be done again both ways."""

    group: int
    vector: FloatArray
    top: int


@dataclass(slots=True)
class _Tally:
    audits: int = 0
    first_agreed: int = 0
    expected: int = 0
    found: int = 0


@dataclass(frozen=True, slots=True)
class Recall:
    """What the samples so far say; ``None`` before the first."""

    audits: int
    at_1: float | None
    at_top: float | None


class RecallAudit:
    """Counts searches, picks every n-th HNSW search as a sample, and keeps the tallies. Thread-safe."""

    def __init__(self, every: int) -> None:
        """``every``: sample one of so many HNSW searches; 0 samples none."""
        self._every = every
        self._lock = threading.Lock()
        self._waiting: deque[Sample] = deque(maxlen=_WAITING)
        self._tallies: dict[int, _Tally] = {}
        self._whole = _Tally()
        self.exact_searches = 0
        self.fast_searches = 0

    def count(self, group: int, vector: FloatArray, top: int, *, fast: bool) -> bool:
        """Count one search; whether a sample waits now."""
        with self._lock:
            if not fast:
                self.exact_searches += 1
                return False
            self.fast_searches += 1
            if not self._every or self.fast_searches % self._every:
                return False
            self._waiting.append(Sample(group, vector.copy(), top))
            return True

    def next_sample(self) -> Sample | None:
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def record(self, group: int, fast: Hits, exact: Hits) -> None:
        """Compare one pair of answers. An answer counts as found by its face, or by a face of equal score."""
        if not len(exact.face_ids):
            return
        agreed = len(fast.scores) > 0 and bool(fast.scores[0] >= exact.scores[0])
        found = len(set(fast.face_ids.tolist()) & set(exact.face_ids.tolist()))
        with self._lock:
            for tally in (self._whole, self._tallies.setdefault(group, _Tally())):
                tally.audits += 1
                tally.first_agreed += agreed
                tally.expected += len(exact.face_ids)
                tally.found += found

    def recall(self, group: int | None = None) -> Recall:
        """One group's recall since its index was built; the gallery's since the start for ``None``."""
        with self._lock:
            tally = self._whole if group is None else self._tallies.get(group, _Tally())
            if not tally.audits:
                return Recall(0, None, None)
            return Recall(tally.audits, tally.first_agreed / tally.audits, tally.found / tally.expected)

    def forget(self, group: int) -> None:
        """Begin a group's tally again: its index is new, or gone."""
        with self._lock:
            self._tallies.pop(group, None)
