"""Calls on the gallery's groups and users."""

from __future__ import annotations

from edgeface.api.gallery_answers import (
    CopiedAnswer,
    ErasedAnswer,
    GroupAnswer,
    GroupsAnswer,
    UserAnswer,
    UserGroupsAnswer,
    UsersAnswer,
)
from edgeface.api.native.endpoint import Call, Endpoint
from edgeface.api.options import CopyOptions, GroupOptions, NoOptions, PageOptions, UserInfoOptions
from edgeface.api.submissions import Submission
from edgeface.api.workers import Priority
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery.records import UserRecord
from edgeface.types import Role

GROUP = "/v1/groups/{group_id}"
USER = "/v1/groups/{group_id}/users/{user_id}"
NAMED = (ErrorCode.INVALID_ID, ErrorCode.GROUP_NOT_FOUND)
NAMED_USER = (*NAMED, ErrorCode.USER_NOT_FOUND)
WRITTEN = (ErrorCode.STORAGE_FULL, ErrorCode.STORAGE_READ_ONLY)


def _groups(engine: Engine, call: Submission[PageOptions]) -> GroupsAnswer:
    page = engine.gallery.groups(call.options.start, _length(engine, call.options))
    return GroupsAnswer(
        groups=[
            GroupAnswer(group_id=item.group_id, users=item.users, faces=item.faces, created_at=item.created_at)
            for item in page.items
        ],
        total=page.total,
        start=page.start,
    )


def _add_group(engine: Engine, call: Submission[GroupOptions]) -> GroupAnswer:
    engine.gallery.add_group(call.options.group_id)
    return GroupAnswer(group_id=call.options.group_id)


def _delete_group(engine: Engine, call: Submission[NoOptions]) -> ErasedAnswer:
    return ErasedAnswer(faces=engine.delete_group(call.path["group_id"]))


def _users(engine: Engine, call: Submission[PageOptions]) -> UsersAnswer:
    page = engine.gallery.users(call.path["group_id"], call.options.start, _length(engine, call.options))
    return UsersAnswer(users=[_user_answer(item) for item in page.items], total=page.total, start=page.start)


def _user(engine: Engine, call: Submission[NoOptions]) -> UserAnswer:
    return _one_user(engine, call.path["group_id"], call.path["user_id"])


def _user_everywhere(engine: Engine, call: Submission[NoOptions]) -> UserGroupsAnswer:
    found = engine.gallery.user(None, call.path["user_id"])
    if not found:
        raise EdgeFaceError(ErrorCode.USER_NOT_FOUND)
    return UserGroupsAnswer(users=[_user_answer(item) for item in found])


def _set_user_info(engine: Engine, call: Submission[UserInfoOptions]) -> UserAnswer:
    group_id, user_id = call.path["group_id"], call.path["user_id"]
    engine.gallery.set_user_info(group_id, user_id, call.options.user_info)
    return _one_user(engine, group_id, user_id)


def _delete_user(engine: Engine, call: Submission[NoOptions]) -> ErasedAnswer:
    return ErasedAnswer(faces=engine.delete_user(call.path["group_id"], call.path["user_id"]))


def _delete_user_everywhere(engine: Engine, call: Submission[NoOptions]) -> ErasedAnswer:
    return ErasedAnswer(faces=engine.delete_user(None, call.path["user_id"]))


def _copy_user(engine: Engine, call: Submission[CopyOptions]) -> CopiedAnswer:
    return CopiedAnswer(faces=engine.gallery.copy_user(call.path["user_id"], call.path["group_id"], call.options.to))


def _one_user(engine: Engine, group_id: str, user_id: str) -> UserAnswer:
    found = engine.gallery.user(group_id, user_id)
    if not found:
        raise EdgeFaceError(ErrorCode.USER_NOT_FOUND)
    return _user_answer(found[0])


def _user_answer(record: UserRecord) -> UserAnswer:
    return UserAnswer(
        group_id=record.group_id,
        user_id=record.user_id,
        user_info=record.user_info,
        faces=record.faces,
        created_at=record.created_at,
        updated_at=record.updated_at,
    )


def _length(engine: Engine, page: PageOptions) -> int:
    most = engine.config.gallery.limits.max_page
    if page.length > most and "length" in page.model_fields_set:
        raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"length: at most {most}.", parameter="length")
    return min(page.length, most)


CALLS = (
    Call(
        Endpoint("GET", "/v1/groups", "groups", "List the groups.", Role.ADMIN, GroupsAnswer, options=PageOptions),
        Priority.ORDINARY,
        _groups,
    ),
    Call(
        Endpoint(
            "POST",
            "/v1/groups",
            "add_group",
            "Make an empty group.",
            Role.ADMIN,
            GroupAnswer,
            options=GroupOptions,
            status=201,
            failures=(ErrorCode.INVALID_ID, ErrorCode.GROUP_EXISTS, ErrorCode.LIMIT_GROUPS, *WRITTEN),
        ),
        Priority.BULK,
        _add_group,
    ),
    Call(
        Endpoint(
            "DELETE",
            GROUP,
            "delete_group",
            "Erase a group with its users and faces.",
            Role.ADMIN,
            ErasedAnswer,
            failures=(*NAMED, *WRITTEN),
        ),
        Priority.BULK,
        _delete_group,
    ),
    Call(
        Endpoint(
            "GET",
            f"{GROUP}/users",
            "users",
            "List the users of a group.",
            Role.ADMIN,
            UsersAnswer,
            options=PageOptions,
            failures=NAMED,
        ),
        Priority.ORDINARY,
        _users,
    ),
    Call(
        Endpoint("GET", USER, "user", "One user of a group.", Role.ADMIN, UserAnswer, failures=NAMED_USER),
        Priority.ORDINARY,
        _user,
    ),
    Call(
        Endpoint(
            "PATCH",
            USER,
            "set_user_info",
            "Change what is kept with a user.",
            Role.ADMIN,
            UserAnswer,
            options=UserInfoOptions,
            failures=(*NAMED_USER, *WRITTEN),
        ),
        Priority.BULK,
        _set_user_info,
    ),
    Call(
        Endpoint(
            "DELETE",
            USER,
            "delete_user",
            "Erase a user of a group.",
            Role.ADMIN,
            ErasedAnswer,
            failures=(*NAMED_USER, *WRITTEN),
        ),
        Priority.BULK,
        _delete_user,
    ),
    Call(
        Endpoint(
            "POST",
            f"{USER}/copy",
            "copy_user",
            "Copy a user's faces to another group.",
            Role.ADMIN,
            CopiedAnswer,
            options=CopyOptions,
            failures=(*NAMED_USER, ErrorCode.LIMIT_USERS, ErrorCode.LIMIT_FACES, *WRITTEN),
        ),
        Priority.BULK,
        _copy_user,
    ),
    Call(
        Endpoint(
            "GET",
            "/v1/users/{user_id}",
            "user_everywhere",
            "A user in every group that has it.",
            Role.ADMIN,
            UserGroupsAnswer,
            failures=(ErrorCode.INVALID_ID, ErrorCode.USER_NOT_FOUND),
        ),
        Priority.ORDINARY,
        _user_everywhere,
    ),
    Call(
        Endpoint(
            "DELETE",
            "/v1/users/{user_id}",
            "delete_user_everywhere",
            "Erase a user in every group.",
            Role.ADMIN,
            ErasedAnswer,
            failures=(ErrorCode.INVALID_ID, ErrorCode.USER_NOT_FOUND, *WRITTEN),
        ),
        Priority.BULK,
        _delete_user_everywhere,
    ),
)
