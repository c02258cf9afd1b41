"""The approximate index of large groups: hnswlib's graph over inner products."""

from __future__ import annotations

import json
import os
from typing import Any

import hnswlib
import numpy as np

from edgeface.config import IndexConfig
from edgeface.gallery.index import IntArray
from edgeface.types import FloatArray

_GROWTH = 1.5
_SEED = 100  # hnswlib's own default; the same vectors in the same order give the same graph


class HnswIndex:
    """A graph whose labels are slots.

    hnswlib's ``mark_deleted`` only hides a vector; it stays in memory and in saved files. So a removed slot is
    first overwritten with a random direction (its links are made anew for that), then hidden. A later face at the
    same slot overwrites it again.
    """

    __slots__ = ("_dimension", "_ef", "_graph", "_hidden", "_random", "churn")

    def __init__(self, dimension: int, config: IndexConfig, capacity: int) -> None:
        self._dimension = dimension
        self._ef = config.ef_search
        self._hidden: set[int] = set()
        self._random = np.random.default_rng(_SEED)
        self.churn = 0
        """Overwritten slots since the graph was built: each leaves it a little worse than a fresh one."""
        self._graph: Any = hnswlib.Index("ip", dimension)
        self._graph.init_index(
            max_elements=max(16, capacity), ef_construction=config.ef_construction, M=config.m, random_seed=_SEED
        )
        self._set_up()

    def __len__(self) -> int:
        """Vectors that can be found."""
        return int(self._graph.element_count) - len(self._hidden)

    def add(self, slots: IntArray, vectors: FloatArray) -> None:
        if not len(slots):
            return
        needed = int(self._graph.element_count) + len(slots)
        if needed > int(self._graph.max_elements):
            self._graph.resize_index(max(needed, int(self._graph.max_elements * _GROWTH)))
        before = int(self._graph.element_count)
        self._graph.add_items(vectors, slots, num_threads=1)
        self.churn += len(slots) - (int(self._graph.element_count) - before)
        self._hidden.difference_update(slots.tolist())

    def remove(self, slots: IntArray) -> None:
        if not len(slots):
            return
        noise = self._random.standard_normal((len(slots), self._dimension)).astype(np.float32)
        noise /= np.linalg.norm(noise, axis=1, keepdims=True)
        self.add(slots, noise)
        for slot in slots.tolist():
            self._graph.mark_deleted(slot)
        self._hidden.update(slots.tolist())

    def candidates(self, vector: FloatArray, count: int) -> IntArray:
        count = min(count, len(self))
        if count < 1:
            return np.zeros(0, dtype=np.int64)
        try:
            labels, _ = self._graph.knn_query(vector, k=count, num_threads=1)
        except RuntimeError:  # fewer than count were reachable
            return np.zeros(0, dtype=np.int64)
        return np.asarray(labels[0], dtype=np.int64)

    def save(self, descriptor: int) -> None:
        """Write the graph into an open file (its path must not matter: an anonymous one)."""
        self._graph.save_index(f"/proc/self/fd/{descriptor}")

    def notes(self) -> bytes:
        """What :meth:`load` needs besides the graph's own bytes."""
        return json.dumps({"hidden": sorted(self._hidden), "churn": self.churn}).encode("ascii")

    @classmethod
    def load(cls, dimension: int, config: IndexConfig, capacity: int, descriptor: int, notes: bytes) -> HnswIndex:
        """Read a saved graph. The native loader trusts every byte: only authentic ones may come here."""
        facts = json.loads(notes)
        index = cls(dimension, config, 0)
        index._graph = hnswlib.Index("ip", dimension)
        index._graph.load_index(f"/proc/self/fd/{descriptor}", max_elements=max(16, capacity))
        index._set_up()
        index._hidden = set(facts["hidden"])
        index._random = np.random.default_rng(int.from_bytes(os.urandom(8), "big"))
        index.churn = int(facts["churn"])
        return index

    def _set_up(self) -> None:
        self._graph.set_ef(self._ef)
        self._graph.set_num_threads(1)
