"""The index of one group: the exact matrix always, a faster index on top when the group is large."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgeface.gallery.exact_index import ExactIndex
from edgeface.gallery.face_table import FREE, FaceTable
from edgeface.gallery.index import NO_HITS, GroupChange, GroupFaces, Hits, IntArray, VectorIndex
from edgeface.gallery.mirror import Mirror
from edgeface.gallery.read_write_lock import ReadWriteLock
from edgeface.gallery.records import IndexState
from edgeface.types import FloatArray

# A first look at so many candidates per asked user; most users have one to three faces.
_CANDIDATES_PER_USER = 4
_FIRST_CANDIDATES = 32
_CANDIDATE_GROWTH = 4
# A graph asked for more is slower than the scan.
_MOST_CANDIDATES = 4096

# More removed faces than this share at once: building anew is quicker than overwriting them one by one.
_REBUILD_SHARE = 0.01
_REBUILD_FACES = 64
# Overwritten slots, as a share of the group, from which the graph is made anew.
_CHURN_SHARE = 0.25

_FEED = 512  # vectors per step of a build: about a fifth of a second, so that it can stop and let writers in
_LAST_FEED = 32  # with fewer left the build ends while changes wait


class IndexBehindError(Exception):
    """The index's revision is not the one the change builds on, or an earlier change failed: load it again."""


class GroupIndex:
    """Faces of one group in memory. Searches run side by side; a change waits for them.

    Invariant: whoever holds the lock for reading sees exactly the faces of :attr:`revision`, and a mirror, where
    there is one, holds the same faces as the table.
    """

    def __init__(self, group: int, faces: GroupFaces) -> None:
        self.group = group
        self.lock = ReadWriteLock()
        self.state = IndexState.UNLOADED
        self.detail = ""
        self.attempts = 0
        self.removals = 0
        """Grows before faces are removed: an index file begun earlier must not be published."""
        self.changes = 0
        """Changed faces since the index file was written."""
        self.changed_at = 0.0
        self.mirror: Mirror | None = None
        self.stamp = faces.index_stamp
        """Names the valid index file; empty: none was saved."""
        self.closed = False
        self.layout = 0
        self._load(faces)

    def _load(self, faces: GroupFaces) -> None:
        self._table = FaceTable(faces.face_ids, faces.user_ids)
        self._exact = ExactIndex(faces.vectors)
        self.revision = faces.revision
        self.damaged = faces.damaged
        self.layout += 1
        self.whole = True
        """False while the arrays do not hold what SQLite has."""

    def __len__(self) -> int:
        return len(self._table)

    def load(self, faces: GroupFaces) -> None:
        """Begin again with what SQLite has."""
        with self.lock.writing():
            self._exact.clear()
            self.mirror = None
            self._load(faces)

    def search(self, vector: FloatArray, top: int, *, exactly: bool = False) -> tuple[Hits, bool]:
        """The best face of each of the ``top`` most similar users, and whether the mirror's index answered."""
        with self.lock.reading():
            self._check_whole()
            if self.mirror is not None and not exactly:
                hits = self._rank(self.mirror.index, vector, top)
                if hits is not None:
                    return hits, True
            hits = self._rank(self._exact, vector, top)
            return hits if hits is not None else NO_HITS, False

    def compare(self, vector: FloatArray, top: int) -> tuple[Hits, Hits] | None:
        """The mirror's answer and the exact one at the same moment; ``None`` without a mirror."""
        with self.lock.reading():
            if self.mirror is None:
                return None
            fast = self._rank(self.mirror.index, vector, top)
            exact = self._rank(self._exact, vector, top)
            exact = exact if exact is not None else NO_HITS
            return fast if fast is not None else exact, exact

    def search_user(self, vector: FloatArray, user: int) -> Hits:
        """The best face of one user; no hit when the user has no face."""
        with self.lock.reading():
            self._check_whole()
            slots = self._table.slots_of_user(user)
            return self._best(slots, vector, 1)

    def _rank(self, index: VectorIndex, vector: FloatArray, top: int) -> Hits | None:
        """``None``: the index could not tell (never the exact one)."""
        live = len(self._table)
        count = max(_FIRST_CANDIDATES, _CANDIDATES_PER_USER * top)
        while True:
            slots = index.candidates(vector, min(count, self._table.size))
            if index is not self._exact and (len(slots) < min(count, live) or count > _MOST_CANDIDATES):
                return None
            slots = slots[self._table.face_ids[slots] != FREE]
            hits = self._best(slots, vector, top)
            if len(hits.face_ids) == top or count >= self._table.size:
                return hits
            count *= _CANDIDATE_GROWTH

    def _best(self, slots: IntArray, vector: FloatArray, top: int) -> Hits:
        scores = self._exact.score(slots, vector)
        faces = self._table.face_ids[slots]
        order = np.lexsort((faces, -scores))
        users = self._table.user_ids[slots[order]]
        _, first = np.unique(users, return_index=True)
        chosen = order[np.sort(first)[:top]]
        return Hits(faces[chosen], self._table.user_ids[slots[chosen]], scores[chosen])

    def apply(self, change: GroupChange) -> None:
        """Bring a committed change into memory. Raises :class:`IndexBehindError` when it does not fit.

        A mirror that fails is dropped (state ``DIRTY``), the exact matrix goes on answering; when the matrix itself
        fails, nothing is answered until :meth:`load`.
        """
        with self.lock.writing():
            if not self.whole or change.previous != self.revision:
                self.whole = False
                raise IndexBehindError
            self.whole = False
            released = self._table.release(change.removed)
            self._exact.remove(released)
            taken = self._table.take(change.face_ids, change.user_ids)
            self._exact.add(taken, change.vectors)
            self.damaged = tuple(face for face in self.damaged if face not in change.removed)
            self.revision = change.revision
            self.changes += len(released) + len(taken)
            self.whole = True
            if self.mirror is not None:
                self._apply_to_mirror(self.mirror, released, taken)
            if self._table.free > max(1024, len(self._table)):
                self._compact()

    def _apply_to_mirror(self, mirror: Mirror, released: IntArray, taken: IntArray) -> None:
        if len(released) > max(_REBUILD_FACES, _REBUILD_SHARE * len(self._table)):
            self.drop_mirror(IndexState.DIRTY, "Many faces were removed at once.")
            return
        try:
            self._feed(mirror, np.union1d(released, taken))
        except Exception as error:
            self.drop_mirror(IndexState.DIRTY, f"A change could not be applied: {error}")
            return
        if getattr(mirror.index, "churn", 0) > max(1024, _CHURN_SHARE * len(self._table)):
            self.drop_mirror(IndexState.DIRTY, "Many faces were replaced.")

    def drop_mirror(self, state: IndexState, detail: str = "") -> None:
        """Let the exact matrix answer. The caller holds the lock for writing, or is the only one there."""
        self.mirror = None
        self.state = state
        self.detail = detail

    def discard_mirror(self, state: IndexState, detail: str = "") -> None:
        """As :meth:`drop_mirror`, waiting for running searches."""
        with self.lock.writing():
            self.drop_mirror(state, detail)

    def _compact(self) -> None:
        slots = np.flatnonzero(self._table.face_ids != FREE)
        self._rearrange(slots)
        if self.mirror is not None:
            self.drop_mirror(IndexState.DIRTY, "The group shrank.")

    def _rearrange(self, slots: IntArray) -> None:
        self._exact.reorder(slots)
        self._table.reorder(slots)
        self.layout += 1

    def arrange_like(self, held: IntArray) -> None:
        """Put each face at the slot where a loaded index holds it; faces it does not know come behind."""
        with self.lock.writing():
            faces = self._table.face_ids
            order = np.argsort(faces, kind="stable")
            at = np.minimum(np.searchsorted(faces, held, sorter=order), len(faces) - 1)
            slots = np.where((held != FREE) & (faces[order[at]] == held), order[at], -1)
            others = np.setdiff1d(np.flatnonzero(faces != FREE), slots)
            self._rearrange(np.concatenate((slots, others)))

    def build(self, mirror: Mirror, *, stop: Callable[[], bool]) -> bool:
        """Feed the mirror until it equals the table, then let it answer. ``False``: stopped, or must begin again."""
        layout = self.layout
        while not stop():
            with self.lock.reading():
                if self.layout != layout or not self.whole:
                    return False
                lacking = mirror.lacking(self._table)
                slots = lacking[:_FEED]
                faces, vectors = self._table.face_ids[slots], self._exact.vectors[slots]
            # Nobody else knows this mirror yet, so the slow part needs no lock.
            mirror.catch_up(slots, faces, vectors)
            vectors.fill(0.0)
            if len(lacking) > _FEED:
                continue
            with self.lock.writing():
                if self.layout != layout or not self.whole:
                    return False
                slots = mirror.lacking(self._table)
                if len(slots) > _LAST_FEED:
                    continue
                self._feed(mirror, slots)
                self.mirror = mirror
                self.state = IndexState.READY
                self.detail = ""
                self.attempts = 0
                return True
        return False

    def _feed(self, mirror: Mirror, slots: IntArray) -> None:
        mirror.catch_up(slots, self._table.face_ids[slots], self._exact.vectors[slots])

    def close(self) -> None:
        """Overwrite and forget every vector; searches that come late find nothing."""
        with self.lock.writing():
            self.closed = True
            self._exact.clear()
            self._table = FaceTable(NO_HITS.face_ids, NO_HITS.user_ids)
            self.layout += 1
            self.drop_mirror(IndexState.UNLOADED)

    def _check_whole(self) -> None:
        if not self.whole:
            raise IndexBehindError
