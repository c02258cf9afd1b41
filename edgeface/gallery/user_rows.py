"""SQL about users. Functions take a connection inside a transaction."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from edgeface.gallery.crypto import Vault
from edgeface.gallery.records import UserRecord


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user's row: ``number`` is its primary key; ``info`` is sealed."""

    number: int
    group: int
    name: str
    info: bytes
    created_at: float


_ROW = "SELECT id, group_id, name, info, created_at FROM users "
_RECORD = (
    "SELECT groups.name, users.name, users.info, users.created_at, users.updated_at, "
    "(SELECT count(*) FROM faces WHERE faces.user_id = users.id) "
    "FROM users JOIN groups ON groups.id = users.group_id "
)


def find(connection: sqlite3.Connection, group: int, name: str) -> UserRow | None:
    row = connection.execute(_ROW + "WHERE group_id = ? AND name = ?", (group, name)).fetchone()
    return UserRow(*row) if row else None


def find_everywhere(connection: sqlite3.Connection, name: str) -> list[UserRow]:
    rows = connection.execute(_ROW + "WHERE name = ? ORDER BY group_id", (name,))
    return [UserRow(*row) for row in rows]


def of_group(connection: sqlite3.Connection, group: int) -> list[UserRow]:
    """A group's users in the order of their enrolment."""
    return [UserRow(*row) for row in connection.execute(_ROW + "WHERE group_id = ? ORDER BY id", (group,))]


def names(connection: sqlite3.Connection, group: int) -> tuple[str, ...]:
    """A group's users' ids in the order of their enrolment."""
    rows = connection.execute("SELECT name FROM users WHERE group_id = ? ORDER BY id", (group,))
    return tuple(row[0] for row in rows)


def record(connection: sqlite3.Connection, vault: Vault, number: int) -> UserRecord:
    return _open(vault, connection.execute(_RECORD + "WHERE users.id = ?", (number,)).fetchone())


def page(connection: sqlite3.Connection, vault: Vault, group: int, start: int, length: int) -> tuple[UserRecord, ...]:
    """A group's users in the order of their enrolment."""
    rows = connection.execute(
        _RECORD + "WHERE users.group_id = ? ORDER BY users.id LIMIT ? OFFSET ?", (group, length, start)
    )
    return tuple(_open(vault, row) for row in rows)


def add(connection: sqlite3.Connection, group: int, name: str, info: bytes, now: float) -> int:
    """The new user's number."""
    cursor = connection.execute(
        "INSERT INTO users (group_id, name, info, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
        (group, name, info, now, now),
    )
    return int(cursor.lastrowid or 0)


def touch(connection: sqlite3.Connection, number: int, info: bytes | None, now: float) -> None:
    """Note the time of a change, and the new sealed info unless it is ``None``."""
    connection.execute("UPDATE users SET updated_at = ?, info = coalesce(?, info) WHERE id = ?", (now, info, number))


def remove(connection: sqlite3.Connection, number: int) -> None:
    """Remove a user and all its faces."""
    connection.execute("DELETE FROM faces WHERE user_id = ?", (number,))
    connection.execute("DELETE FROM users WHERE id = ?", (number,))


def _open(vault: Vault, row: tuple[str, str, bytes, float, float, int]) -> UserRecord:
    group, name, info, created, updated, faces = row
    return UserRecord(group, name, vault.open_info(info, name), created, updated, faces)
