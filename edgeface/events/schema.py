"""The database's shape, its migrations, and the checks made when it is opened."""

from __future__ import annotations

import sqlite3

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.storage_errors import Damaged

APPLICATION_ID = 0x45464556  # "EFEV", so that `file` and we know the database

# Entry i brings a database from version i to version i + 1. Entries are never edited once released.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, value NOT NULL) WITHOUT ROWID",
        """CREATE TABLE events (
            sequence INTEGER PRIMARY KEY,
            event_id BLOB NOT NULL,
            kind TEXT NOT NULL,
            wall_at REAL NOT NULL,
            monotonic_at REAL NOT NULL,
            boot_id TEXT NOT NULL,
            clock_trusted INTEGER NOT NULL,
            expires_at REAL,
            sealed BLOB NOT NULL
        )""",
        "CREATE INDEX events_by_kind ON events(kind)",  # the sequence is part of it: SQLite's rowid
        # Who is in an event: a keyed hash, so that a person's events are found without opening all of them.
        """CREATE TABLE people (
            mark BLOB NOT NULL,
            sequence INTEGER NOT NULL,
            PRIMARY KEY (mark, sequence)
        ) WITHOUT ROWID""",
        # How far each sink has got.
        "CREATE TABLE cursors (sink TEXT PRIMARY KEY NOT NULL, sequence INTEGER NOT NULL) WITHOUT ROWID",
    ),
)
VERSION = len(MIGRATIONS)


def configure(connection: sqlite3.Connection) -> None:
    """Set what SQLite does not remember in the file."""
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA trusted_schema = OFF")
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise EdgeFaceError(ErrorCode.STORAGE_READ_ONLY, "The file system cannot hold a write-ahead log.")
    # We empty the log ourselves (store.py), because only then its size says how much was written.
    connection.execute("PRAGMA wal_autocheckpoint = 0")


def check_sound(connection: sqlite3.Connection) -> None:
    """Raises :class:`Damaged`, or ``GALLERY_VERSION``; a fresh empty database passes."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if (tables or version) and owner != APPLICATION_ID:
        raise Damaged("The database is not an event log.")
    if version > VERSION:
        raise EdgeFaceError(
            ErrorCode.GALLERY_VERSION,
            f"Its event log has version {version}, this EdgeFace knows {VERSION}.",
            found=version,
        )
    answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if answer != "ok":
        raise Damaged("Its pages are inconsistent (quick_check).")


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the database to this version, in one transaction per step."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    for number in range(version, VERSION):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in MIGRATIONS[number]:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
