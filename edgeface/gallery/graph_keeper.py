"""Builds, loads and saves the graphs of large groups; runs in the background thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager

from edgeface.config import IndexConfig
from edgeface.gallery.group_index import GroupIndex
from edgeface.gallery.hnsw_index import HnswIndex
from edgeface.gallery.index import VectorIndex
from edgeface.gallery.index_file import IndexFileError, IndexFiles, anonymous_file, take_snapshot
from edgeface.gallery.mirror import Mirror
from edgeface.gallery.records import IndexState

_log = logging.getLogger(__name__)

# A group keeps its graph until it has shrunk below this share of the crossover, so that one that hovers there is
# not built again and again.
_KEEP_SHARE = 0.8
# A file is written anew when it is missing or lacks more than this share of the faces; a file that lacks a few is
# completed when it is loaded.
_STALE_SHARE = 0.05
# Room for later faces, so that the graph is not moved in memory soon.
_HEADROOM = 1.1

GraphFactory = Callable[[int, IndexConfig, int], VectorIndex]
"""(width of the vectors, config, capacity) -> an empty index."""


class GraphKeeper:
    """What is done with one group's graph. One thread calls :meth:`build` and :meth:`save`."""

    def __init__(
        self,
        width: int,
        config: IndexConfig,
        *,
        files: IndexFiles | None,
        writing: AbstractContextManager[object],
        stamp: Callable[[int, bytes], None],
        graph: GraphFactory,
        stop: Callable[[], bool],
    ) -> None:
        self._width = width
        self._config = config
        self._files = files
        self._writing = writing
        self._stamp = stamp
        self._graph = graph
        self._stop = stop

    def wants(self, index: GroupIndex) -> bool:
        """Whether the group is large enough for a graph."""
        share = 1.0 if index.state is IndexState.UNLOADED else _KEEP_SHARE
        return len(index) > share * self._config.exact_up_to

    def build(self, index: GroupIndex) -> bool:
        """Load or build the group's graph and let it answer; ``False``: stopped, or the group changed too much.

        Raises whatever the native code raises.
        """
        again = index.state in (IndexState.DIRTY, IndexState.FAILED)
        index.state = IndexState.REBUILDING if again else IndexState.BUILDING
        mirror = None if again else self._from_file(index)
        loaded = mirror is not None
        if mirror is None:
            mirror = Mirror(self._graph(self._width, self._config, int(len(index) * _HEADROOM)))
        if not index.build(mirror, stop=lambda: self._stop() or not self.wants(index)):
            return False
        if not loaded:
            self.save(index)
        return True

    def _from_file(self, index: GroupIndex) -> Mirror | None:
        if self._files is None or not index.stamp:
            return None
        try:
            capacity = int(len(index) * _HEADROOM)
            mirror = self._files.load(index.group, index.revision, index.stamp, capacity)
        except IndexFileError as error:
            _log.info("index file of group %d is not used: %s", index.group, error)
            return None
        index.arrange_like(mirror.held)
        return mirror

    def needs_saving(self, index: GroupIndex) -> bool:
        """Whether the file is missing or lacks many faces."""
        if self._files is None or index.state is not IndexState.READY:
            return False
        return not self._files.exists(index.group) or index.changes > _STALE_SHARE * len(index)

    def save(self, index: GroupIndex) -> None:
        """Write the group's file. A storage that cannot take it is no failure: the graph is built again then."""
        if self._files is None:
            return
        removals = index.removals
        try:
            with anonymous_file() as image:
                with index.lock.reading():
                    mirror = index.mirror
                    if mirror is None or not isinstance(mirror.index, HnswIndex):
                        return
                    changes, revision = index.changes, index.revision
                    snapshot = take_snapshot(mirror, mirror.index, image)
                saved = self._files.save(index.group, revision, snapshot)
        except OSError as error:
            _log.warning("index file of group %d could not be written: %s", index.group, error)
            return
        try:
            with self._writing:
                # A removal that began meanwhile has removed the old file already; this one would bring its faces
                # back to the disk.
                if index.removals == removals and not index.closed:
                    self._stamp(index.group, saved.stamp)
                    saved.publish()
                    index.stamp = saved.stamp
                    index.changes -= changes
        except Exception as error:
            _log.warning("index file of group %d could not be published: %s", index.group, error)
        finally:
            saved.discard()
