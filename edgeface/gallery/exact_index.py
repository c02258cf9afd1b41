"""The exact scan: one float32 matrix, one multiplication per probe."""

from __future__ import annotations

import numpy as np

from edgeface.gallery.index import IntArray, ScoreArray
from edgeface.types import FloatArray

_GROWTH = 1.5

# The scan sums in float32, the final score in float64. Two templates' sums differ by less than this (measured
# below 1e-6 at 512 dimensions), so that no candidate is lost at the edge.
_MARGIN = np.float32(1e-5)

# Scores per block when looking for the count-th best: one pass over block maxima instead of a partition of all.
_BLOCK = 64


class ExactIndex:
    """Vectors by slot. Also gives the exact score of any slot, which is how every index's answers are ranked."""

    __slots__ = ("_rows", "_vectors")

    def __init__(self, vectors: FloatArray) -> None:
        """Take over ``vectors`` (n, width) for the slots 0 to n - 1."""
        self._vectors = vectors
        self._rows = len(vectors)

    @property
    def vectors(self) -> FloatArray:
        """float32 (slots, width); freed slots are zero."""
        return self._vectors[: self._rows]

    def add(self, slots: IntArray, vectors: FloatArray) -> None:
        if not len(slots):
            return
        self._reserve(int(slots.max()) + 1)
        self._vectors[slots] = vectors

    def remove(self, slots: IntArray) -> None:
        self._vectors[slots] = 0.0

    def candidates(self, vector: FloatArray, count: int) -> IntArray:
        if count >= self._rows:
            return np.arange(self._rows)
        scores = self.vectors @ vector
        blocks = self._rows // _BLOCK
        # As many blocks as asked for reach their count-th largest maximum, so at least as many scores do; and every
        # score above it is among those taken. The remainder behind the last whole block only adds.
        blockwise = blocks >= 2 * count
        peaks = scores[: blocks * _BLOCK].reshape(blocks, _BLOCK).max(axis=1) if blockwise else scores
        floor = np.partition(peaks, len(peaks) - count)[len(peaks) - count]
        return np.flatnonzero(scores >= floor - _MARGIN)

    def score(self, slots: IntArray, vector: FloatArray) -> ScoreArray:
        """Inner products of these slots' vectors with a probe's, summed in float64.

        Each row is summed in the same order whatever its neighbours, so equal vectors get equal scores.
        """
        scores: ScoreArray = np.multiply(self._vectors[slots], vector, dtype=np.float64).sum(axis=1)
        return scores

    def reorder(self, slots: IntArray) -> None:
        """New slot i takes what old slot ``slots[i]`` held; -1 leaves it zero. The old matrix is overwritten."""
        used = slots >= 0
        fresh: FloatArray = np.zeros((len(slots), self._vectors.shape[1]), dtype=np.float32)
        fresh[used] = self._vectors[slots[used]]
        self._replace(fresh)
        self._rows = len(slots)

    def clear(self) -> None:
        """Overwrite and forget everything."""
        self._replace(np.zeros((0, self._vectors.shape[1]), dtype=np.float32))
        self._rows = 0

    def _reserve(self, rows: int) -> None:
        if rows > len(self._vectors):
            capacity = max(16, rows, int(len(self._vectors) * _GROWTH))
            fresh: FloatArray = np.zeros((capacity, self._vectors.shape[1]), dtype=np.float32)
            fresh[: self._rows] = self.vectors
            self._replace(fresh)
        self._rows = max(self._rows, rows)

    def _replace(self, fresh: FloatArray) -> None:
        # The freed block of memory must not keep faces that are erased later.
        if self._vectors.flags.writeable and self._vectors.flags.owndata:
            self._vectors.fill(0.0)
        self._vectors = fresh
