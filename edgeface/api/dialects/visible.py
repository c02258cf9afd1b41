"""What of the gallery a vendor call may see: everything but the register of ID photographs.

To a dialect the register's group does not exist. A search in it would turn a picture into a name and an ID number,
and a listing would give them away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery.records import UserRecord


def require_visible(engine: Engine, group_ids: Iterable[str]) -> None:
    """Raises ``GROUP_NOT_FOUND`` for the register's group."""
    for group_id in group_ids:
        if group_id == engine.config.id_register.group:
            raise EdgeFaceError(ErrorCode.GROUP_NOT_FOUND, group_id=group_id)


def visible_groups(engine: Engine, start: int, length: int) -> tuple[str, ...]:
    """A page of the groups' ids in the order in which they were made; positions do not count the register."""
    hidden = engine.config.id_register.group
    step = engine.config.gallery.limits.max_page
    found: list[str] = []
    position, total = 0, 1
    while position < total and len(found) < start + length:
        page = engine.gallery.groups(position, step)
        found += [group.group_id for group in page.items if group.group_id != hidden]
        position, total = position + step, page.total
    return tuple(found[start : start + length])


def visible_users(engine: Engine, group_ids: Collection[str] | None, user_id: str) -> tuple[UserRecord, ...]:
    """A user's records in these groups, or in every group for ``None``; never empty.

    Raises ``GROUP_NOT_FOUND`` for an unknown group, ``USER_NOT_FOUND`` where none of the groups has the user.
    """
    hidden = engine.config.id_register.group
    for group_id in group_ids or ():
        if group_id == hidden or not engine.gallery.has_group(group_id):
            raise EdgeFaceError(ErrorCode.GROUP_NOT_FOUND, group_id=group_id)
    records = tuple(
        record
        for record in engine.gallery.user(None, user_id)
        if record.group_id != hidden and (group_ids is None or record.group_id in group_ids)
    )
    if not records:
        raise EdgeFaceError(ErrorCode.USER_NOT_FOUND, user_id=user_id)
    return records
