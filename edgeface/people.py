"""Persons: the use cases of APIs in which one id is one person, whatever groups it is in (Tencent 1.0).

What :class:`edgeface.engine.Engine` does with a user of one group, this does with a person in all of its groups at
once. The register of ID photographs is not among them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgeface.engine import Engine, Picture
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery.persons import Persons
from edgeface.gallery.records import PersonRecord
from edgeface.results import Verification
from edgeface.types import Face, FaceOrder, FaceToken, ImageArray


class People:
    """Thread-safe; any number of them may look at one engine. Unknown persons raise ``USER_NOT_FOUND``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._register = engine.config.id_register.group

    # --- pictures

    def look(self, picture: bytes | ImageArray, *, order: FaceOrder | None = None) -> Face:
        """The first face, measured, with its template; its token is remembered. Raises ``NO_FACE``, ``IMAGE_*``."""
        faces = self._engine.detect(picture, max_faces=1, order=order, remember=True).faces
        if not faces:
            raise EdgeFaceError(ErrorCode.NO_FACE)
        return faces[0]

    def face(self, face_token: str) -> Face:
        """A face by its token: with all its measures while it is remembered, later only enrolled (not ``located``).

        Raises ``FACE_NOT_FOUND``, ``INVALID_ID``.
        """
        try:
            face = self._engine.recall(FaceToken(face_token))
        except EdgeFaceError as error:
            if error.code is not ErrorCode.FACE_TOKEN_UNKNOWN:
                raise
            raise EdgeFaceError(ErrorCode.FACE_NOT_FOUND) from None
        if not face.located and all(
            record.group_id == self._register for record in self._engine.gallery.face(face_token)
        ):
            raise EdgeFaceError(ErrorCode.FACE_NOT_FOUND)
        return face

    def verify(self, picture: Picture, person_id: str, *, order: FaceOrder | None = None) -> Verification:
        """1:1 of the first face against the person's faces. Raises ``NO_FACE``, ``FACE_NOT_FOUND`` (the person has
        none), ``IMAGE_*``."""
        person = self.get(person_id)
        if not person.face_tokens:
            raise EdgeFaceError(ErrorCode.FACE_NOT_FOUND, "The person has no face.")
        # A person has the same faces in each of its groups, so those that one search takes are enough.
        groups = person.group_ids[: self._engine.config.gallery.limits.max_groups_per_search]
        return self._engine.verify(picture, groups, person_id, order=order)

    # --- persons

    def get(self, person_id: str) -> PersonRecord:
        """A person with its groups and faces."""
        return self._persons().get(person_id)

    def create(self, person_id: str, groups: Sequence[str], face: Face, info: str) -> tuple[str, ...]:
        """A new person with the face that :meth:`look` found; the groups, each once, made where missing.

        Raises ``USER_EXISTS``, ``GROUP_NOT_FOUND`` (the register's), ``LIMIT_GROUPS``, ``LIMIT_USERS``,
        ``INVALID_ID``, ``INVALID_PARAMETER``; then nothing was made.
        """
        assert face.template is not None  # noqa: S101 - look() guarantees it
        return self._persons().create(person_id, groups, face.template, face.token, info)

    def add_face(self, person_id: str, face: Face) -> None:
        """Add the face that :meth:`look` found, in each of the person's groups or in none.

        Raises ``FACE_EXISTS``, ``FACE_NEARLY_IDENTICAL``, ``LIMIT_FACES``.
        """
        assert face.template is not None  # noqa: S101 - look() guarantees it
        self._persons().add_face(
            person_id,
            face.template,
            face.token,
            duplicate_similarity=self._engine.config.decision.duplicate_similarity,
        )

    def delete_faces(self, person_id: str, face_tokens: Sequence[str]) -> tuple[str, ...]:
        """Erase faces of a person; which they were. Raises ``FACE_NOT_FOUND`` when it has none of them."""
        erased = self._persons().delete_faces(person_id, face_tokens)
        self._engine.forget(erased)
        return erased

    def delete(self, person_id: str) -> None:
        """Erase a person with its faces; its groups stay."""
        self._engine.forget(self._persons().delete(person_id))

    def change_info(self, person_id: str, change: Callable[[str], str]) -> None:
        """Put ``change(text)`` into the place of the person's text. Raises ``INVALID_PARAMETER`` (too long)."""
        self._persons().change_info(person_id, change)

    # --- lists

    def groups(self) -> tuple[str, ...]:
        """Every group, in the order in which they were made."""
        found: list[str] = []
        length = self._engine.config.gallery.limits.max_page
        start, total = 0, 1
        while start < total:
            page = self._engine.gallery.groups(start, length)
            found += [group.group_id for group in page.items if group.group_id != self._register]
            start, total = start + length, page.total
        return tuple(found)

    def members(self, group_id: str) -> tuple[str, ...]:
        """The ids of a group's persons, in the order of their enrolment. Raises ``GROUP_NOT_FOUND``."""
        if group_id == self._register:
            raise EdgeFaceError(ErrorCode.GROUP_NOT_FOUND)
        found: list[str] = []
        length = self._engine.config.gallery.limits.max_page
        start, total = 0, 1
        while start < total:
            page = self._engine.gallery.users(group_id, start, length)
            found += [user.user_id for user in page.items]
            start, total = start + length, page.total
        return tuple(found)

    def _persons(self) -> Persons:
        return self._engine.gallery.persons(apart=(self._register,))
