"""Groups and the users in them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from edgeface.config import GalleryLimits
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery import admission, face_rows, group_rows, user_rows
from edgeface.gallery.derived import Derived
from edgeface.gallery.enrolment import Rules, add_group
from edgeface.gallery.home import Home
from edgeface.gallery.ledger import Ledger
from edgeface.gallery.memberships import Memberships
from edgeface.gallery.persons import Persons
from edgeface.gallery.records import (
    GroupRecord,
    Page,
    UserRecord,
)

T = TypeVar("T")


class GroupsAndUsers:
    """The first part of :class:`edgeface.gallery.gallery.Gallery`: what it holds, its groups and users."""

    def __init__(self, home: Home, ledger: Ledger, limits: GalleryLimits) -> None:
        """Use :meth:`open`."""
        self._home = home
        self._ledger = ledger
        self._limits = limits
        self._derived = Derived()

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
