"""The database's shape and its migrations, and what is set when it is opened."""

from __future__ import annotations

import sqlite3

from edgeface.storage.database import Schema, write_ahead

_MIGRATIONS: tuple[tuple[str, ...], ...] = (
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
SCHEMA = Schema(
    application_id=0x45464556,  # "EFEV"
    name="an event log",
    subject="Its event log",
    migrations=_MIGRATIONS,
)


def configure(connection: sqlite3.Connection) -> None:
    """Set what SQLite does not remember in the file."""
    write_ahead(connection)
    # We empty the log ourselves (store.py), because only then its size says how much was written.
    connection.execute("PRAGMA wal_autocheckpoint = 0")
