"""The face library: ``faceset/user/*`` and ``faceset/group/*``."""

from __future__ import annotations

from edgeface.api.dialects.baidu_v2 import parameters
from edgeface.api.dialects.baidu_v2.errors import ALREADY_ADDED, refusal
from edgeface.api.dialects.baidu_v2.form import read_form
from edgeface.api.dialects.pictures import Pictures
from edgeface.api.dialects.vendor import Reply
from edgeface.api.dialects.visible import require_visible, visible_groups, visible_users
from edgeface.api.submissions import Message
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode

_ACTIONS = ("append", "replace")
_REPLACE = "replace"
# "新上传的人脸图像将覆盖此uid原有所有图像": so many are all that a user can have; the documents name no number.
_MOST_UPDATED = 20


def add_user(engine: Engine, message: Message, pictures: Pictures) -> Reply:
    """``faceset/user/add``: into every group or into none; groups are made."""
    form = read_form(message)
    user_id = parameters.user_id(form)
    info = parameters.user_info(form)
    if info is None:
        raise refusal(216101, "user_info is missing.")
    groups = parameters.group_ids(form, most=parameters.MOST_CHANGED_GROUPS, too_many=216631)
    action = parameters.choice(form, "action_type", _ACTIONS)
    require_visible(engine, groups)
    picture = pictures.base64(parameters.image(form))
    engine.enrol_in_groups([picture], groups, user_id, user_info=info, replace_faces=action == _REPLACE)
    return Reply({})


def update_user(engine: Engine, message: Message, pictures: Pictures) -> Reply:
    """``faceset/user/update``: the new pictures take the place of all earlier ones. Without ``group_id``, which the
    REST chapter does not have, in every group of the user."""
    form = read_form(message)
    user_id = parameters.user_id(form)
    info = parameters.user_info(form)
    groups = parameters.group_ids_if_given(form, most=parameters.MOST_CHANGED_GROUPS)
    register = parameters.choice(form, "action_type", _ACTIONS) == _REPLACE
    if groups is None:
        try:
            groups = tuple(user.group_id for user in visible_users(engine, None, user_id))
        except EdgeFaceError as error:
            if error.code is ErrorCode.USER_NOT_FOUND and register:
                raise refusal(216101, "group_id is missing.") from None
            raise
    require_visible(engine, groups)
    if not register:
        for group_id in groups:
            visible_users(engine, [group_id], user_id)  # an unknown user need not wait for the picture
    texts = parameters.images(form, most=parameters.MOST_PICTURE, number=_MOST_UPDATED)
    given = [pictures.base64(text) for text in texts]
    engine.enrol_in_groups(given, groups, user_id, user_info=info, replace_faces=True, create=register)
    return Reply({})


def delete_user(engine: Engine, message: Message, pictures: Pictures) -> Reply:  # noqa: ARG001 - no pictures here
    """``faceset/user/delete``: in every group, or in those of ``group_id``."""
    form = read_form(message)
    user_id = parameters.user_id(form)
    engine.leave_groups(user_id, parameters.group_ids_if_given(form, most=parameters.MOST_CHANGED_GROUPS))
    return Reply({})


def get_user(engine: Engine, message: Message, pictures: Pictures) -> Reply:  # noqa: ARG001
    """``faceset/user/get``: an item for each group (the REST chapter's example), with the table's ``groups``."""
    form = read_form(message)
    user_id = parameters.user_id(form)
    asked = parameters.group_ids_if_given(form, most=parameters.MOST_CHANGED_GROUPS)
    shown = visible_users(engine, asked, user_id)
    groups = [user.group_id for user in visible_users(engine, None, user_id)]
    result = [
        {"uid": user.user_id, "user_info": user.user_info, "group_id": user.group_id, "groups": groups}
        for user in shown
    ]
    return Reply({"result_num": len(result), "result": result})


def list_groups(engine: Engine, message: Message, pictures: Pictures) -> Reply:  # noqa: ARG001
    """``faceset/group/getlist``."""
    start, length = parameters.page(read_form(message))
    result = list(visible_groups(engine, start, length))
    return Reply({"result_num": len(result), "result": result})


def list_users(engine: Engine, message: Message, pictures: Pictures) -> Reply:  # noqa: ARG001
    """``faceset/group/getusers``. 216618 for a group without users, as its text says."""
    form = read_form(message)
    group_id = parameters.group_id(form, "group_id")
    start, length = parameters.page(form)
    require_visible(engine, [group_id])
    page = engine.gallery.users(group_id, start, length)
    if not page.total:
        raise refusal(216618, code=ErrorCode.USER_NOT_FOUND)
    result = [{"uid": user.user_id, "user_info": user.user_info} for user in page.items]
    return Reply({"result_num": len(result), "result": result})


def copy_user(engine: Engine, message: Message, pictures: Pictures) -> Reply:  # noqa: ARG001
    """``faceset/group/adduser``: into every group or into none; groups are made ("一个新的组")."""
    form = read_form(message)
    source = parameters.group_id(form, "src_group_id")
    targets = parameters.group_ids(form, most=parameters.MOST_CHANGED_GROUPS, too_many=216631)
    user_id = parameters.user_id(form)
    require_visible(engine, [source, *targets])
    # The document's own sample names the source among several targets.
    others = [target for target in targets if target != source]
    try:
        engine.gallery.memberships.copy(user_id, source, others or targets)
    except EdgeFaceError as error:
        if error.code is ErrorCode.USER_EXISTS:
            raise EdgeFaceError(error.code, baidu=216100, text=ALREADY_ADDED) from None
        raise
    return Reply({})


def leave_groups(engine: Engine, message: Message, pictures: Pictures) -> Reply:  # noqa: ARG001
    """``faceset/group/deleteuser``: out of all the named groups or of none; one group must be left."""
    form = read_form(message)
    groups = parameters.group_ids(form, most=parameters.MOST_CHANGED_GROUPS)
    user_id = parameters.user_id(form)
    try:
        engine.leave_groups(user_id, groups, keep_one=True)
    except EdgeFaceError as error:
        if error.context.get("rule") == "one_group":
            raise refusal(216619) from None
        raise
    return Reply({})
