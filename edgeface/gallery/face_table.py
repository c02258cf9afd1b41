"""Which face stands at which slot of a group's arrays."""

from __future__ import annotations

import numpy as np

from edgeface.gallery.index import IntArray

FREE = 0
"""The face id of a slot that is not in use (SQLite's numbers begin at 1)."""

_GROWTH = 1.5


class FaceTable:
    """Face and user numbers by slot. A slot keeps its face for life, so every index can name faces by slot.

    Freed slots are used again by later faces. Not thread-safe: the owner holds a lock.
    """

    __slots__ = ("_face_ids", "_free", "_user_ids", "size")

    def __init__(self, face_ids: IntArray, user_ids: IntArray) -> None:
        self._face_ids = face_ids.copy()
        self._user_ids = user_ids.copy()
        self.size = len(face_ids)
        """Slots in use or free below the highest one ever used."""
        self._free: list[int] = []

    def __len__(self) -> int:
        """Faces held."""
        return self.size - len(self._free)

    @property
    def face_ids(self) -> IntArray:
        """(size,) int64, ``FREE`` where a slot is not in use."""
        return self._face_ids[: self.size]

    @property
    def user_ids(self) -> IntArray:
        """(size,) int64, users' row numbers."""
        return self._user_ids[: self.size]

    @property
    def free(self) -> int:
        """Slots not in use."""
        return len(self._free)

    def take(self, face_ids: IntArray, user_ids: IntArray) -> IntArray:
        """Give each new face a slot; the slots."""
        count = len(face_ids)
        reused = min(count, len(self._free))
        slots = np.empty(count, dtype=np.int64)
        if reused:
            slots[:reused] = self._free[-reused:]
        self._reserve(self.size + count - reused)
        slots[reused:] = np.arange(self.size, self.size + count - reused)
        if reused:
            del self._free[-reused:]
        self.size += count - reused
        self._face_ids[slots] = face_ids
        self._user_ids[slots] = user_ids
        return slots

    def release(self, face_ids: IntArray) -> IntArray:
        """Free the slots of these faces; the slots. Faces that are not here are passed over."""
        slots = self.slots_of_faces(face_ids)
        self._face_ids[slots] = FREE
        self._user_ids[slots] = FREE
        self._free.extend(slots.tolist())
        return slots

    def slots_of_faces(self, face_ids: IntArray) -> IntArray:
        """The slots of these faces, in no order."""
        if len(face_ids) <= 4:  # a compare per face beats the sort behind isin
            found = [np.flatnonzero(self.face_ids == face) for face in face_ids if face != FREE]
            return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
        return np.flatnonzero(np.isin(self.face_ids, face_ids) & (self.face_ids != FREE))

    def slots_of_user(self, user: int) -> IntArray:
        """The slots of a user's faces."""
        return np.flatnonzero(self.user_ids == user)

    def reorder(self, slots: IntArray) -> None:
        """New slot i takes what old slot ``slots[i]`` held; -1 leaves it free."""
        used = slots >= 0
        for name in ("_face_ids", "_user_ids"):
            fresh = np.full(len(slots), FREE, dtype=np.int64)
            fresh[used] = getattr(self, name)[slots[used]]
            setattr(self, name, fresh)
        self.size = len(slots)
        self._free = np.flatnonzero(self._face_ids == FREE).tolist()

    def _reserve(self, size: int) -> None:
        if size <= len(self._face_ids):
            return
        capacity = max(16, size, int(len(self._face_ids) * _GROWTH))
        for name in ("_face_ids", "_user_ids"):
            fresh = np.zeros(capacity, dtype=np.int64)
            fresh[: self.size] = getattr(self, name)[: self.size]
            setattr(self, name, fresh)
