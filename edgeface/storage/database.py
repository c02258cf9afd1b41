"""An SQLite database of ours: its shape and version, and connections to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.storage.failures import Damaged


@dataclass(frozen=True, slots=True)
class Schema:
    """What a database is and how it came to its shape."""

    application_id: int
    """Four letters, so that ``file`` and we know the database."""
    name: str
    """For messages, with its article: "a gallery"."""
    subject: str
    """For messages, what has the version: "It"."""
    migrations: tuple[tuple[str, ...], ...]
    """Entry i brings a database from version i to version i + 1. Entries are never edited once released."""

    @property
    def version(self) -> int:
        """The version that this EdgeFace writes."""
        return len(self.migrations)

    def check_sound(self, connection: sqlite3.Connection) -> None:
        """Raises :class:`Damaged` or ``GALLERY_VERSION``; a fresh empty database passes."""
        version = version_of(connection)
        owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
        tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
        if (tables or version) and owner != self.application_id:
            raise Damaged(f"The database is not {self.name}.")
        if version > self.version:
            raise EdgeFaceError(
                ErrorCode.GALLERY_VERSION,
                f"{self.subject} has version {version}, this EdgeFace knows {self.version}.",
                found=version,
            )
        answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if answer != "ok":
            raise Damaged("Its pages are inconsistent (quick_check).")

    def migrate(self, connection: sqlite3.Connection) -> None:
        """Bring a database to this version, in one transaction per step."""
        for number in range(version_of(connection), self.version):
            connection.execute("BEGIN IMMEDIATE")
            try:
                for statement in self.migrations[number]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {self.application_id}")
                connection.execute(f"PRAGMA user_version = {number + 1}")
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise


def version_of(connection: sqlite3.Connection) -> int:
    """The version that a database has; 0 for an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def connect(
    file: Path, configure: Callable[[sqlite3.Connection], None], *, access: str = "mode=rw"
) -> sqlite3.Connection:
    """A connection that begins no transaction of its own and may be used by any thread, one at a time.

    ``configure``: sets what SQLite does not remember in the file. ``access``: the query of SQLite's file URI.
    """
    connection = sqlite3.connect(
        f"{file.resolve().as_uri()}?{access}", uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA trusted_schema = OFF")
        configure(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def write_ahead(connection: sqlite3.Connection) -> None:
    """Keep a write-ahead log. Raises ``STORAGE_READ_ONLY`` where the file system cannot hold one."""
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        # A rollback journal would keep erased rows in files that are merely unlinked.
        raise EdgeFaceError(ErrorCode.STORAGE_READ_ONLY, "The file system cannot hold a write-ahead log.")


def roll_back(connection: sqlite3.Connection) -> bool:
    """Undo the open transaction. ``False``: SQLite would not, and the connection is closed now, because only a fresh
    one is certain to hold no half transaction."""
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error:
        connection.close()
        return False
    return True
