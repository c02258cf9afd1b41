"""Users as persons: one id that has the same faces and the same text in every group it is in.

Vendors differ in what a user is. Where the same id in two groups is one person (Tencent 1.0: a person "can be in
several groups", and its faces belong to the person), a change must reach all of its groups or none. Every method here
is one transaction over them, so that a failure half way leaves no group behind.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence

from edgeface.config import GalleryLimits
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery import admission, face_rows, user_rows
from edgeface.gallery.enrolment import Rules
from edgeface.gallery.ledger import Ledger
from edgeface.gallery.records import NewFace, PersonRecord, UserRecord
from edgeface.gallery.user_rows import UserRow
from edgeface.types import FloatArray, Template


class Persons:
    """The gallery's users seen as persons. ``apart``: groups that are none of theirs, as if they did not exist.

    Unknown persons raise ``USER_NOT_FOUND``. Groups that another API changed alone are brought no further out of
    step: a face is added everywhere or nowhere, and deleted wherever it is.
    """

    def __init__(self, ledger: Ledger, limits: GalleryLimits, apart: frozenset[str]) -> None:
        self._ledger = ledger
        self._limits = limits
        self._apart = apart

    def get(self, user_id: str) -> PersonRecord:
        """A person with all of its groups and faces; the text is that of the first group."""
        with self._ledger.store.reading() as connection:
            records: list[UserRecord] = []
            tokens: dict[str, None] = {}
            for row in self._ledger.users(connection, None, user_id):
                record = user_rows.record(connection, self._ledger.vault, row.number)
                if record.group_id not in self._apart:
                    records.append(record)
                    tokens.update((face.token, None) for face in face_rows.of_user(connection, row.number))
        if not records:
            raise EdgeFaceError(ErrorCode.USER_NOT_FOUND, user_id=user_id)
        return PersonRecord(
            user_id, records[0].user_info, tuple(record.group_id for record in records), tuple(tokens)
        )

    def create(
        self, user_id: str, groups: Sequence[str], template: Template, face_token: str, user_info: str
    ) -> tuple[str, ...]:
        """A new person with one face in these groups, which are made where they are missing; the groups, each once.

        Raises ``USER_EXISTS`` (in any group, named or not), ``LIMIT_GROUPS``, ``LIMIT_USERS``, ``GROUP_NOT_FOUND``
        (a group that is kept apart) and ``INVALID_PARAMETER``; then nothing was made.
        """
        names = tuple(dict.fromkeys(admission.check_id(group, "group_id") for group in groups))
        self._refuse_apart(names)
        vector = self._vector(template)
        rules = Rules(self._limits, new_user_only=True)
        with self._ledger.changing() as (connection, changes):
            if self._rows(connection, user_id):
                raise EdgeFaceError(ErrorCode.USER_EXISTS, user_id=user_id)
            enrolment = self._ledger.enrolment(connection, changes, rules)
            for name in names:
                enrolment.face(self._face(name, user_id, face_token, vector, user_info))
        return names

    def add_face(
        self, user_id: str, template: Template, face_token: str, *, duplicate_similarity: float | None
    ) -> tuple[str, ...]:
        """One more face of a person, in each of its groups; the groups.

        Raises ``FACE_EXISTS``, ``FACE_NEARLY_IDENTICAL``, ``LIMIT_FACES`` when it cannot be added in any one of
        them; then it was added nowhere.
        """
        vector = self._vector(template)
        rules = Rules(self._limits, create_group=False, create_user=False, duplicate_similarity=duplicate_similarity)
        with self._ledger.changing() as (connection, changes):
            names = [name for name, _ in self._known(connection, user_id)]
            enrolment = self._ledger.enrolment(connection, changes, rules)
            for name in names:
                enrolment.face(self._face(name, user_id, face_token, vector, None))
        return tuple(names)

    def delete_faces(self, user_id: str, face_tokens: Sequence[str]) -> tuple[str, ...]:
        """Erase faces of a person wherever they are; which of the tokens those were. The person stays, also without
        any face. Raises ``FACE_NOT_FOUND`` when the person has none of them."""
        erased: dict[str, None] = {}
        with self._ledger.changing() as (connection, changes):
            for name, row in self._known(connection, user_id):
                for token in face_tokens:
                    if numbers := face_rows.numbers(connection, row.number, token):
                        face_rows.remove(connection, numbers)
                        changes.group(self._ledger.row(connection, name)).removed += numbers
                        user_rows.touch(connection, row.number, None, time.time())
                        erased[token] = None
            if not erased:
                raise EdgeFaceError(ErrorCode.FACE_NOT_FOUND, user_id=user_id)
        return tuple(erased)

    def delete(self, user_id: str) -> tuple[str, ...]:
        """Erase a person in every group; the tokens of its faces. The groups stay."""
        tokens: dict[str, None] = {}
        with self._ledger.changing() as (connection, changes):
            for name, row in self._known(connection, user_id):
                faces = face_rows.of_user(connection, row.number)
                changes.group(self._ledger.row(connection, name)).removed += [face.number for face in faces]
                user_rows.remove(connection, row.number)
                tokens.update((face.token, None) for face in faces)
        return tuple(tokens)

    def change_info(self, user_id: str, change: Callable[[str], str]) -> None:
        """Put ``change(text)`` into the place of the person's text in each group."""
        vault = self._ledger.vault
        with self._ledger.changing() as (connection, _):
            for _, row in self._known(connection, user_id):
                text = admission.check_user_info(change(vault.open_info(row.info, user_id)), self._limits)
                user_rows.touch(connection, row.number, vault.seal_info(text, user_id), time.time())

    def _rows(self, connection: sqlite3.Connection, user_id: str) -> list[tuple[str, UserRow]]:
        admission.check_id(user_id, "user_id")
        names = self._ledger.names()
        rows = [(names[row.group], row) for row in user_rows.find_everywhere(connection, user_id)]
        return [(name, row) for name, row in rows if name not in self._apart]

    def _known(self, connection: sqlite3.Connection, user_id: str) -> list[tuple[str, UserRow]]:
        rows = self._rows(connection, user_id)
        if not rows:
            raise EdgeFaceError(ErrorCode.USER_NOT_FOUND, user_id=user_id)
        return rows

    def _refuse_apart(self, names: Sequence[str]) -> None:
        for name in names:
            if name in self._apart:
                raise EdgeFaceError(ErrorCode.GROUP_NOT_FOUND, group_id=name)

    def _vector(self, template: Template) -> FloatArray:
        return admission.template_vector(template, self._ledger.dimension, self._ledger.contract_id)

    def _face(self, group: str, user_id: str, token: str, vector: FloatArray, info: str | None) -> NewFace:
        face = NewFace(group, user_id, token, vector, info, time.time())
        return admission.check_face(face, self._ledger.dimension, self._limits)
