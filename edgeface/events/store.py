"""The database: one writer, one reader, errors from the catalogue, and how much was written."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeface.events import schema
from edgeface.events.files import DATABASE
from edgeface.events.storage_errors import sqlite_failure
from edgeface.events.vault import Vault
from edgeface.storage.database import connect, roll_back
from edgeface.storage.failures import Damaged, os_failure
from edgeface.storage.files import make_private

_LOG_BYTES = 1024 * 1024
"""Size of the write-ahead log from which it is emptied into the database: SQLite's own 1000 pages are 4 MB, and on
a small full disk the log must not be what fills it."""
_PAGE_BYTES = 4096


class Store:
    """SQLite in write-ahead mode. Writes come from the holder of the log's lock; a read waits for another read."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        """Open or create the database, check it, bring it to this version.

        Raises :class:`Damaged`, ``GALLERY_VERSION``, ``STORAGE_*``.
        """
        self._folder = folder
        self._file = folder / DATABASE
        self._log_file = folder / f"{DATABASE}-wal"
        self._reading = threading.Lock()
        self._durable: bool | None = None
        self.transactions = 0
        log_before = self._log_size()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            make_private(self._file)  # by us, so that the mode is right; the -wal and -shm files inherit it
        except OSError as error:
            raise os_failure(error) from error
        with self._failures():
            self._writer = self._connect()
            try:
                schema.SCHEMA.check_sound(self._writer)
                schema.SCHEMA.migrate(self._writer)
                self._check_key(vault)
                self._reader = self._connect()
            except BaseException:
                self._writer.close()
                raise
        self._log_bytes = self._log_size()
        self.bytes_written = max(0, self._log_bytes - log_before)

    @contextmanager
    def transaction(self, *, durable: bool) -> Iterator[sqlite3.Connection]:
        """One write transaction: everything or nothing.

        ``durable``: on the disk when it ends (``synchronous=FULL``); else it survives the process, and a power cut
        may take the last of them (``NORMAL``). Raises ``STORAGE_*`` and :class:`Damaged`; then nothing was written.
        """
        with self._failures():
            connection = self._writer
            if durable is not self._durable:
                connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._durable = durable
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
        self.transactions += 1
        size = self._log_size()
        self.bytes_written += max(0, size - self._log_bytes)
        self._log_bytes = size

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The last committed state. Raises :class:`Damaged`, ``STORAGE_*``."""
        with self._reading, self._failures():
            yield self._reader

    @contextmanager
    def overwriting(self) -> Iterator[None]:
        """Rows removed inside are overwritten with zeros, and gone from the write-ahead log at the end."""
        with self._failures():
            self._writer.execute("PRAGMA secure_delete = ON")
            try:
                yield
                self.empty_log()
            finally:
                self._writer.execute("PRAGMA secure_delete = OFF")

    @property
    def log_is_long(self) -> bool:
        """Whether :meth:`empty_log` is due."""
        return self._log_bytes > _LOG_BYTES

    def empty_log(self) -> None:
        """Move the write-ahead log into the database and cut it to nothing. Raises ``STORAGE_*``."""
        with self._reading, self._failures():
            _, _, moved = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        self.bytes_written += max(0, moved) * _PAGE_BYTES
        self._log_bytes = self._log_size()

    def close(self) -> None:
        """Close; SQLite empties its log into the database. A second call does nothing."""
        with self._reading, self._failures():
            self._reader.close()
            self._writer.close()

    def abandon(self) -> None:
        """Close a database whose files are about to be renamed or removed, whatever state it is in."""
        with self._reading:
            for connection in (self._reader, self._writer):
                try:
                    connection.close()
                except sqlite3.Error:
                    continue

    def _connect(self) -> sqlite3.Connection:
        return connect(self._file, schema.configure)

    def _check_key(self, vault: Vault) -> None:
        row = self._writer.execute("SELECT value FROM meta WHERE name = 'key_check'").fetchone()
        if row is not None and isinstance(row[0], bytes) and vault.opens_check(row[0]):
            return
        if self._writer.execute("SELECT 1 FROM events LIMIT 1").fetchone():
            raise Damaged("It was sealed with another key.")
        self._writer.execute("INSERT OR REPLACE INTO meta VALUES ('key_check', ?)", (vault.seal_check(),))

    def _roll_back(self) -> None:
        if not roll_back(self._writer):
            self._durable = None
            self._writer = self._connect()

    def _log_size(self) -> int:
        try:
            return self._log_file.stat().st_size
        except OSError:
            return 0

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise sqlite_failure(error, self._folder) from error
