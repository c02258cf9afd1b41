"""Looking at faces: ``v3/detect``, ``v3/faceverify``, ``v4/faceverify``, ``v3/match``, ``v4/mingjing/match``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from edgeface.api.dialects.baidu_v3.answers import FaceFields, describe, score
from edgeface.api.dialects.baidu_v3.bodies import fields_of, parsed, rows_of
from edgeface.api.dialects.baidu_v3.encrypted import refuse_encrypted, withheld_risk
from edgeface.api.dialects.baidu_v3.errors import refusal
from edgeface.api.dialects.baidu_v3.liveness_fields import SCORES_V3, SCORES_V4, liveness_reply
from edgeface.api.dialects.baidu_v3.parameters import INVALID, Parameters, invalid
from edgeface.api.dialects.baidu_v3.portraits import (
    FACE_TYPES_V4,
    Portrait,
    check_face_type,
    check_resolution,
    read_portrait,
    read_portrait_v4,
    require_controllable,
)
from edgeface.api.dialects.pictures import Pictures
from edgeface.api.dialects.vendor import Reply
from edgeface.api.submissions import Message
from edgeface.engine import Engine, Gate
from edgeface.errors import ErrorCode
from edgeface.types import Face, FaceOrder, FaceToken, QualityLevel

MOST_FACES = 10  # max_face_num: "最大值10"
LIVENESS_COUNTS = (1, 3, 8)  # "可以上传同一个用户的1张、3张或8张图片"
MOST_IMAGES_V4 = 8
"""Of ``image_list``. The document gives no number; its example answers for 8, as version 3 allows."""
OPTIONS = ("COMMON", "GATE", "FINANCE", "LOGISTICS", "INTERNET")
# The table of detect says chin_contour, its example chin: it has both. The tables of both faceverify calls say chin.
_CHIN_OF_DETECT = ("chin", "chin_contour")
_CHIN = ("chin",)


def detect(engine: Engine, message: Message, pictures: Pictures) -> Reply:
    """v3/detect: faces that fail the liveness control are left out; where none passes, 223120."""
    parameters = Parameters(fields_of(message))
    most = max_face_num(engine, parameters)
    wanted = FaceFields.read(parameters, chin_keys=_CHIN_OF_DETECT)
    check_face_type(parameters)
    portrait = read_portrait(engine, parameters, pictures)
    described = [describe(face, wanted) for face in _look(engine, portrait, most)]
    result = {"face_num": len(described), "face_list": [item.entry for item in described]}
    return Reply(result, tuple(name for item in described for name in item.withheld))


def liveness(engine: Engine, message: Message, pictures: Pictures) -> Reply:
    """v3/faceverify: the faces of 1, 3 or 8 pictures, and the liveness of the group."""
    rows = [Parameters(row) for row in rows_of(message)]
    if len(rows) not in LIVENESS_COUNTS:
        raise refusal(222208)
    wanted = [FaceFields.read(row, chin_keys=_CHIN) for row in rows]
    portraits = [read_portrait(engine, row, pictures) for row in rows]
    return _verified(engine, portraits, wanted, SCORES_V3)


def liveness_v4(engine: Engine, message: Message, pictures: Pictures) -> Reply:
    """v4/faceverify: as :func:`liveness`, for a list of base64 pictures."""
    parameters = Parameters(fields_of(message))
    version = parameters.choice("sdk_version", ("1", "4"), INVALID)
    _check_option(parameters)
    refuse_encrypted(parameters, encrypted=version == "4")
    wanted = FaceFields.read(parameters, chin_keys=_CHIN)
    images = [_base64_v4(pictures, text) for text in _image_list(parameters)]
    portraits = [Portrait(image, Gate(QualityLevel.NONE)) for image in images]
    reply = _verified(engine, portraits, [wanted] * len(portraits), SCORES_V4)
    return replace(reply, withheld=(*reply.withheld, *withheld_risk(parameters)))


def match(engine: Engine, message: Message, pictures: Pictures) -> Reply:
    """v3/match: two pictures, in an array."""
    rows = [Parameters(row) for row in rows_of(message)]
    if len(rows) != 2:
        raise refusal(222208)
    for row in rows:
        check_face_type(row)
    first, second = (read_portrait(engine, row, pictures) for row in rows)
    return Reply(_compared(engine, first, second))


def match_v4(engine: Engine, message: Message, pictures: Pictures) -> Reply:
    """v4/mingjing/match: ``image`` against ``register_image``."""
    parameters = Parameters(fields_of(message))
    refuse_encrypted(parameters)
    check_face_type(parameters, FACE_TYPES_V4)
    check_face_type(parameters, FACE_TYPES_V4, "register_face_type")
    nearest = parameters.integer("face_sort_type", INVALID, default=0, least=0, most=1)
    order = FaceOrder.CENTRAL if nearest else FaceOrder.LARGEST
    first = read_portrait_v4(engine, parameters, pictures, order=order)
    second = read_portrait_v4(engine, parameters, pictures, "register_", order=order)
    return Reply(_compared(engine, first, second), withheld_risk(parameters))


def max_face_num(engine: Engine, parameters: Parameters) -> int:
    """1 to 10, 1 unless given; a device may be configured to look at fewer."""
    most = parameters.integer("max_face_num", 222016, default=1, least=1, most=MOST_FACES)
    return min(most, engine.config.detection.max_faces)


def _look(engine: Engine, portrait: Portrait, most: int) -> tuple[Face, ...]:
    """The largest faces that pass the liveness control; at least one. Their tokens can stand for them later."""
    # quality_control is no parameter of these calls.
    portrait = replace(portrait, gate=replace(portrait.gate, level=QualityLevel.NONE))
    require_controllable(engine, portrait)
    picture, gate = portrait.picture, portrait.gate
    if isinstance(picture, FaceToken):
        faces: tuple[Face, ...] = (engine.recall(picture, gate=gate),)
    else:
        faces = engine.detect(picture, max_faces=most, order=portrait.order, gate=gate, remember=True).faces
    passed = tuple(face for face in faces if face.verdict is None or face.verdict.passed)
    # Where there is none, the engine says why.
    return passed or (engine.embed(picture, gate=gate, order=portrait.order),)


def _verified(
    engine: Engine, portraits: Sequence[Portrait], wanted: Sequence[FaceFields], scores: tuple[str, ...]
) -> Reply:
    """The largest face of each picture."""
    faces = [_look(engine, portrait, 1)[0] for portrait in portraits]
    described = [describe(face, fields) for face, fields in zip(faces, wanted, strict=True)]
    return liveness_reply(engine, faces, described, scores)


def _compared(engine: Engine, first: Portrait, second: Portrait) -> dict[str, Any]:
    for portrait in (first, second):
        require_controllable(engine, portrait)
    faces = [engine.embed(portrait.picture, gate=portrait.gate, order=portrait.order) for portrait in (first, second)]
    one, other = (face.template for face in faces)
    assert one is not None and other is not None  # noqa: S101 - embed() guarantees it
    return {
        "score": score(engine.compare_templates(one, other).score),
        "face_list": [{"face_token": face.token} for face in faces],
    }


def _check_option(parameters: Parameters) -> None:
    """The scene. "如果请求参数中存在多个option值时,则取第一个". Each has the same models here."""
    value = parameters.values.get("option")
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, str):
        value = value.partition(",")[0].strip()
    Parameters({"option": value}).choice("option", OPTIONS, INVALID, default="COMMON")


def _image_list(parameters: Parameters) -> list[str]:
    value = parameters.values.get("image_list")
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = parsed(value)  # a form field
    if value is None or value in ("", []):
        raise refusal(222001, "image_list", code=ErrorCode.IMAGE_MISSING)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid(222013, "image_list")
    if len(value) > MOST_IMAGES_V4:
        raise refusal(222208)
    return value


def _base64_v4(pictures: Pictures, text: str) -> bytes:
    picture = pictures.base64(text)
    check_resolution(picture)
    return picture
