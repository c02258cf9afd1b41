"""The gallery: groups of users with their faces. Every rule a caller relies on is kept here or below."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from edgeface.config import GalleryConfig
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery import admission, archive, face_rows, group_rows, user_rows
from edgeface.gallery.enrolment import Rules
from edgeface.gallery.groups_and_users import GroupsAndUsers
from edgeface.gallery.home import Home
from edgeface.gallery.records import (
    ArchiveSummary,
    Candidate,
    Erasure,
    FaceRecord,
    GalleryStats,
    NewFace,
)
from edgeface.gallery.search import search
from edgeface.similarity import TemplateSpace
from edgeface.types import FloatArray, Template

Progress = Callable[[int, int], None]
"""Called now and then with (faces done, faces in all)."""


class Gallery(GroupsAndUsers):
    """Thread-safe. Ids are 1 to 128 of [A-Za-z0-9_], else ``INVALID_ID``; unknown groups, users and faces raise
    ``GROUP_NOT_FOUND``, ``USER_NOT_FOUND``, ``FACE_NOT_FOUND``. Any change may raise ``STORAGE_FULL`` or
    ``STORAGE_READ_ONLY``; then nothing was changed. A change that returns is on the disk.
    """

    @classmethod
    def open(
        cls,
        state_dir: Path,
        *,
        contract_id: str,
        space: TemplateSpace,
        config: GalleryConfig,
        key: bytes | None = None,
        read_only_ok: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> Gallery:
        """Open the gallery in a directory, or begin one (directory 0700, database and key 0600).

        ``key``: 32 bytes, instead of the key file. ``read_only_ok``: on a storage that cannot be written, open for
        searches only. ``space``: how the contract's templates are compared.
        Raises ``GALLERY_LOCKED``, ``GALLERY_VERSION``, ``GALLERY_CORRUPT``, ``GALLERY_KEY``, ``CONTRACT_MISMATCH``,
        ``STORAGE_FULL``, ``STORAGE_READ_ONLY``.
        """
        home = Home(
            state_dir,
            contract_id=contract_id,
            space=space,
            config=config,
            key=key,
            read_only_ok=read_only_ok,
            environ=os.environ if environ is None else environ,
        )
        try:
            return cls(home, home.open_ledger(), config.limits)
        except BaseException:
            home.leave()
            raise

    def close(self) -> None:
        """Save the indexes and close; a second call does nothing."""
        self._ledger.close()
        self._home.leave()

    def __enter__(self) -> Gallery:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- faces

    def add_face(
        self,
        group_id: str,
        user_id: str,
        template: Template,
        face_token: str,
        *,
        user_info: str | None = None,
        create_group: bool = True,
        create_user: bool = True,
        new_user_only: bool = False,
        replace: bool = False,
        duplicate_similarity: float | None,
    ) -> FaceRecord:
        """Enrol one face. ``replace``: it takes the place of all earlier faces of the user, at once.

        ``duplicate_similarity``: cosine from which another face of the user is almost identical (``None``: not
        looked at; nor is it with ``replace``). ``user_info=None`` keeps what is there.
        Raises ``FACE_EXISTS`` (same token), ``FACE_NEARLY_IDENTICAL`` (context ``face_token`` names the other),
        ``LIMIT_FACES``, ``LIMIT_USERS``, ``LIMIT_GROUPS``, ``USER_EXISTS`` (``new_user_only``),
        ``TEMPLATE_INVALID``, ``CONTRACT_MISMATCH``.
        """
        vector = admission.template_vector(template, self.dimension, self.contract_id)
        face = admission.check_face(
            NewFace(group_id, user_id, face_token, vector, user_info, time.time()), self.dimension, self._limits
        )
        rules = Rules(
            self._limits,
            create_group=create_group,
            create_user=create_user,
            new_user_only=new_user_only,
            replace=replace,
            duplicate_similarity=duplicate_similarity,
        )
        with self._ledger.changing() as (connection, changes):
            number = self._ledger.enrolment(connection, changes, rules).face(face)
        return FaceRecord(number or 0, group_id, user_id, face_token, face.created_at or 0.0)

    def add_faces(self, faces: Iterable[NewFace], *, create_group: bool = True, skip_existing: bool = False) -> int:
        """Enrol many faces in one transaction, all or none; how many were added.

        ``skip_existing``: pass over faces that the user has (same token) instead of ``FACE_EXISTS``. Almost
        identical faces are not looked for. Raises as :meth:`add_face`.
        """
        rules = Rules(self._limits, create_group=create_group, skip_existing=skip_existing)
        with self._ledger.changing() as (connection, changes):
            enrolment = self._ledger.enrolment(connection, changes, rules)
            return sum(
                enrolment.face(admission.check_face(face, self.dimension, self._limits)) is not None for face in faces
            )

    def faces(self, group_id: str, user_id: str) -> tuple[FaceRecord, ...]:
        """A user's faces in the order of their enrolment."""
        with self._ledger.store.reading() as connection:
            (row,) = self._ledger.users(connection, group_id, user_id)
            return face_rows.records(connection, row.number)

    def templates(self, group_id: str, user_id: str) -> tuple[Template, ...]:
        """The templates of a user's faces in the order of their enrolment."""
        with self._ledger.store.reading() as connection:
            (row,) = self._ledger.users(connection, group_id, user_id)
            return tuple(
                Template(face_rows.template(connection, self._ledger.vault, face.number), self.contract_id)
                for face in face_rows.of_user(connection, row.number)
            )

    def face(self, face_token: str) -> tuple[FaceRecord, ...]:
        """Wherever a face is enrolled; empty when it is nowhere."""
        admission.check_id(face_token, "face_token")
        with self._ledger.store.reading() as connection:
            return face_rows.with_token(connection, face_token)

    def delete_face(self, group_id: str, user_id: str, face_token: str) -> None:
        """Erase one face. The user stays, also without any face."""
        admission.check_id(face_token, "face_token")
        with self._ledger.changing() as (connection, changes):
            (row,) = self._ledger.users(connection, group_id, user_id)
            numbers = face_rows.numbers(connection, row.number, face_token)
            if not numbers:
                raise EdgeFaceError(
                    ErrorCode.FACE_NOT_FOUND, group_id=group_id, user_id=user_id, face_token=face_token
                )
            face_rows.remove(connection, numbers)
            user_rows.touch(connection, row.number, None, time.time())
            changes.group(self._ledger.row(connection, group_id)).removed += numbers

    def template(self, face_id: int) -> Template:
        """One face's template."""
        with self._ledger.store.reading() as connection:
            return Template(face_rows.template(connection, self._ledger.vault, face_id), self.contract_id)

    def templates_of_token(self, face_token: str) -> Template | None:
        """The template of a face by its token, wherever it is enrolled; ``None`` when it is nowhere."""
        found = self.face(face_token)
        return self.template(found[0].face_id) if found else None

    # --- searches

    def search(
        self, vector: FloatArray | Template, groups: Sequence[str], top: int, *, user_id: str | None = None
    ) -> tuple[Candidate, ...]:
        """The best face of each of the ``top`` most similar (group, user) pairs of these groups, best first.

        ``user_id``: look at this user's faces only; ``USER_NOT_FOUND`` when none of the groups knows it.
        Raises ``TEMPLATE_INVALID``, ``CONTRACT_MISMATCH`` and, for bounds, ``INVALID_PARAMETER``.
        """
        if isinstance(vector, Template):
            probe = admission.template_vector(vector, self.dimension, self.contract_id)
        else:
            probe = admission.unit_vector(vector, self.dimension)
        names = admission.check_search(groups, top, self._limits)
        if user_id is not None:
            admission.check_id(user_id, "user_id")
        return search(self._ledger, probe, names, top, user_id)

    # --- the whole

    def stats(self) -> GalleryStats:
        """Sizes and health."""
        ledger = self._ledger
        with ledger.store.reading() as connection:
            totals = group_rows.totals(connection)
        recall = ledger.index.audit.recall()
        return GalleryStats(
            groups=totals.groups,
            users=totals.users,
            faces=totals.faces,
            revision=totals.revision,
            damaged_faces=ledger.index.damaged(),
            erasure_pending=ledger.store.erasure_pending,
            read_only=ledger.read_only,
            exact_searches=ledger.index.audit.exact_searches,
            hnsw_searches=ledger.index.audit.fast_searches,
            audits=recall.audits,
            audit_recall_at_1=recall.at_1,
            indexes=ledger.index.stats(ledger.names()),
        )

    def settle(self, timeout_s: float = 60.0) -> bool:
        """Wait until every due index is built; whether that came true in time. Searches need not wait."""
        return self._ledger.index.settle(timeout_s)

    def erase(self) -> Erasure:
        """Erase everything, key included where it is ours, and begin an empty gallery (with a new key then).

        Calls that run meanwhile get ``SHUTTING_DOWN``.
        """
        ledger = self._ledger
        if ledger.read_only:
            raise EdgeFaceError(ErrorCode.STORAGE_READ_ONLY)
        faces = self.stats().faces
        ledger.index.halt()
        with ledger.store.writing:
            ledger.abandon()
            destroyed = self._home.erase()
            fresh = self._home.open_ledger()
            fresh.revision = ledger.revision + 1
            self._ledger = fresh
            self._derived.clear(fresh.revision)
        return Erasure(faces, destroyed)

    def export_archive(self, file: Path, passphrase: str, *, progress: Progress | None = None) -> ArchiveSummary:
        """Write everything into one sealed file; see :mod:`edgeface.gallery.archive`."""
        return archive.export_archive(self._ledger, file, passphrase, progress or _silent)

    def import_archive(self, file: Path, passphrase: str, *, progress: Progress | None = None) -> ArchiveSummary:
        """Merge a sealed file into the gallery, all of it or nothing; see :mod:`edgeface.gallery.archive`."""
        return archive.import_archive(self._ledger, file, passphrase, progress or _silent)


def _silent(done: int, total: int) -> None:
    """No progress is shown."""
