"""``/face/clustering/*``: the groups and faces of the library (2.9)."""

from __future__ import annotations

from typing import Any

from edgeface.api.dialects.cloudwalk.errors import missing, refusal
from edgeface.api.dialects.cloudwalk.parameters import Fields
from edgeface.api.dialects.pictures import Pictures
from edgeface.api.dialects.vendor import Reply
from edgeface.engine import Engine
from edgeface.gallery.records import GroupRecord
from edgeface.numbered.faces import NumberedFaces

_MOST_PAGE_NUMBER = 10**9


def create_group(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:  # noqa: ARG001 - no pictures here
    """2.9.1."""
    NumberedFaces(engine).add_group(fields.new_group_id(), fields.group_tag())
    return Reply({})


def delete_group(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:  # noqa: ARG001
    """2.9.2: with all its faces."""
    NumberedFaces(engine).delete_group(fields.text("groupId"))
    return Reply({})


def query_group(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:  # noqa: ARG001
    """2.9.3 and 2.9.4."""
    numbered, kind = NumberedFaces(engine), fields.text("type")
    counted = fields.flag("faceCount")
    if kind == "queryByGroupId":
        record = numbered.group(fields.text("groupId"))
        return Reply({"total": 1, "rows": [_row(record, counted=counted)]})
    if kind != "queryByPage":
        raise refusal(4100)
    number = fields.number("pageNumber", 1, _MOST_PAGE_NUMBER)
    size = fields.number("pageSize", 1, engine.config.gallery.limits.max_page)
    page = numbered.groups((number - 1) * size, size)
    return Reply({"total": page.total, "rows": [_row(record, counted=counted) for record in page.items]})


def create_face(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:
    """2.9.5."""
    group_id, tag = fields.text("groupId"), fields.face_tag() or ""
    picture = fields.picture(pictures)
    return Reply({"faceId": NumberedFaces(engine).add(picture, group_id, tag)})


def delete_face(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:  # noqa: ARG001
    """2.9.6."""
    NumberedFaces(engine).delete(fields.text("groupId"), fields.face_id())
    return Reply({})


def edit_face(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:
    """2.9.7: another picture, another ``tag``, or both."""
    group_id, face_id, tag = fields.text("groupId"), fields.face_id(), fields.face_tag()
    if not fields.has_picture() and tag is None:
        raise missing("img, url or tag")
    picture = fields.picture(pictures) if fields.has_picture() else None
    NumberedFaces(engine).change(group_id, face_id, picture=picture, tag=tag)
    return Reply({})


def query_face(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:  # noqa: ARG001
    """2.9.8."""
    if fields.text("type") != "queryByFaceId":
        raise refusal(4100)
    face = NumberedFaces(engine).find(fields.text("groupId"), fields.face_id())
    return Reply({"total": 1, "rows": [{"faceId": face.number, "tag": face.tag}]})


def _row(record: GroupRecord, *, counted: bool) -> dict[str, Any]:
    """A group. Its faces are the numbered ones: a user whom another API gave several faces is one of them."""
    row: dict[str, Any] = {"groupId": record.group_id, "info": record.group_info}
    return {**row, "count": record.users} if counted else row
