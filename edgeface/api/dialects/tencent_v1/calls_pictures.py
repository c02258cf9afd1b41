"""The calls that look at pictures: ``identify``, ``verify``, ``compare``, ``detect`` and ``idcardcompare``."""

from __future__ import annotations

from functools import partial

from edgeface.api.dialects.pictures import Pictures
from edgeface.api.dialects.tencent_v1 import ids
from edgeface.api.dialects.tencent_v1.answers import Answer, score
from edgeface.api.dialects.tencent_v1.errors import with_data
from edgeface.api.dialects.tencent_v1.faces import face_item, place_of, wants
from edgeface.api.dialects.tencent_v1.parameters import Fields
from edgeface.api.dialects.tencent_v1.person_info import PersonInfo
from edgeface.api.dialects.vendor import Reply
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.people import People
from edgeface.register import IdRegister
from edgeface.types import FaceOrder

CANDIDATES = 5  # Tencent's page of identify: "the Top5 ... from the most to the least similar"
WHOLE_FACES = 5  # Tencent's page of detect: beyond five faces only face_id, x, y, width, height
_ALL, _LARGEST = 0, 1  # detect's mode in the published client; 0 is its default


def identify(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:
    """``identify``: the five most similar persons of a group, however similar; the caller judges ``confidence``."""
    group = fields.gallery_id("group_id")
    picture = fields.picture(pictures)
    if not engine.gallery.has_group(group):
        raise EdgeFaceError(ErrorCode.GROUP_NOT_FOUND)
    found = engine.identify(picture, [group], top=CANDIDATES, threshold=0.0)
    candidates = [
        {
            "person_id": ids.from_gallery(match.user_id),
            "face_id": match.face_token,
            "confidence": score(match.score),
            "tag": PersonInfo.of(match.user_info).tag,
        }
        for match in found.matches
    ]
    return Reply(Answer({"candidates": candidates}))


def verify(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:
    """``verify``: whether the picture shows the person."""
    person_id = fields.gallery_id("person_id")
    verification = People(engine).verify(fields.picture(pictures), person_id)
    return Reply(Answer({"confidence": score(verification.match.score), "ismatch": verification.accepted}))


def compare(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:
    """``compare``: two pictures. ``fail_flag`` in a failure's data says which of them it was: 1 or 2."""
    both = []
    for number, letter in enumerate("AB", start=1):
        try:
            both.append(fields.picture(pictures, f"image{letter}", f"url{letter}"))
        except EdgeFaceError as error:
            raise with_data(error, fail_flag=number) from error
    try:
        comparison = engine.compare(*both)
    except EdgeFaceError as error:
        if "picture" not in error.context:
            raise
        raise with_data(error, fail_flag=error.context["picture"]) from error
    return Reply(Answer({"similarity": score(comparison.score)}))


def detect(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:
    """``detect``: every face of a picture (``mode`` 0) or the largest (1)."""
    mode = fields.choice("mode", (_ALL, _LARGEST))
    wanted = wants(engine.analyzer.features)
    look = partial(engine.detect, fields.picture(pictures), wanted, order=FaceOrder.LARGEST)
    detection = look(max_faces=1) if mode == _LARGEST else look()
    if not detection.faces:
        raise EdgeFaceError(ErrorCode.NO_FACE)
    faces = []
    withheld: list[str] = []
    for face in detection.faces[:WHOLE_FACES]:
        item, without = face_item(face)
        faces.append(item)
        withheld += without
    faces += [place_of(face) for face in detection.faces[WHOLE_FACES:]]
    data = {"image_width": detection.width, "image_height": detection.height, "face": faces}
    return Reply(Answer(data), tuple(withheld))


def id_card_compare(engine: Engine, fields: Fields, pictures: Pictures) -> Reply:
    """``idcardcompare``: the picture and the photograph that the operator registered under this number and name."""
    number, name = fields.text("idcard_number"), fields.text("idcard_name")
    comparison = IdRegister(engine).verify(fields.picture(pictures), number, name)
    return Reply(Answer({"similarity": score(comparison.score)}))
