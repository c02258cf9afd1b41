"""The database: one writer, several readers, errors from the catalogue."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery import schema
from edgeface.gallery.crypto import Vault
from edgeface.gallery.storage_errors import sqlite_failure, storage_errors
from edgeface.storage.database import connect, roll_back
from edgeface.storage.files import make_private

DATABASE_NAME = "gallery.db"

# Readers kept for the next call; more may be open at once.
_IDLE_READERS = 4


class Store:
    """SQLite in write-ahead mode, ``synchronous=FULL``. The statements are in ``*_rows.py``, by subject.

    A transaction holds :attr:`writing`, a reentrant lock; readers see the last committed state and wait for nobody.
    """

    def __init__(self, state_dir: Path, vault: Vault, contract_id: str, dimension: int, *, read_only: bool) -> None:
        """Open or create the database, check it, bring it to this version.

        Raises ``GALLERY_CORRUPT``, ``GALLERY_VERSION``, ``CONTRACT_MISMATCH``, ``GALLERY_KEY``, ``STORAGE_*``.
        """
        self._state_dir = state_dir
        self._file = state_dir / DATABASE_NAME
        self._read_only = read_only
        self.writing = threading.RLock()
        self.erasure_pending = False
        self._readers: list[sqlite3.Connection] = []
        self._borrowed = 0
        self._idle = threading.Condition()
        self._closed = False
        with storage_errors(state_dir):
            if not read_only:
                make_private(self._file)  # by us, so that the mode is right; the -wal and -shm files inherit it
            self._writer = self._connect()
            try:
                schema.check_sound(self._writer)
                fresh = not schema.is_described(self._writer)
                if not read_only:
                    schema.SCHEMA.migrate(self._writer)
                    if fresh:
                        schema.describe(self._writer, vault, contract_id, dimension)
                elif fresh:
                    raise EdgeFaceError(ErrorCode.STORAGE_READ_ONLY, "There is no gallery in it yet.")
                elif schema.is_older(self._writer):
                    raise EdgeFaceError(
                        ErrorCode.STORAGE_READ_ONLY,
                        "An older version wrote it; it must be writable once to be updated.",
                    )
                schema.check_belongs(self._writer, vault, contract_id, dimension)
            except BaseException:
                self._writer.close()
                raise

    def _connect(self) -> sqlite3.Connection:
        access = "mode=rw"
        if self._read_only:
            # A storage that nobody can write cannot change under us; without "immutable" SQLite wants to make a
            # -shm file. A log that a crash left behind must be read, though, and then its -shm is there too.
            log = self._file.with_name(f"{DATABASE_NAME}-wal")
            immutable = not (log.exists() and log.stat().st_size)
            access = f"mode=ro{'&immutable=1' if immutable else ''}"
        configure = partial(schema.configure, read_only=self._read_only)
        return connect(self._file, configure, access=access)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One write transaction: everything or nothing, on the disk when it ends.

        Raises ``STORAGE_FULL``, ``STORAGE_READ_ONLY`` (then nothing was written), or what the body raises.
        """
        with self.writing:
            self.check_open()
            if self._read_only:
                raise EdgeFaceError(ErrorCode.STORAGE_READ_ONLY)
            connection = self._writer
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException as error:
                self._roll_back()
                if isinstance(error, sqlite3.Error):
                    raise sqlite_failure(error, self._state_dir) from error
                raise

    def _roll_back(self) -> None:
        if not roll_back(self._writer):
            self._writer = self._connect()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent view of the last committed state."""
        connection = self._borrow()
        try:
            connection.execute("BEGIN")
            yield connection
        except sqlite3.Error as error:
            raise sqlite_failure(error, self._state_dir) from error
        finally:
            self._return(connection)

    def truncate_log(self) -> bool:
        """Move the write-ahead log into the database and cut it to nothing, so that deleted rows are gone.

        ``False``: a reader or the storage was in the way; :attr:`erasure_pending` stays set for a later call.
        """
        with self.writing:
            if self._read_only or self._closed:
                return False
            try:
                busy = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except sqlite3.Error:
                busy = 1
            self.erasure_pending = bool(busy)
            return not busy

    def close(self) -> None:
        """Wait for the readers, then close; SQLite empties its log into the database."""
        with self.writing:
            with self._idle:
                if self._closed:
                    return
                self._closed = True
                while self._borrowed:
                    self._idle.wait()
                for connection in self._readers:
                    connection.close()
                self._readers.clear()
            with storage_errors(self._state_dir):
                self._writer.close()

    def check_open(self) -> None:
        """Raises ``SHUTTING_DOWN`` after :meth:`close`."""
        if self._closed:
            raise EdgeFaceError(ErrorCode.SHUTTING_DOWN, "The gallery is closed.")

    def _borrow(self) -> sqlite3.Connection:
        with self._idle:
            self.check_open()
            self._borrowed += 1
            if self._readers:
                return self._readers.pop()
        try:
            with storage_errors(self._state_dir):
                return self._connect()
        except BaseException:
            self._release()
            raise

    def _return(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            sound = True
        except sqlite3.Error:
            sound = False
        with self._idle:
            if sound and len(self._readers) < _IDLE_READERS:
                self._readers.append(connection)
            else:
                connection.close()
        self._release()

    def _release(self) -> None:
        with self._idle:
            self._borrowed -= 1
            self._idle.notify_all()
