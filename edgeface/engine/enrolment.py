"""What changes the gallery: enrolling, and erasing with everything that is remembered of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from edgeface.engine.decisions import Decisions
from edgeface.engine.probe import Gate, Picture
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.files import erased_with
from edgeface.events.log import EventLog
from edgeface.gallery.records import Erasure, FaceRecord
from edgeface.results import Enrolment
from edgeface.telemetry import timed
from edgeface.types import (
    FaceOrder,
    Template,
)


class EnrolmentAndErasure(Decisions):
    """The third part of :class:`edgeface.engine.Engine`: adding faces to users, and taking them away."""

    def enrol(
        self,
        picture: Picture,
        group_id: str,
        user_id: str,
        *,
        user_info: str | None = None,
        replace_faces: bool = False,
        create_group: bool = True,
        single_face: bool = False,
        gate: Gate | None = None,
        order: FaceOrder | None = None,
    ) -> Enrolment:
        """Add the first face of the picture to a user (made when new); with ``replace_faces`` it replaces all.

        ``single_face``: refuse pictures with several faces (``MULTIPLE_FACES``). The gate's level is the
        configured enrolment level unless one is given.
        Raises ``NO_FACE``, ``QUALITY``, ``FACE_EXISTS`` (the same picture), ``FACE_NEARLY_IDENTICAL``,
        ``LIMIT_*``, ``INVALID_ID``, ``GROUP_NOT_FOUND`` (with ``create_group=False``), ``STORAGE_*``.
        """
        gate = (gate or Gate()).at(self.config.quality.enrol_level)
        self.gallery.check_ids(group_id, user_id)
        faces = self._probes(picture, 2 if single_face else 1, gate, order, judged=1)
        if single_face and len(faces) > 1:
            self._telemetry.rejected(ErrorCode.MULTIPLE_FACES.code)
            raise EdgeFaceError(ErrorCode.MULTIPLE_FACES)
        face = faces[0]
        assert face.template is not None  # noqa: S101 - _probes() guarantees it
        record = self.enrol_template(
            face.template,
            group_id,
            user_id,
            face_token=face.token,
            user_info=user_info,
            replace_faces=replace_faces,
            create_group=create_group,
        )
        return Enrolment(face, record)

    def enrol_template(
        self,
        template: Template,
        group_id: str,
        user_id: str,
        *,
        face_token: str | None = None,
        user_info: str | None = None,
        replace_faces: bool = False,
        create_group: bool = True,
    ) -> FaceRecord:
        """Add a template made earlier on this contract; without a token one is derived from the template."""
        self.check_template(template)
        token = face_token or self._token(hashlib.sha256(template.vector.tobytes()).digest(), b"template")
        with timed(self._telemetry, "store"), self._forgetting([group_id], user_id, {token}, replaced=replace_faces):
            return self.gallery.add_face(
                group_id,
                user_id,
                template,
                token,
                user_info=user_info,
                create_group=create_group,
                replace=replace_faces,
                duplicate_similarity=self.config.decision.duplicate_similarity,
            )

    def enrol_in_groups(
        self,
        pictures: Sequence[Picture],
        group_ids: Sequence[str],
        user_id: str,
        *,
        user_info: str | None = None,
        replace_faces: bool = False,
        create: bool = True,
        gate: Gate | None = None,
        order: FaceOrder | None = None,
    ) -> tuple[FaceRecord, ...]:
        """Add the first face of each picture to a user in each group: all of it or nothing.

        ``create``: make the groups and the user where they are missing, else ``GROUP_NOT_FOUND``,
        ``USER_NOT_FOUND``. Raises what :meth:`enrol` raises.
        """
        gate = (gate or Gate()).at(self.config.quality.enrol_level)
        for group_id in group_ids:
            self.gallery.check_ids(group_id, user_id)
        tokened = []
        for picture in pictures:
            face = self._probes(picture, 1, gate, order)[0]
            assert face.template is not None  # noqa: S101 - _probes() guarantees it
            tokened.append((face.template, face.token))
        kept = {token for _, token in tokened}
        with timed(self._telemetry, "store"), self._forgetting(group_ids, user_id, kept, replaced=replace_faces):
            return self.gallery.memberships.enrol(
                group_ids,
                user_id,
                tokened,
                user_info=user_info,
                create_group=create,
                create_user=create,
                replace=replace_faces,
                duplicate_similarity=self.config.decision.duplicate_similarity,
            )

    def enrol_templates(
        self,
        faces: Sequence[tuple[Template, str]],
        group_id: str,
        user_id: str,
        *,
        user_info: str | None = None,
        replace_faces: bool = False,
    ) -> tuple[FaceRecord, ...]:
        """Add templates made earlier, each with its token, to a user (made when new): all of them or none."""
        for template, _ in faces:
            self.check_template(template)
        kept = {token for _, token in faces}
        with timed(self._telemetry, "store"), self._forgetting([group_id], user_id, kept, replaced=replace_faces):
            return self.gallery.memberships.enrol(
                [group_id],
                user_id,
                faces,
                user_info=user_info,
                replace=replace_faces,
                duplicate_similarity=self.config.decision.duplicate_similarity,
            )

    def leave_groups(self, user_id: str, group_ids: Sequence[str] | None, *, keep_one: bool = False) -> None:
        """Erase a user with its faces in these groups, or in every group for ``None``: all of them or none.

        The register of ID photographs is none of them. ``keep_one``: refuse to take the user's last group.
        Raises ``GROUP_NOT_FOUND``, ``USER_NOT_FOUND``, ``INVALID_PARAMETER`` (context ``rule``: ``one_group``).
        """
        register = self.config.id_register.group
        self.forget(self.gallery.memberships.leave(user_id, group_ids, besides=register, keep_one=keep_one))

    def delete_face(self, group_id: str, user_id: str, face_token: str) -> None:
        """Erase one face, and what is remembered of it. Raises ``FACE_NOT_FOUND`` and the gallery's errors."""
        self.gallery.delete_face(group_id, user_id, face_token)
        self.forget([face_token])

    def delete_user(self, group_id: str | None, user_id: str) -> int:
        """Erase a user with its faces in one group, or in every group for ``None``; how many faces that were."""
        tokens = [
            face.face_token
            for user in self.gallery.user(group_id, user_id)
            for face in self.gallery.faces(user.group_id, user_id)
        ]
        erased = self.gallery.delete_user(group_id, user_id)
        self.forget(tokens)
        return erased

    def delete_group(self, group_id: str) -> int:
        """Erase a group with its users; how many faces that were. Every remembered face is forgotten."""
        erased = self.gallery.delete_group(group_id)
        self._remembered.clear()
        return erased

    def erase(self) -> Erasure:
        """Erase everything: the gallery, its key where it is ours, the event log, and what is remembered."""
        erased = self._erase_with_events(self.events) if self.events else self._erase_with_event_files()
        self._remembered.clear()
        return erased

    def _erase_with_events(self, events: EventLog) -> Erasure:
        erased: list[Erasure] = []

        def gallery_too() -> bytes:
            erased.append(self.gallery.erase())
            return self.gallery.subkey("events")

        events.erase(gallery_too)
        return erased[0]

    def _erase_with_event_files(self) -> Erasure:
        # Nobody has the log open: this process holds the state directory's lock.
        with erased_with(self.config.state_dir):
            return self.gallery.erase()

    @contextmanager
    def _forgetting(
        self, group_ids: Sequence[str], user_id: str, kept: set[str], *, replaced: bool
    ) -> Iterator[None]:
        """Forget the user's earlier faces once they have been replaced; ``kept``: tokens that are enrolled again."""
        earlier: set[str] = set()
        for group_id in group_ids if replaced else ():
            with suppress(EdgeFaceError):  # neither the group nor the user need be there
                earlier |= {face.face_token for face in self.gallery.faces(group_id, user_id)}
        yield
        self.forget(earlier - kept)
