"""How faces come in: the rules of one enrolment, inside one transaction."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

from edgeface.config import GalleryLimits
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery import face_rows, group_rows, user_rows
from edgeface.gallery.changes import Changes, Pending
from edgeface.gallery.crypto import Vault
from edgeface.gallery.group_rows import GroupRow
from edgeface.gallery.records import NewFace
from edgeface.gallery.user_rows import UserRow
from edgeface.types import FloatArray

Near = Callable[[int, int, FloatArray], tuple[int, float] | None]
"""(group number, user number, vector) -> the user's most similar face (number, cosine), if it has one."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What one call allows. ``duplicate_similarity``: cosine from which a face is almost identical; ``None``: any
    face is taken."""

    limits: GalleryLimits
    create_group: bool = True
    create_user: bool = True
    new_user_only: bool = False
    replace: bool = False
    skip_existing: bool = False
    duplicate_similarity: float | None = None


class Enrolment:
    """Adds faces within one transaction, noting in ``changes`` what the index must learn after the commit."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        changes: Changes,
        vault: Vault,
        rules: Rules,
        near: Near,
    ) -> None:
        self._connection = connection
        self._changes = changes
        self._vault = vault
        self._rules = rules
        self._near = near
        self._now = time.time()
        self._users_left: dict[int, int] = {}
        self._replaced: set[int] = set()

    def group(self, name: str, info: str = "") -> Pending:
        """The group, made with this text if the rules allow it. Raises ``GROUP_NOT_FOUND``, ``LIMIT_GROUPS``."""
        if name in self._changes.pending:
            return self._changes.pending[name]
        row = group_rows.find(self._connection, name)
        if row is None:
            if not self._rules.create_group:
                raise EdgeFaceError(ErrorCode.GROUP_NOT_FOUND, group_id=name)
            sealed = self._vault.seal_group_info(info, name)
            number = add_group(self._connection, name, self._rules.limits, self._now, sealed)
            self._changes.created[name] = number
            row = GroupRow(number, name, 0, 0, 0, b"")
        self._users_left[row.number] = self._rules.limits.max_users_per_group - row.users
        return self._changes.group(row)

    def user(self, group: Pending, name: str, user_info: str | None, created_at: float | None = None) -> int:
        """The user's number, made if the rules allow it, with this info unless it is ``None``.

        Raises ``USER_NOT_FOUND``, ``USER_EXISTS``, ``LIMIT_USERS``.
        """
        number = group.group.number
        row = user_rows.find(self._connection, number, name)
        sealed = None if user_info is None else self._vault.seal_info(user_info, name)
        if row is not None:
            if self._rules.new_user_only:
                raise EdgeFaceError(ErrorCode.USER_EXISTS, group_id=group.group.name, user_id=name)
            user_rows.touch(self._connection, row.number, sealed, self._now)
            return row.number
        if not self._rules.create_user:
            raise EdgeFaceError(ErrorCode.USER_NOT_FOUND, group_id=group.group.name, user_id=name)
        if self._users_left[number] < 1:
            limit = self._rules.limits.max_users_per_group
            raise EdgeFaceError(ErrorCode.LIMIT_USERS, group_id=group.group.name, limit=limit)
        self._users_left[number] -= 1
        return user_rows.add(
            self._connection, number, name, sealed or b"", self._now if created_at is None else created_at
        )

    def user_if_new(self, group: Pending, name: str, user_info: str, created_at: float) -> None:
        """Make the user unless it is there; one that is there stays as it is."""
        if user_rows.find(self._connection, group.group.number, name) is None:
            self.user(group, name, user_info, created_at)

    def face(self, face: NewFace) -> int | None:
        """The new face's number; ``None`` when it exists and the rules say to skip it.

        Raises ``FACE_EXISTS``, ``FACE_NEARLY_IDENTICAL``, ``LIMIT_FACES`` and what :meth:`user` raises.
        """
        group = self.group(face.group_id)
        user = self.user(group, face.user_id, face.user_info, face.created_at)
        facts = {"group_id": face.group_id, "user_id": face.user_id}
        if self._rules.replace and user not in self._replaced:
            earlier = face_rows.numbers(self._connection, user)
            face_rows.remove(self._connection, earlier)
            group.removed += earlier
            self._replaced.add(user)
        else:
            if face_rows.numbers(self._connection, user, face.face_token):
                if self._rules.skip_existing:
                    return None
                raise EdgeFaceError(ErrorCode.FACE_EXISTS, face_token=face.face_token, **facts)
            limit = self._rules.limits.max_faces_per_user
            if len(face_rows.numbers(self._connection, user)) >= limit:
                raise EdgeFaceError(ErrorCode.LIMIT_FACES, limit=limit, **facts)
            self._refuse_nearly_identical(group.group.number, user, face)
        sealed = self._vault.seal_template(face.vector, face.face_token)
        created = self._now if face.created_at is None else face.created_at
        number = face_rows.add(self._connection, user, face.face_token, sealed, created)
        group.face_ids.append(number)
        group.user_ids.append(user)
        group.vectors.append(face.vector)
        return number

    def copy(self, source: UserRow, target_group: str) -> int:
        """Copy a user's info and faces from another group; how many faces were new there."""
        group = self.group(target_group)
        there = user_rows.find(self._connection, group.group.number, source.name)
        self.user(group, source.name, None if there else self._vault.open_info(source.info, source.name))
        return self._copy_faces(source, target_group)

    def copy_to_new(self, source: UserRow, target_group: str) -> int:
        """As :meth:`copy`, but raise ``USER_EXISTS`` where the group has the user."""
        group = self.group(target_group)
        if user_rows.find(self._connection, group.group.number, source.name) is not None:
            raise EdgeFaceError(ErrorCode.USER_EXISTS, group_id=target_group, user_id=source.name)
        self.user(group, source.name, self._vault.open_info(source.info, source.name))
        return self._copy_faces(source, target_group)

    def _copy_faces(self, source: UserRow, target_group: str) -> int:
        added = 0
        for face in face_rows.of_user(self._connection, source.number):
            vector = face_rows.template(self._connection, self._vault, face.number)
            copy = NewFace(target_group, source.name, face.token, vector, None, face.created_at)
            added += self.face(copy) is not None
        return added

    def _refuse_nearly_identical(self, group: int, user: int, face: NewFace) -> None:
        # The index still has the faces that this change replaces.
        if self._rules.duplicate_similarity is None or user in self._replaced:
            return
        near = self._near(group, user, face.vector)
        if near is not None and near[1] >= self._rules.duplicate_similarity:
            # The similarity itself is not told: it would guide whoever tries to come close to a template.
            token = face_rows.token_of(self._connection, near[0])
            raise EdgeFaceError(
                ErrorCode.FACE_NEARLY_IDENTICAL, face_token=token, group_id=face.group_id, user_id=face.user_id
            )


def add_group(connection: sqlite3.Connection, name: str, limits: GalleryLimits, now: float, info: bytes = b"") -> int:
    """The new group's number; ``info`` is sealed. Raises ``LIMIT_GROUPS``."""
    if group_rows.totals(connection).groups >= limits.max_groups:
        raise EdgeFaceError(ErrorCode.LIMIT_GROUPS, limit=limits.max_groups)
    return group_rows.add(connection, name, now, info)
