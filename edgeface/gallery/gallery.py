"""The gallery: groups of users with their faces. Every rule a caller relies on is kept here or below."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from edgeface.config import GalleryConfig, GalleryLimits
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery import admission, archive, face_rows, group_rows, user_rows
from edgeface.gallery.derived import Derived
from edgeface.gallery.enrolment import Rules, add_group
from edgeface.gallery.home import Home
from edgeface.gallery.ledger import Ledger
from edgeface.gallery.memberships import Memberships
from edgeface.gallery.persons import Persons
from edgeface.gallery.records import (
    ArchiveSummary,
    Candidate,
    Erasure,
    FaceRecord,
    GalleryStats,
    GroupRecord,
    NewFace,
    Page,
    UserRecord,
)
from edgeface.gallery.search import search
from edgeface.types import FloatArray, Template

T = TypeVar("T")

Progress = Callable[[int, int], None]
"""Called now and then with (faces done, faces in all)."""


class Gallery:
    """Thread-safe. Ids are 1 to 128 of [A-Za-z0-9_], else ``INVALID_ID``; unknown groups, users and faces raise
    ``GROUP_NOT_FOUND``, ``USER_NOT_FOUND``, ``FACE_NOT_FOUND``. Any change may raise ``STORAGE_FULL`` or
    ``STORAGE_READ_ONLY``; then nothing was changed. A change that returns is on the disk.
    """

    def __init__(self, home: Home, ledger: Ledger, limits: GalleryLimits) -> None:
        """Use :meth:`open`."""
        self._home = home
        self._ledger = ledger
        self._limits = limits
        self._derived = Derived()

    @classmethod
    def open(
        cls,
        state_dir: Path,
        *,
        contract_id: str,
        dimension: int,
        config: GalleryConfig,
        key: bytes | None = None,
        read_only_ok: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> Gallery:
        """Open the gallery in a directory, or begin one (directory 0700, database and key 0600).

        ``key``: 32 bytes, instead of the key file. ``read_only_ok``: on a storage that cannot be written, open for
        searches only. ``dimension``: values of a template.
        Raises ``GALLERY_LOCKED``, ``GALLERY_VERSION``, ``GALLERY_CORRUPT``, ``GALLERY_KEY``, ``CONTRACT_MISMATCH``,
        ``STORAGE_FULL``, ``STORAGE_READ_ONLY``.
        """
        home = Home(
            state_dir,
            contract_id=contract_id,
            dimension=dimension,
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

    @property
    def contract_id(self) -> str:
        return self._ledger.contract_id

    @property
    def dimension(self) -> int:
        return self._ledger.dimension

    @property
    def revision(self) -> int:
        """Grows with every committed change, also by :meth:`erase`, as long as the gallery is open.

        What is read after it is at least as new. Cheap, and of this process only: ``stats().revision`` is the
        database's own, which goes on at the next start and begins anew with a new database.
        """
        return self._ledger.revision

    def derived(self, name: str, make: Callable[[], T]) -> T:
        """What ``make`` worked out from the gallery, made again only when the gallery has changed since.

        ``name``: says what it is; of a bounded number the longest unused is forgotten. The value is shared by
        threads: immutable.
        """
        return self._derived.get(name, self.revision, make)

    def check_ids(self, group_id: str, user_id: str | None = None) -> None:
        """Raises ``INVALID_ID``; for callers that have costly work to do before they come here."""
        admission.check_id(group_id, "group_id")
        if user_id is not None:
            admission.check_id(user_id, "user_id")

    def subkey(self, purpose: str) -> bytes:
        """A 32-byte key for another purpose, derived from the gallery's; another one after :meth:`erase`."""
        return self._ledger.vault.subkey(purpose)

    # --- groups

    def add_group(self, group_id: str, *, group_info: str = "") -> None:
        """``group_info``: a text of at most as many bytes as a user's, sealed like it.

        Raises ``GROUP_EXISTS``, ``LIMIT_GROUPS``, ``INVALID_PARAMETER``.
        """
        admission.check_id(group_id, "group_id")
        admission.check_user_info(group_info, self._limits, "group_info")
        with self._ledger.changing() as (connection, changes):
            if group_rows.find(connection, group_id) is not None:
                raise EdgeFaceError(ErrorCode.GROUP_EXISTS, group_id=group_id)
            sealed = self._ledger.vault.seal_group_info(group_info, group_id)
            changes.created[group_id] = add_group(connection, group_id, self._limits, time.time(), sealed)

    def delete_group(self, group_id: str) -> int:
        """Erase a group with its users; how many faces that were."""
        admission.check_id(group_id, "group_id")
        with self._ledger.changing() as (connection, changes):
            row = self._ledger.row(connection, group_id)
            group_rows.remove(connection, row.number)
            changes.dropped[group_id] = row.number
            return row.faces

    def set_group_info(self, group_id: str, group_info: str) -> None:
        """Replace a group's text. Raises ``INVALID_PARAMETER``."""
        admission.check_id(group_id, "group_id")
        admission.check_user_info(group_info, self._limits, "group_info")
        with self._ledger.changing() as (connection, _):
            row = self._ledger.row(connection, group_id)
            group_rows.set_info(connection, row.number, self._ledger.vault.seal_group_info(group_info, group_id))

    def group(self, group_id: str) -> GroupRecord:
        """One group."""
        admission.check_id(group_id, "group_id")
        with self._ledger.store.reading() as connection:
            return group_rows.record(connection, self._ledger.vault, self._ledger.row(connection, group_id).number)

    def has_group(self, group_id: str) -> bool:
        return self._ledger.has(admission.check_id(group_id, "group_id"))

    def groups(self, start: int, length: int) -> Page[GroupRecord]:
        """Groups in the order in which they were made."""
        admission.check_page(start, length, self._limits)
        with self._ledger.store.reading() as connection:
            items = group_rows.page(connection, self._ledger.vault, start, length)
            return Page(items, group_rows.totals(connection).groups, start)

    # --- users

    def users(self, group_id: str, start: int, length: int) -> Page[UserRecord]:
        """A group's users in the order of their enrolment."""
        admission.check_id(group_id, "group_id")
        admission.check_page(start, length, self._limits)
        with self._ledger.store.reading() as connection:
            row = self._ledger.row(connection, group_id)
            items = user_rows.page(connection, self._ledger.vault, row.number, start, length)
            return Page(items, row.users, start)

    def user_ids(self, group_id: str) -> tuple[str, ...]:
        """The ids of all of a group's users in the order of their enrolment."""
        admission.check_id(group_id, "group_id")
        with self._ledger.store.reading() as connection:
            return user_rows.names(connection, self._ledger.row(connection, group_id).number)

    def user(self, group_id: str | None, user_id: str) -> tuple[UserRecord, ...]:
        """A user in one group, or in every group for ``None``; never empty."""
        with self._ledger.store.reading() as connection:
            rows = self._ledger.users(connection, group_id, user_id)
            return tuple(user_rows.record(connection, self._ledger.vault, row.number) for row in rows)

    def set_user_info(self, group_id: str, user_id: str, user_info: str) -> None:
        """Replace a user's text (UTF-8, at most 256 bytes by default, else ``INVALID_PARAMETER``)."""
        admission.check_user_info(user_info, self._limits)
        with self._ledger.changing() as (connection, _):
            (row,) = self._ledger.users(connection, group_id, user_id)
            user_rows.touch(connection, row.number, self._ledger.vault.seal_info(user_info, user_id), time.time())

    def delete_user(self, group_id: str | None, user_id: str) -> int:
        """Erase a user with its faces in one group, or in every group for ``None``; how many faces that were."""
        with self._ledger.changing() as (connection, changes):
            erased = 0
            names = self._ledger.names()
            for row in self._ledger.users(connection, group_id, user_id):
                pending = changes.group(self._ledger.row(connection, names[row.group]))
                faces = face_rows.numbers(connection, row.number)
                pending.removed += faces
                erased += len(faces)
                user_rows.remove(connection, row.number)
            return erased

    def copy_user(self, user_id: str, source_group: str, target_group: str) -> int:
        """Copy a user with its info and faces into another group; how many faces were new there.

        A user that is there already keeps its info, and faces it has already (same token) are passed over.
        Raises ``LIMIT_USERS``, ``LIMIT_FACES``; ``INVALID_PARAMETER`` when both groups are the same.
        """
        admission.check_id(target_group, "target_group")
        if source_group == target_group:
            raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, "Both groups are the same.", parameter="target_group")
        rules = Rules(self._limits, create_group=False, skip_existing=True)
        with self._ledger.changing() as (connection, changes):
            (source,) = self._ledger.users(connection, source_group, user_id)
            return self._ledger.enrolment(connection, changes, rules).copy(source, target_group)

    def persons(self, *, apart: Iterable[str] = ()) -> Persons:
        """Users as persons, for APIs where the same id in two groups is one person; see
        :mod:`edgeface.gallery.persons`."""
        return Persons(self._ledger, self._limits, frozenset(apart))

    @property
    def memberships(self) -> Memberships:
        """Changes to one user in several groups at once."""
        return Memberships(self._ledger, self._limits)

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
