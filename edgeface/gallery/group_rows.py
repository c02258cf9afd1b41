"""SQL about groups and the gallery's revision. Functions take a connection inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from edgeface.gallery.crypto import Vault
from edgeface.gallery.records import GroupRecord


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group's row: ``number`` is its primary key, ``revision`` the gallery's when its faces last changed."""

    number: int
    name: str
    users: int
    faces: int
    revision: int
    index_stamp: bytes
    info: bytes = b""
    """Sealed."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The gallery's size and revision."""

    groups: int
    users: int
    faces: int
    revision: int


_RECORD = "SELECT name, created_at, users, faces, info FROM groups "
_COLUMNS = "id, name, users, faces, revision, coalesce(index_stamp, x''), info"


def find(connection: sqlite3.Connection, name: str) -> GroupRow | None:
    row = connection.execute(f"SELECT {_COLUMNS} FROM groups WHERE name = ?", (name,)).fetchone()  # noqa: S608
    return GroupRow(*row) if row else None


def every(connection: sqlite3.Connection) -> list[GroupRow]:
    return [GroupRow(*row) for row in connection.execute(f"SELECT {_COLUMNS} FROM groups ORDER BY id")]  # noqa: S608


def page(connection: sqlite3.Connection, vault: Vault, start: int, length: int) -> tuple[GroupRecord, ...]:
    rows = connection.execute(_RECORD + "ORDER BY id LIMIT ? OFFSET ?", (length, start))
    return tuple(_open(vault, row) for row in rows)


def record(connection: sqlite3.Connection, vault: Vault, number: int) -> GroupRecord:
    return _open(vault, connection.execute(_RECORD + "WHERE id = ?", (number,)).fetchone())


def _open(vault: Vault, row: tuple[str, float, int, int, bytes]) -> GroupRecord:
    name, created, users, faces, info = row
    return GroupRecord(name, created, users, faces, vault.open_group_info(info, name))


def add(connection: sqlite3.Connection, name: str, now: float, info: bytes = b"") -> int:
    """The new group's number; ``info`` is sealed."""
    cursor = connection.execute("INSERT INTO groups (name, created_at, info) VALUES (?, ?, ?)", (name, now, info))
    return int(cursor.lastrowid or 0)


def set_info(connection: sqlite3.Connection, number: int, info: bytes) -> None:
    """Replace a group's sealed text."""
    connection.execute("UPDATE groups SET info = ? WHERE id = ?", (info, number))


def remove(connection: sqlite3.Connection, number: int) -> None:
    """Remove a group and all in it."""
    connection.execute("DELETE FROM faces WHERE user_id IN (SELECT id FROM users WHERE group_id = ?)", (number,))
    connection.execute("DELETE FROM users WHERE group_id = ?", (number,))
    connection.execute("DELETE FROM groups WHERE id = ?", (number,))


def revision(connection: sqlite3.Connection, number: int) -> int | None:
    row = connection.execute("SELECT revision FROM groups WHERE id = ?", (number,)).fetchone()
    return int(row[0]) if row else None


def advance(connection: sqlite3.Connection, changed: Iterable[int] = ()) -> int:
    """Count one committed change; ``changed`` are the groups whose faces it touches. The new revision."""
    connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'revision'")
    now = int(connection.execute("SELECT value FROM meta WHERE name = 'revision'").fetchone()[0])
    connection.executemany("UPDATE groups SET revision = ? WHERE id = ?", ((now, number) for number in changed))
    return now


def stamp_index(connection: sqlite3.Connection, number: int, stamp: bytes) -> None:
    """Remember which index file belongs to this state of the group."""
    connection.execute("UPDATE groups SET index_stamp = ? WHERE id = ?", (stamp, number))


def totals(connection: sqlite3.Connection) -> Totals:
    row = connection.execute(
        "SELECT count(*), coalesce(sum(users), 0), coalesce(sum(faces), 0), "
        "(SELECT value FROM meta WHERE name = 'revision') FROM groups"
    ).fetchone()
    return Totals(*row)
