"""What an index is. SQLite is the truth; everything behind this file can be thrown away and made again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from edgeface.types import FloatArray

IntArray: TypeAlias = npt.NDArray[np.int64]
ScoreArray: TypeAlias = npt.NDArray[np.float64]


class VectorIndex(Protocol):
    """Vectors of a template space at numbered slots, searchable by inner product.

    An index is not thread-safe against changes: its owner holds a lock. Searches may run side by side.
    """

    def add(self, slots: IntArray, vectors: FloatArray) -> None:
        """Hold float32 vectors (n, width) at these slots; what a slot held before is overwritten."""

    def remove(self, slots: IntArray) -> None:
        """Overwrite what these slots hold, so that no trace of it stays in memory."""

    def candidates(self, vector: FloatArray, count: int) -> IntArray:
        """Slots that include the ``count`` most similar ones, in any order; more are allowed.

        Fewer than ``count`` means that the index cannot tell; the caller asks the exact index then. Removed slots
        may occur: the caller knows which slots are in use.
        """


@dataclass(frozen=True, slots=True, eq=False)
class GroupFaces:
    """All faces of one group as SQLite has them at ``revision``: ``vectors`` float32 (n, width of the space)."""

    revision: int
    face_ids: IntArray
    user_ids: IntArray
    vectors: FloatArray
    damaged: tuple[int, ...] = ()
    """Faces whose seal does not open. They are not in the arrays."""
    index_stamp: bytes = b""
    """Names the one index file that was saved from this database; empty: none."""


@dataclass(frozen=True, slots=True, eq=False)
class GroupChange:
    """A committed change of one group: from revision ``previous`` to ``revision``."""

    group: int
    previous: int
    revision: int
    removed: IntArray
    face_ids: IntArray
    user_ids: IntArray
    vectors: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """The best face of each of the most similar users, best first; equal scores in the order of enrolment."""

    face_ids: IntArray
    user_ids: IntArray
    scores: ScoreArray


NO_HITS = Hits(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float64))
