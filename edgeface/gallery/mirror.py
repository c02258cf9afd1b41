"""An index kept equal to a group's table, slot by slot."""

from __future__ import annotations

import numpy as np

from edgeface.gallery.face_table import FREE, FaceTable
from edgeface.gallery.index import IntArray, VectorIndex
from edgeface.types import FloatArray


class Mirror:
    """Knows which face the index holds at each slot, so that it can say what it lacks and catch up.

    Building, applying a change and adopting an index loaded from a file are all the same: catch up with the table.
    """

    __slots__ = ("held", "index")

    def __init__(self, index: VectorIndex, held: IntArray | None = None) -> None:
        self.index = index
        self.held: IntArray = np.zeros(0, dtype=np.int64) if held is None else held
        """Face id by slot, ``FREE`` where the index holds none."""

    def lacking(self, table: FaceTable) -> IntArray:
        """Slots where the index differs from the table; those to be emptied first."""
        self._cover(table.size)
        slots = np.flatnonzero(self.held[: table.size] != table.face_ids)
        stale = self.held[slots] != FREE
        return np.concatenate((slots[stale], slots[~stale]))

    def catch_up(self, slots: IntArray, faces: IntArray, vectors: FloatArray) -> None:
        """Hold these faces (n,) with these vectors (n, dimension) at these slots; ``FREE`` empties a slot.

        Whatever it raises, the index must not be used again.
        """
        if len(slots):
            self._cover(int(slots.max()) + 1)
        gone = slots[(faces == FREE) & (self.held[slots] != FREE)]
        new = (faces != FREE) & (self.held[slots] != faces)
        self.index.remove(gone)
        self.held[gone] = FREE
        self.index.add(slots[new], vectors[new])
        self.held[slots[new]] = faces[new]

    def _cover(self, size: int) -> None:
        if size > len(self.held):
            fresh = np.full(max(size, int(len(self.held) * 1.5)), FREE, dtype=np.int64)
            fresh[: len(self.held)] = self.held
            self.held = fresh
