"""``/face/recog/*``: a picture and the faces of a group (2.10)."""

from __future__ import annotations

from typing import Any

from edgeface.analysis import Wants
from edgeface.api.dialects.cloudwalk import answers
from edgeface.api.dialects.cloudwalk.errors import refusal
from edgeface.api.dialects.cloudwalk.parameters import Fields
from edgeface.api.dialects.pictures import Pictures
from edgeface.api.dialects.vendor import Reply
from edgeface.engine import Engine
from edgeface.errors import ErrorCode
from edgeface.numbered.faces import NumberedFaces, NumberedMatch
from edgeface.types import Face, Template


def identify(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:
    """2.10.1: the ``topN`` faces that are most like the largest face of the picture, turned or not."""
    group_id = fields.text("groupId")
    top = fields.number("topN", 1, engine.config.gallery.limits.max_top)
    picture = fields.picture(pictures)
    numbered = _with_faces(engine, group_id)
    probe = _template(numbered.largest(picture))
    return Reply({"faces": [_match(match) for match in numbered.most_alike(probe, group_id, top)]})


def identify_all(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:
    """2.10.2: every upright face of the picture, each with the one that is most like it.

    ``groupId`` stands in the example, not in the table.
    """
    group_id = fields.text("groupId")
    picture = fields.picture(pictures)
    numbered = _with_faces(engine, group_id)
    faces = [
        {**answers.place(face), **_match(match)}
        for face in numbered.upright(picture, Wants(template=True))
        for match in numbered.most_alike(_template(face), group_id, 1)
    ]
    return Reply({"groupId": group_id, "faces": faces})


def compare(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:
    """2.10.3: the largest face of the picture, turned or not, and one face of the group."""
    group_id, face_id = fields.text("groupId"), fields.face_id()
    picture = fields.picture(pictures)
    numbered = NumberedFaces(engine)
    numbered.find(group_id, face_id)  # an unknown face need not wait for the picture
    probe = _template(numbered.largest(picture))
    return Reply({"score": answers.score(numbered.score(probe, group_id, face_id))})


def _with_faces(engine: Engine, group_id: str) -> NumberedFaces:
    numbered = NumberedFaces(engine)
    if not numbered.group(group_id).faces:
        raise refusal(12358, code=ErrorCode.FACE_NOT_FOUND)
    return numbered


def _match(match: NumberedMatch) -> dict[str, Any]:
    return {"faceId": match.number, "score": answers.score(match.score), "tag": match.tag}


def _template(face: Face) -> Template:
    assert face.template is not None  # noqa: S101 - asked for
    return face.template
