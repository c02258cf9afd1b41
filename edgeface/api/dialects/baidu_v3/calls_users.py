"""The face library's users and their faces: ``v3/faceset/user/*`` and ``v3/faceset/face/*``."""

from __future__ import annotations

import time

from edgeface.api.dialects.baidu_v3.answers import token_and_location
from edgeface.api.dialects.baidu_v3.bodies import fields_of
from edgeface.api.dialects.baidu_v3.errors import refusal
from edgeface.api.dialects.baidu_v3.parameters import INVALID, Parameters
from edgeface.api.dialects.baidu_v3.portraits import read_portrait, require_controllable
from edgeface.api.dialects.pictures import Pictures
from edgeface.api.dialects.vendor import Reply
from edgeface.api.dialects.visible import require_visible, visible_users
from edgeface.api.submissions import Message
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode

ALREADY_ADDED = "already add"  # "复制用户", example: 216100


def add_user(engine: Engine, message: Message, pictures: Pictures) -> Reply:
    """v3/faceset/user/add: group and user are made where they are missing."""
    parameters = Parameters(fields_of(message))
    group_id, user_id = parameters.group_id(), parameters.user_id()
    action = parameters.choice("action_type", ("APPEND", "REPLACE"), INVALID, default="APPEND")
    return _enrol(engine, parameters, pictures, group_id, user_id, replace_faces=action == "REPLACE")


def update_user(engine: Engine, message: Message, pictures: Pictures) -> Reply:
    """v3/faceset/user/update: the new face takes the place of all of the user's.

    "新上传的人脸图像将覆盖此uid原有所有图像". The row of ``action_type`` repeats the words of user/add instead, where
    UPDATE would append; the vendor's later editions corrected that row: UPDATE wants the user to be there, REPLACE
    enrols one that is not.
    """
    parameters = Parameters(fields_of(message))
    group_id, user_id = parameters.group_id(), parameters.user_id()
    action = parameters.choice("action_type", ("UPDATE", "REPLACE"), INVALID, default="UPDATE")
    if action == "UPDATE":
        visible_users(engine, (group_id,), user_id)
    return _enrol(engine, parameters, pictures, group_id, user_id, replace_faces=True)


def get_user(engine: Engine, message: Message, pictures: Pictures) -> Reply:  # noqa: ARG001 - a use case's form
    """v3/faceset/user/get: in one group, or with ``@ALL`` in every group that has the user."""
    parameters = Parameters(fields_of(message))
    user_id, group_id = parameters.user_id(), parameters.group_or_every()
    found = visible_users(engine, None if group_id is None else (group_id,), user_id)
    return Reply({"user_list": [{"user_info": user.user_info, "group_id": user.group_id} for user in found]})


def copy_user(engine: Engine, message: Message, pictures: Pictures) -> Reply:  # noqa: ARG001
    """v3/faceset/user/copy: into a group that does not have the user."""
    parameters = Parameters(fields_of(message))
    user_id = parameters.user_id()
    source, target = parameters.group_id("src_group_id"), parameters.group_id("dst_group_id")
    visible_users(engine, (source,), user_id)
    hidden = engine.config.id_register.group
    if target == hidden or not engine.gallery.has_group(target):
        raise refusal(223111, code=ErrorCode.GROUP_NOT_FOUND)
    try:
        engine.gallery.memberships.copy(user_id, source, (target,), create_group=False)
    except EdgeFaceError as error:
        if error.code is not ErrorCode.USER_EXISTS:
            raise
        raise refusal(INVALID, text=ALREADY_ADDED, code=ErrorCode.USER_EXISTS) from None
    return Reply(None)


def delete_user(engine: Engine, message: Message, pictures: Pictures) -> Reply:  # noqa: ARG001
    """v3/faceset/user/delete: from one group, or with ``@ALL`` from every group."""
    parameters = Parameters(fields_of(message))
    group_id, user_id = parameters.group_or_every(), parameters.user_id()
    visible_users(engine, None if group_id is None else (group_id,), user_id)
    engine.leave_groups(user_id, None if group_id is None else (group_id,))
    return Reply(None)


def delete_face(engine: Engine, message: Message, pictures: Pictures) -> Reply:  # noqa: ARG001
    """v3/faceset/face/delete: from one group, or without ``group_id`` from every group in which the user has it.

    "如果一个uid存在于多个用户组内,将会同时将从各个组中把用户删除;如果指定了group_id,则只删除此group下的uid相关信息".
    """
    parameters = Parameters(fields_of(message))
    user_id, token = parameters.user_id(), parameters.face_token()
    given = parameters.text("group_id", 222006) is not None
    found = visible_users(engine, (parameters.group_id(),) if given else None, user_id)
    having = [record.group_id for record in engine.gallery.face(token) if record.user_id == user_id]
    groups = [user.group_id for user in found if user.group_id in having]
    if not groups:
        raise EdgeFaceError(ErrorCode.FACE_NOT_FOUND)
    for group_id in groups:
        engine.delete_face(group_id, user_id, token)
    return Reply(None)


def list_faces(engine: Engine, message: Message, pictures: Pictures) -> Reply:  # noqa: ARG001
    """v3/faceset/face/getlist: tokens and local times, in the order of enrolment."""
    parameters = Parameters(fields_of(message))
    user_id, group_id = parameters.user_id(), parameters.group_id()
    require_visible(engine, (group_id,))
    faces = engine.gallery.faces(group_id, user_id)
    return Reply({"face_list": [{"face_token": face.face_token, "ctime": _ctime(face.created_at)} for face in faces]})


def _enrol(
    engine: Engine, parameters: Parameters, pictures: Pictures, group_id: str, user_id: str, *, replace_faces: bool
) -> Reply:
    require_visible(engine, (group_id,))
    user_info = parameters.user_info()
    portrait = read_portrait(engine, parameters, pictures)
    require_controllable(engine, portrait)
    done = engine.enrol(
        portrait.picture,
        group_id,
        user_id,
        user_info=user_info,
        replace_faces=replace_faces,
        gate=portrait.gate,
        order=portrait.order,
    )
    return Reply(token_and_location(done.face))


def _ctime(seconds: float) -> str:
    # "2018-01-01 00:00:00" names no zone: it is the clock on the device's wall.
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
