"""The database's shape, its migrations, and the checks made when it is opened."""

from __future__ import annotations

import os
import sqlite3
import time

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery.admission import check_contract
from edgeface.gallery.crypto import Vault
from edgeface.storage.database import Schema, version_of, write_ahead
from edgeface.storage.failures import Damaged

# AUTOINCREMENT: a number is never used twice, so an index that lags behind cannot name a stranger.
_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, value NOT NULL) WITHOUT ROWID",
        """CREATE TABLE groups (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            created_at REAL NOT NULL,
            users INTEGER NOT NULL DEFAULT 0,
            faces INTEGER NOT NULL DEFAULT 0,
            revision INTEGER NOT NULL DEFAULT 0,
            index_stamp BLOB
        )""",
        """CREATE TABLE users (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            group_id INTEGER NOT NULL REFERENCES groups(id),
            name TEXT NOT NULL,
            info BLOB NOT NULL,
            created_at REAL NOT NULL,
            updated_at REAL NOT NULL,
            UNIQUE (group_id, name)
        )""",
        "CREATE INDEX users_by_name ON users(name)",
        """CREATE TABLE faces (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            user_id INTEGER NOT NULL REFERENCES users(id),
            token TEXT NOT NULL,
            sealed BLOB NOT NULL,
            created_at REAL NOT NULL,
            UNIQUE (user_id, token)
        )""",
        "CREATE INDEX faces_by_token ON faces(token)",
        # The counts are kept by the database itself, so no code path can forget them. Removal goes faces, users,
        # group (the references refuse another order), so each trigger still finds its owner.
        """CREATE TRIGGER user_added AFTER INSERT ON users BEGIN
            UPDATE groups SET users = users + 1 WHERE id = NEW.group_id;
        END""",
        """CREATE TRIGGER user_removed AFTER DELETE ON users BEGIN
            UPDATE groups SET users = users - 1 WHERE id = OLD.group_id;
        END""",
        """CREATE TRIGGER face_added AFTER INSERT ON faces BEGIN
            UPDATE groups SET faces = faces + 1
            WHERE id = (SELECT group_id FROM users WHERE id = NEW.user_id);
        END""",
        """CREATE TRIGGER face_removed AFTER DELETE ON faces BEGIN
            UPDATE groups SET faces = faces - 1
            WHERE id = (SELECT group_id FROM users WHERE id = OLD.user_id);
        END""",
    ),
    # A group's own text (CloudWalk 2.9.1 "tag"), sealed as users' texts are.
    ("ALTER TABLE groups ADD COLUMN info BLOB NOT NULL DEFAULT x''",),
)
SCHEMA = Schema(
    application_id=0x45464741,  # "EFGA"
    name="a gallery",
    subject="It",
    migrations=_MIGRATIONS,
)

_LOG_PAGES = 250  # of 4096 bytes


def configure(connection: sqlite3.Connection, *, read_only: bool) -> None:
    """Set what SQLite does not remember in the file."""
    connection.execute("PRAGMA foreign_keys = ON")
    if read_only:
        return
    write_ahead(connection)
    # NORMAL loses the last commits on a power cut; an acknowledged enrolment or deletion must not be undone.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    # A quarter of SQLite's default: on a small full disk the log must not be what fills it.
    connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")


def check_sound(connection: sqlite3.Connection) -> None:
    """Raises ``GALLERY_CORRUPT`` or ``GALLERY_VERSION``; a fresh empty database passes."""
    try:
        SCHEMA.check_sound(connection)
    except Damaged as damage:
        raise EdgeFaceError(ErrorCode.GALLERY_CORRUPT, damage.reason) from damage


def is_older(connection: sqlite3.Connection) -> bool:
    """Whether the database still has to be brought to this version."""
    return version_of(connection) < SCHEMA.version


def describe(connection: sqlite3.Connection, vault: Vault, contract_id: str, dimension: int) -> None:
    """Write what the gallery is into a new database (one transaction)."""
    facts = {
        "contract_id": contract_id,
        "dimension": dimension,
        "created_at": time.time(),
        "key_check": vault.seal_check(),
        "revision": 0,
        "lineage": os.urandom(16).hex(),
    }
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO meta (name, value) VALUES (?, ?)", facts.items())
    connection.execute("COMMIT")


def is_described(connection: sqlite3.Connection) -> bool:
    """Whether :func:`describe` has run; false also for an empty database."""
    tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'meta'").fetchone()[0]
    return bool(tables) and connection.execute("SELECT count(*) FROM meta").fetchone()[0] > 0


def check_belongs(connection: sqlite3.Connection, vault: Vault, contract_id: str, dimension: int) -> None:
    """Raises ``CONTRACT_MISMATCH`` or ``GALLERY_KEY`` unless this contract and key made the gallery."""
    facts = dict(connection.execute("SELECT name, value FROM meta").fetchall())
    if not {"contract_id", "dimension", "key_check", "revision"} <= facts.keys():
        raise EdgeFaceError(ErrorCode.GALLERY_CORRUPT, "Its description is incomplete.")
    check_contract(str(facts["contract_id"]), contract_id)
    if facts["dimension"] != dimension:
        raise EdgeFaceError(ErrorCode.CONTRACT_MISMATCH, found=facts["dimension"], expected=dimension)
    if not isinstance(facts["key_check"], bytes) or not vault.opens_check(facts["key_check"]):
        raise EdgeFaceError(ErrorCode.GALLERY_KEY)
