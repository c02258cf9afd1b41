"""SQL about faces. Functions take a connection inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from cryptography.exceptions import InvalidTag

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery.crypto import Vault
from edgeface.gallery.index import GroupFaces
from edgeface.gallery.records import Candidate, FaceRecord
from edgeface.similarity import TemplateSpace
from edgeface.types import FloatArray

_RECORD = (
    "SELECT faces.id, groups.name, users.name, faces.token, faces.created_at FROM faces "
    "JOIN users ON users.id = faces.user_id JOIN groups ON groups.id = users.group_id "
)


@dataclass(frozen=True, slots=True)
class SealedFace:
    """A face's row as it stands in the database."""

    number: int
    token: str
    sealed: bytes
    created_at: float


def of_user(connection: sqlite3.Connection, user: int) -> list[SealedFace]:
    """A user's faces in the order of their enrolment."""
    rows = connection.execute(
        "SELECT id, token, sealed, created_at FROM faces WHERE user_id = ? ORDER BY id", (user,)
    )
    return [SealedFace(*row) for row in rows]


def numbers(connection: sqlite3.Connection, user: int, token: str | None = None) -> list[int]:
    """The numbers of a user's faces; of the one with this token, if it is given."""
    if token is None:
        rows = connection.execute("SELECT id FROM faces WHERE user_id = ?", (user,))
    else:
        rows = connection.execute("SELECT id FROM faces WHERE user_id = ? AND token = ?", (user, token))
    return [row[0] for row in rows]


def records(connection: sqlite3.Connection, user: int) -> tuple[FaceRecord, ...]:
    rows = connection.execute(_RECORD + "WHERE faces.user_id = ? ORDER BY faces.id", (user,))
    return tuple(FaceRecord(*row) for row in rows)


def with_token(connection: sqlite3.Connection, token: str) -> tuple[FaceRecord, ...]:
    rows = connection.execute(_RECORD + "WHERE faces.token = ? ORDER BY faces.id", (token,))
    return tuple(FaceRecord(*row) for row in rows)


def add(connection: sqlite3.Connection, user: int, token: str, sealed: bytes, now: float) -> int:
    """The new face's number."""
    cursor = connection.execute(
        "INSERT INTO faces (user_id, token, sealed, created_at) VALUES (?, ?, ?, ?)", (user, token, sealed, now)
    )
    return int(cursor.lastrowid or 0)


def remove(connection: sqlite3.Connection, faces: Sequence[int]) -> None:
    connection.executemany("DELETE FROM faces WHERE id = ?", ((number,) for number in faces))


def token_of(connection: sqlite3.Connection, number: int) -> str:
    """A face's token; empty when there is no such face."""
    row = connection.execute("SELECT token FROM faces WHERE id = ?", (number,)).fetchone()
    return str(row[0]) if row else ""


def template(connection: sqlite3.Connection, vault: Vault, number: int) -> FloatArray:
    """A face's vector. Raises ``FACE_NOT_FOUND``, or ``GALLERY_CORRUPT`` when its seal does not open."""
    row = connection.execute("SELECT sealed, token FROM faces WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise EdgeFaceError(ErrorCode.FACE_NOT_FOUND)
    try:
        return vault.open_template(*row)
    except InvalidTag as error:
        raise EdgeFaceError(ErrorCode.GALLERY_CORRUPT, "A face does not open.", face_id=number) from error


def candidates(
    connection: sqlite3.Connection, vault: Vault, found: Sequence[tuple[int, float]]
) -> tuple[Candidate, ...]:
    """The candidates of (face number, similarity) pairs, in their order; faces that are gone are left out."""
    marks = ",".join("?" * len(found))
    rows = connection.execute(
        "SELECT faces.id, groups.name, users.name, users.info, faces.token FROM faces "  # noqa: S608 - only marks
        "JOIN users ON users.id = faces.user_id JOIN groups ON groups.id = users.group_id "
        f"WHERE faces.id IN ({marks})",
        [number for number, _ in found],
    )
    by_number = {number: rest for number, *rest in rows}
    answer = []
    for number, similarity in found:
        if number in by_number:
            group, user, info, token = by_number[number]
            answer.append(Candidate(group, user, vault.open_info(info, user), token, similarity))
    return tuple(answer)


def of_group(connection: sqlite3.Connection, vault: Vault, group: int, space: TemplateSpace) -> GroupFaces:
    """All faces of a group, opened, for the index: vectors of the space.

    Rows that do not open are left out and named.
    """
    facts = connection.execute(
        "SELECT faces, revision, coalesce(index_stamp, x'') FROM groups WHERE id = ?", (group,)
    ).fetchone()
    count, revision, stamp = facts if facts else (0, 0, b"")
    vectors: FloatArray = np.zeros((count, space.width), dtype=np.float32)
    rows = connection.execute(
        "SELECT faces.id, faces.user_id, faces.token, faces.sealed FROM users "
        "JOIN faces ON faces.user_id = users.id WHERE users.group_id = ?",
        (group,),
    )
    opened, damaged = vault.open_templates(_named(rows), vectors[:, : space.dimension])
    space.complete(vectors[: len(opened)])
    names: npt.NDArray[np.int64] = np.array(opened, dtype=np.int64).reshape(-1, 2)
    return GroupFaces(
        revision=revision,
        face_ids=names[:, 0].copy(),
        user_ids=names[:, 1].copy(),
        vectors=vectors[: len(opened)],
        damaged=tuple(face for face, _ in damaged),
        index_stamp=stamp,
    )


def _named(rows: Iterator[tuple[int, int, str, bytes]]) -> Iterator[tuple[tuple[int, int], str, bytes]]:
    for face, user, token, sealed in rows:
        yield (face, user), token, sealed
