"""One user in several groups. Every change is made in all of the groups or in none.

The Baidu v2 and Tencent documents enrol a user into several groups with one call; to a caller a half-made change
would look like a failed one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from edgeface.config import GalleryLimits
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery import admission, face_rows, user_rows
from edgeface.gallery.enrolment import Rules
from edgeface.gallery.ledger import Ledger
from edgeface.gallery.records import FaceRecord, NewFace
from edgeface.types import Template

TokenedTemplate = tuple[Template, str]
"""A face's template and its token."""


class Memberships:
    """Thread-safe; made by the gallery."""

    def __init__(self, ledger: Ledger, limits: GalleryLimits) -> None:
        self._ledger = ledger
        self._limits = limits

    def enrol(
        self,
        group_ids: Sequence[str],
        user_id: str,
        faces: Sequence[TokenedTemplate],
        *,
        user_info: str | None = None,
        create_group: bool = True,
        create_user: bool = True,
        replace: bool = False,
        duplicate_similarity: float | None,
    ) -> tuple[FaceRecord, ...]:
        """Add the faces to the user in each group. ``replace``: they take the place of all earlier faces there.

        Raises as :meth:`Gallery.add_face`, and ``USER_NOT_FOUND`` where ``create_user`` is false.
        """
        ledger, now = self._ledger, time.time()
        rules = Rules(
            self._limits,
            create_group=create_group,
            create_user=create_user,
            replace=replace,
            duplicate_similarity=duplicate_similarity,
        )
        checked = [
            admission.check_face(
                NewFace(
                    group_id,
                    user_id,
                    token,
                    admission.template_vector(template, ledger.dimension, ledger.contract_id),
                    user_info,
                    now,
                ),
                ledger.dimension,
                self._limits,
            )
            for group_id in dict.fromkeys(group_ids)
            for template, token in faces
        ]
        with ledger.changing() as (connection, changes):
            enrolment = ledger.enrolment(connection, changes, rules)
            return tuple(
                FaceRecord(enrolment.face(face) or 0, face.group_id, user_id, face.face_token, now)
                for face in checked
            )

    def copy(
        self, user_id: str, source_group: str, target_groups: Sequence[str], *, create_group: bool = True
    ) -> int:
        """Copy a user with its info and faces into groups that do not have it; how many faces were added.

        Raises ``USER_EXISTS`` where a target has the user, ``LIMIT_*``; with ``create_group=False``
        ``GROUP_NOT_FOUND``.
        """
        for group_id in target_groups:
            admission.check_id(group_id, "group_id")
        rules = Rules(self._limits, create_group=create_group)
        with self._ledger.changing() as (connection, changes):
            (source,) = self._ledger.users(connection, source_group, user_id)
            enrolment = self._ledger.enrolment(connection, changes, rules)
            return sum(enrolment.copy_to_new(source, group_id) for group_id in dict.fromkeys(target_groups))

    def leave(
        self, user_id: str, group_ids: Sequence[str] | None, *, besides: str | None = None, keep_one: bool = False
    ) -> tuple[str, ...]:
        """Erase the user and its faces in these groups, or in every group for ``None``; the faces' tokens.

        ``besides``: a group that is none of the user's, as if it did not exist. ``keep_one``: refuse to take the
        user's last group (``INVALID_PARAMETER``, context ``rule``: ``one_group``).
        Raises ``GROUP_NOT_FOUND``, and ``USER_NOT_FOUND`` where one of the groups does not have the user.
        """
        ledger = self._ledger
        with ledger.changing() as (connection, changes):
            names = ledger.names()
            mine = {names[row.group]: row for row in ledger.users(connection, None, user_id)}
            if besides is not None:
                mine.pop(besides, None)
            leaving = tuple(mine) if group_ids is None else tuple(dict.fromkeys(group_ids))
            for group_id in leaving:
                if group_id == besides:
                    raise EdgeFaceError(ErrorCode.GROUP_NOT_FOUND, group_id=group_id)
                ledger.row(connection, admission.check_id(group_id, "group_id"))
            if not leaving or not set(leaving) <= set(mine):
                raise EdgeFaceError(ErrorCode.USER_NOT_FOUND, user_id=user_id)
            if keep_one and len(leaving) == len(mine):
                raise EdgeFaceError(
                    ErrorCode.INVALID_PARAMETER, "The user would be in no group any more.", rule="one_group"
                )
            tokens: list[str] = []
            for group_id in leaving:
                faces = face_rows.of_user(connection, mine[group_id].number)
                changes.group(ledger.row(connection, group_id)).removed += [face.number for face in faces]
                user_rows.remove(connection, mine[group_id].number)
                tokens += [face.token for face in faces]
            return tuple(tokens)
