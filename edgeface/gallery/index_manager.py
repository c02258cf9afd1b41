"""All groups' indexes: who is asked, who is told of a change, and what has to be built."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

from edgeface.config import IndexConfig
from edgeface.gallery.background import BackgroundThread
from edgeface.gallery.graph_keeper import GraphFactory, GraphKeeper
from edgeface.gallery.group_index import GroupIndex, IndexBehindError
from edgeface.gallery.hnsw_index import HnswIndex
from edgeface.gallery.index import NO_HITS, GroupChange, GroupFaces, Hits
from edgeface.gallery.index_file import IndexFiles
from edgeface.gallery.recall_audit import RecallAudit
from edgeface.gallery.records import IndexState, IndexStats
from edgeface.types import FloatArray

_log = logging.getLogger(__name__)

_ATTEMPTS = 3
_RETRY_S = 1.0
_TICK_S = 5.0
# A file that is missing or old is written when its group has been quiet for so long.
_QUIET_S = 60.0
# A graph that gives another first answer than the exact scan in more than 1 of 100 samples is made anew (the
# budget asks for recall@1 >= 0.999; below this share it is not chance any more).
_LEAST_RECALL = 0.99
_LEAST_AUDITS = 100

Answer = TypeVar("Answer")


class IndexManager:
    """Changes come from one thread at a time (who holds the store's writer lock), searches from any thread.

    Invariant: after :meth:`apply` returns, every search sees the change; if the graph failed, through the exact
    matrix, and if that failed too, after loading the group from SQLite again.
    """

    def __init__(
        self,
        width: int,
        config: IndexConfig,
        *,
        load: Callable[[int], GroupFaces],
        writing: AbstractContextManager[object],
        stamp: Callable[[int, bytes], None],
        files: IndexFiles | None,
        graph: GraphFactory = HnswIndex,
    ) -> None:
        """``load`` reads a group from SQLite, ``writing`` is the store's reentrant writer lock, ``stamp`` records
        in SQLite which index file is valid. ``files=None`` saves nothing."""
        self._load = load
        self._writing = writing
        self._files = files
        self._groups: dict[int, GroupIndex] = {}
        self.audit = RecallAudit(config.audit_every)
        self._thread = BackgroundThread("edgeface-index", self._save_quiet, _TICK_S)
        self._keeper = GraphKeeper(
            width,
            config,
            files=files,
            writing=writing,
            stamp=stamp,
            graph=graph,
            stop=self._thread.stopping,
        )

    # --- changes

    def open_group(self, group: int, faces: GroupFaces) -> None:
        """Take up a group that SQLite has (row number)."""
        index = GroupIndex(group, faces)
        self._groups[group] = index
        self._attend(index)

    def close_group(self, group: int) -> None:
        """Forget a removed group; its vectors are overwritten."""
        index = self._groups.pop(group, None)
        self.audit.forget(group)
        if index is not None:
            index.close()

    def before_removal(self, group: int) -> None:
        """Call before faces are removed from SQLite: from here on no index file holds them, or will.

        Raises ``OSError``.
        """
        index = self._groups.get(group)
        if index is not None:
            index.removals += 1
        if self._files is not None:
            self._files.remove(group)

    def apply(self, change: GroupChange) -> None:
        """Bring a committed change into memory. Does not raise for an index's sake: SQLite has the change."""
        index = self._groups[change.group]
        try:
            index.apply(change)
        except Exception as error:
            _log.warning("group %d is loaded again: %r", change.group, error)
            self._reload(index)
        index.changed_at = time.monotonic()
        self._attend(index)

    def check_revision(self, group: int, revision: int | None) -> None:
        """Read a group again unless its index has SQLite's revision; forget it when that is ``None``."""
        index = self._groups.get(group)
        if index is None or index.revision == revision:
            return
        if revision is None:
            self.close_group(group)
        else:
            self._reload(index)

    def _reload(self, index: GroupIndex) -> None:
        try:
            index.load(self._load(index.group))
        except Exception as error:
            _log.warning("group %d could not be loaded: %r", index.group, error)

    # --- searches

    def search(self, group: int, vector: FloatArray, top: int) -> Hits:
        """The best face of each of the group's ``top`` most similar users; none when the group is gone."""
        index = self._groups.get(group)
        if index is None:
            return NO_HITS
        hits, fast = self._ask(index, lambda: index.search(vector, top))
        if self.audit.count(group, vector, top, fast=fast):
            self._thread.submit("audit", self._run_audit)
        return hits

    def search_user(self, group: int, vector: FloatArray, user: int) -> Hits:
        """The best face of one user (row number)."""
        index = self._groups.get(group)
        return NO_HITS if index is None else self._ask(index, lambda: index.search_user(vector, user))

    def _ask(self, index: GroupIndex, question: Callable[[], Answer]) -> Answer:
        try:
            return question()
        except IndexBehindError:
            # An earlier change could not be applied, for want of memory say. Wrong answers are worse than late ones.
            with self._writing:
                if not index.whole and not index.closed:
                    index.load(self._load(index.group))
                    self._attend(index)
        return question()

    # --- the background

    def settle(self, timeout_s: float = 60.0) -> bool:
        """Wait until every due index is built and every sample compared; whether that came true in time."""
        return self._thread.settle(timeout_s)

    def halt(self) -> None:
        """Stop the background for good. Not under the writer lock: the running job may be waiting for it."""
        self._thread.stop()

    def save(self) -> None:
        """Stop the background and save what would be missed at the next start."""
        self.halt()
        for index in list(self._groups.values()):
            if self._keeper.needs_saving(index):
                self._keeper.save(index)

    def clear(self) -> None:
        """Stop the background and overwrite all vectors, saving nothing."""
        self.halt()
        for group in list(self._groups):
            self.close_group(group)

    def _attend(self, index: GroupIndex) -> None:
        """Queue a build where one is due; drop a graph that is not wanted any more."""
        if not self._keeper.wants(index):
            if index.state is not IndexState.UNLOADED:
                index.discard_mirror(IndexState.UNLOADED)
                with contextlib.suppress(OSError):  # a file that is left over is of no use, and harmless
                    self.before_removal(index.group)
            return
        if index.state in (IndexState.UNLOADED, IndexState.DIRTY, IndexState.FAILED):
            if index.state is IndexState.FAILED:
                index.attempts = 0
            self._thread.submit(("build", index.group), lambda: self._build(index))

    def _build(self, index: GroupIndex) -> None:
        while not self._thread.stopping() and not index.closed and self._keeper.wants(index):
            if index.state is IndexState.READY:
                return
            try:
                if self._keeper.build(index):
                    self.audit.forget(index.group)
                    return
            except Exception as error:
                index.attempts += 1
                _log.warning("index of group %d could not be built: %r", index.group, error)
                failed = index.attempts >= _ATTEMPTS
                index.discard_mirror(IndexState.FAILED if failed else IndexState.DIRTY, f"Building failed: {error}")
                if failed:
                    return
                self._thread.pause(_RETRY_S * index.attempts)
            else:
                # Stopped, shrunk, or the group's arrays were laid out anew.
                wanted = self._keeper.wants(index)
                index.discard_mirror(IndexState.DIRTY if wanted else IndexState.UNLOADED)

    def _run_audit(self) -> None:
        while (sample := self.audit.next_sample()) is not None:
            index = self._groups.get(sample.group)
            pair = index.compare(sample.vector, sample.top) if index is not None else None
            if index is None or pair is None:
                continue
            self.audit.record(sample.group, *pair)
            recall = self.audit.recall(sample.group)
            if recall.audits >= _LEAST_AUDITS and (recall.at_1 or 0.0) < _LEAST_RECALL:
                index.discard_mirror(IndexState.DIRTY, "The audit found too many misses.")
                self._attend(index)

    def _save_quiet(self) -> None:
        for index in list(self._groups.values()):
            if self._thread.stopping():
                return
            if time.monotonic() - index.changed_at > _QUIET_S and self._keeper.needs_saving(index):
                self._keeper.save(index)
                index.changed_at = time.monotonic()  # a storage that refuses is not asked again at once

    # --- reports

    def damaged(self) -> int:
        """Faces whose seal does not open."""
        return sum(len(index.damaged) for index in list(self._groups.values()))

    def stats(self, names: dict[int, str]) -> tuple[IndexStats, ...]:
        """Of each group that has or should have a graph; ``names`` by row number."""
        answer = []
        for group, index in list(self._groups.items()):
            if index.state is IndexState.UNLOADED and not self._keeper.wants(index):
                continue
            recall = self.audit.recall(group)
            answer.append(
                IndexStats(
                    group_id=names.get(group, ""),
                    faces=len(index),
                    state=index.state,
                    audits=recall.audits,
                    recall_at_1=recall.at_1,
                    recall_at_top=recall.at_top,
                    detail=index.detail,
                )
            )
        return tuple(answer)
