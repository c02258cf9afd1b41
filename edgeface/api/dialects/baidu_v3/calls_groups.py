"""The face library's groups: ``v3/faceset/group/*``."""

from __future__ import annotations

from edgeface.api.dialects.baidu_v3.bodies import fields_of
from edgeface.api.dialects.baidu_v3.parameters import Parameters
from edgeface.api.dialects.pictures import Pictures
from edgeface.api.dialects.vendor import Reply
from edgeface.api.dialects.visible import require_visible, visible_groups
from edgeface.api.submissions import Message
from edgeface.engine import Engine

DEFAULT_LENGTH = 100  # "返回数量,默认值100,最大值1000"
MOST_LENGTH = 1000
_MOST_START = 10**12 - 1


def add_group(engine: Engine, message: Message, pictures: Pictures) -> Reply:  # noqa: ARG001 - a use case's form
    """v3/faceset/group/add."""
    group_id = _group(engine, message)
    engine.gallery.add_group(group_id)
    return Reply(None)


def delete_group(engine: Engine, message: Message, pictures: Pictures) -> Reply:  # noqa: ARG001
    """v3/faceset/group/delete: with its users and their faces."""
    group_id = _group(engine, message)
    engine.delete_group(group_id)
    return Reply(None)


def list_groups(engine: Engine, message: Message, pictures: Pictures) -> Reply:  # noqa: ARG001
    """v3/faceset/group/getlist."""
    start, length = _page(Parameters(fields_of(message)))
    return Reply({"group_id_list": list(visible_groups(engine, start, length))})


def list_users(engine: Engine, message: Message, pictures: Pictures) -> Reply:  # noqa: ARG001
    """v3/faceset/group/getusers."""
    group_id = _group(engine, message)
    start, length = _page(Parameters(fields_of(message)))
    page = engine.gallery.users(group_id, start, length)
    return Reply({"user_id_list": [user.user_id for user in page.items]})


def _group(engine: Engine, message: Message) -> str:
    group_id = Parameters(fields_of(message)).group_id()
    require_visible(engine, (group_id,))
    return group_id


def _page(parameters: Parameters) -> tuple[int, int]:
    return (
        parameters.integer("start", 222002, default=0, least=0, most=_MOST_START),
        parameters.integer("length", 222003, default=DEFAULT_LENGTH, least=1, most=MOST_LENGTH),
    )
