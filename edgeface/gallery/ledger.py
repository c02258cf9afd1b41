"""SQLite and the indexes, changed together: commit, apply, check the revision, acknowledge."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from edgeface.config import GalleryConfig
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery import face_rows, group_rows, user_rows
from edgeface.gallery.admission import check_id
from edgeface.gallery.changes import Changes
from edgeface.gallery.crypto import Vault
from edgeface.gallery.enrolment import Enrolment, Rules
from edgeface.gallery.group_rows import GroupRow
from edgeface.gallery.index import GroupFaces, IntArray
from edgeface.gallery.index_file import IndexFiles
from edgeface.gallery.index_manager import IndexManager
from edgeface.gallery.store import Store
from edgeface.gallery.user_rows import UserRow
from edgeface.similarity import TemplateSpace
from edgeface.storage.failures import os_failure
from edgeface.types import FloatArray

# Failures of the storage after which only SQLite knows what was committed.
_STORAGE_FAILURES = frozenset(
    {
        ErrorCode.STORAGE_FULL,
        ErrorCode.STORAGE_READ_ONLY,
        ErrorCode.GALLERY_CORRUPT,
        ErrorCode.GALLERY_LOCKED,
        ErrorCode.INTERNAL,
    }
)


class Ledger:
    """The open gallery: the store (authoritative), the index of each group, and the groups' names.

    Invariant: when :meth:`changing` ends well, the change is on the disk and every later search sees it; when it
    raises, nothing changed anywhere.
    """

    def __init__(
        self,
        state_dir: Path,
        vault: Vault,
        contract_id: str,
        space: TemplateSpace,
        config: GalleryConfig,
        *,
        read_only: bool,
    ) -> None:
        self.vault = vault
        self.contract_id = contract_id
        self.space = space
        self.dimension = space.dimension
        self.limits = config.limits
        self.read_only = read_only
        self.store = Store(state_dir, vault, contract_id, space.dimension, read_only=read_only)
        self._files = IndexFiles(state_dir, vault, contract_id, space, config.index)
        self.index = IndexManager(
            space.width,
            config.index,
            load=self._load,
            writing=self.store.writing,
            stamp=self._stamp,
            files=None if read_only else self._files,
        )
        self._numbers: dict[str, int] = {}
        self.revision = 0
        """Grows with every change, once every reader sees it; begins at 0, unlike SQLite's."""
        try:
            self._take_up()
        except BaseException:
            self.index.clear()
            self.store.close()
            raise

    def _take_up(self) -> None:
        with self.store.reading() as connection:
            rows = group_rows.every(connection)
            if not self.read_only:
                with contextlib.suppress(OSError):  # a left-over index file never opens for another group
                    self._files.keep_only({row.number for row in rows})
            for row in rows:
                faces = face_rows.of_group(connection, self.vault, row.number, self.space)
                self.index.open_group(row.number, faces)
                self._numbers[row.name] = row.number

    # --- groups by name

    def number(self, name: str) -> int:
        """A group's row number. Raises ``GROUP_NOT_FOUND``."""
        number = self._numbers.get(name)
        if number is None:
            raise EdgeFaceError(ErrorCode.GROUP_NOT_FOUND, group_id=name)
        return number

    def has(self, name: str) -> bool:
        return name in self._numbers

    def names(self) -> dict[int, str]:
        """Groups' names by row number."""
        return {number: name for name, number in self._numbers.copy().items()}

    def row(self, connection: sqlite3.Connection, name: str) -> GroupRow:
        """A group's row as this transaction sees it. Raises ``GROUP_NOT_FOUND``."""
        row = group_rows.find(connection, name)
        if row is None:
            raise EdgeFaceError(ErrorCode.GROUP_NOT_FOUND, group_id=name)
        return row

    def users(self, connection: sqlite3.Connection, group: str | None, user_id: str) -> list[UserRow]:
        """A user's rows in one group, or in every group for ``None``; never empty.

        Raises ``GROUP_NOT_FOUND``, ``USER_NOT_FOUND``, ``INVALID_ID``.
        """
        check_id(user_id, "user_id")
        if group is None:
            rows = user_rows.find_everywhere(connection, user_id)
        else:
            number = self.row(connection, check_id(group, "group_id")).number
            row = user_rows.find(connection, number, user_id)
            rows = [row] if row else []
        if not rows:
            raise EdgeFaceError(ErrorCode.USER_NOT_FOUND, user_id=user_id)
        return rows

    # --- changes

    def enrolment(self, connection: sqlite3.Connection, changes: Changes, rules: Rules) -> Enrolment:
        """Enrolment within a change."""
        return Enrolment(connection, changes, self.vault, rules, self._near)

    def _near(self, group: int, user: int, vector: FloatArray) -> tuple[int, float] | None:
        hits = self.index.search_user(group, self.space.cosine_probe(vector), user)
        return (int(hits.face_ids[0]), float(hits.scores[0])) if len(hits.face_ids) else None

    @contextmanager
    def changing(self) -> Iterator[tuple[sqlite3.Connection, Changes]]:
        """One change: the body writes to SQLite and notes in :class:`Changes` what the indexes must follow."""
        with self.store.writing:
            changes = Changes()
            try:
                with self.store.transaction() as connection:
                    yield connection, changes
                    self._forget_files(changes)
                    touched = [pending.group.number for pending in changes.touched]
                    revision = group_rows.advance(connection, touched)
            except EdgeFaceError as error:
                if error.code in _STORAGE_FAILURES:
                    self._resync()
                if error.code is ErrorCode.STORAGE_FULL:
                    # The log may be what fills the storage: emptied into the database, it makes room for a retry.
                    self.store.truncate_log()
                raise
            try:
                self._follow(changes, revision)
            finally:
                self.revision += 1
            if changes.erases or self.store.erasure_pending:
                self.store.truncate_log()

    def _forget_files(self, changes: Changes) -> None:
        numbers = [pending.group.number for pending in changes.touched if pending.removed]
        try:
            for number in (*numbers, *changes.dropped.values()):
                self.index.before_removal(number)
        except OSError as error:
            raise os_failure(error) from error

    def _follow(self, changes: Changes, revision: int) -> None:
        for name, number in changes.created.items():
            self.index.open_group(number, _empty(self.space.width))
            self._numbers[name] = number
        for pending in changes.touched:
            self.index.apply(pending.change(revision, self.space))
        for name, number in changes.dropped.items():
            self._numbers.pop(name, None)
            self.index.close_group(number)

    def _resync(self) -> None:
        """After the storage failed in a commit: believe what SQLite says now, whatever it was meant to become."""
        with contextlib.suppress(EdgeFaceError), self.store.reading() as connection:
            rows = {row.name: row for row in group_rows.every(connection)}
            for name in set(self._numbers) - set(rows):
                self.index.close_group(self._numbers.pop(name))
            for name, row in rows.items():
                if name not in self._numbers:
                    faces = face_rows.of_group(connection, self.vault, row.number, self.space)
                    self.index.open_group(row.number, faces)
                    self._numbers[name] = row.number
                self.index.check_revision(row.number, row.revision)
        self.revision += 1

    def _load(self, group: int) -> GroupFaces:
        with self.store.reading() as connection:
            return face_rows.of_group(connection, self.vault, group, self.space)

    def _stamp(self, group: int, stamp: bytes) -> None:
        with self.store.transaction() as connection:
            group_rows.stamp_index(connection, group, stamp)

    # --- the end

    def close(self) -> None:
        """Save the indexes, retry a pending erasure, close the database."""
        with self.store.writing:
            if self.store.erasure_pending:
                self.store.truncate_log()
        self.index.save()
        # The store first: a search that finds no faces any more must find it closed, not take it for an answer.
        self.store.close()
        self.index.clear()

    def abandon(self) -> None:
        """Overwrite what is in memory and close, saving nothing: everything is about to be erased."""
        self.index.halt()
        self.store.close()
        self.index.clear()


def _empty(width: int) -> GroupFaces:
    none: IntArray = np.zeros(0, dtype=np.int64)
    return GroupFaces(0, none, none, np.zeros((0, width), dtype=np.float32))
