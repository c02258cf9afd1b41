"""The picture of a call with everything that the call says about it: ``image``, ``image_type``, the controls."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgeface.api.dialects.baidu_attributes import tells_liveness
from edgeface.api.dialects.baidu_v3.errors import refusal
from edgeface.api.dialects.baidu_v3.parameters import Parameters
from edgeface.api.dialects.pictures import Pictures
from edgeface.engine import Engine, Gate
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.image import size_of
from edgeface.types import FaceOrder, FaceToken, QualityLevel

IMAGE_TYPES = ("BASE64", "URL", "FACE_TOKEN")
LEVELS = ("NONE", "LOW", "NORMAL", "HIGH")
FACE_TYPES = ("LIVE", "IDCARD", "WATERMARK", "CERT")
FACE_TYPES_V4 = (*FACE_TYPES, "INFRARED")
MOST_BASE64 = 2 * 1024 * 1024
"""Characters: "编码后的图片大小不超过2M"."""
MOST_BYTES = 10 * 1024 * 1024
"""Of the whole body: "总数据大小应小于10M"."""
MOST_PIXELS_V4 = (1920, 1080)
"""Longer and shorter side: "分辨率应小于1920*1080"; a picture of just that size is taken."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """A checked picture. ``gate``: both of its controls. ``spoofing``: the caller asks for a spoofing control too."""

    picture: bytes | FaceToken
    gate: Gate
    order: FaceOrder = FaceOrder.LARGEST
    spoofing: bool = False


def read_portrait(engine: Engine, parameters: Parameters, pictures: Pictures) -> Portrait:
    """A picture of version 3: ``image`` and ``image_type``, ``quality_control`` and ``liveness_control``."""
    kind = parameters.choice("image_type", IMAGE_TYPES, 222015)
    text = _image(parameters, "image")
    if kind == "BASE64" and len(text) > MOST_BASE64:
        raise refusal(222013, code=ErrorCode.IMAGE_TOO_LARGE)
    gate = _controls(parameters, "")
    return Portrait(_resolved(engine, kind, text, pictures), gate)


def read_portrait_v4(
    engine: Engine,
    parameters: Parameters,
    pictures: Pictures,
    prefix: str = "",
    *,
    order: FaceOrder = FaceOrder.LARGEST,
    spoofing: bool = False,
) -> Portrait:
    """A picture of version 4: BASE64 unless ``image_type`` says otherwise.

    ``prefix``: ``register_`` for the second one. ``spoofing``: a spoofing control is asked for too.
    """
    kind = parameters.choice(f"{prefix}image_type", IMAGE_TYPES, 222015, default="BASE64")
    text = _image(parameters, f"{prefix}image")
    gate = _controls(parameters, prefix)
    picture = _resolved(engine, kind, text, pictures)
    if isinstance(picture, bytes):
        check_resolution(picture)
    return Portrait(picture, gate, order, spoofing)


def check_resolution(picture: bytes) -> None:
    """222013 for more than 1920 x 1080 pixels, upright or turned. What is no picture is for the engine to refuse."""
    size = size_of(picture)
    if size is not None and (max(size) > MOST_PIXELS_V4[0] or min(size) > MOST_PIXELS_V4[1]):
        raise refusal(222013, code=ErrorCode.IMAGE_TOO_LARGE)


def check_face_type(parameters: Parameters, among: tuple[str, ...] = FACE_TYPES, name: str = "face_type") -> None:
    """222024. One model serves every type, so nothing else depends on it."""
    parameters.choice(name, among, 222024, default="LIVE")


def require_controllable(engine: Engine, portrait: Portrait) -> None:
    """223120 where a control is asked for that nobody here can do: no liveness model in the active pack, or any
    spoofing control, for whose levels the document gives no thresholds. What can be done is left to the gate.

    The face is judged first ("验证顺序为人脸质量检测->活体检测"): 222202 and the quality numbers go before 223120.
    """
    gate = portrait.gate
    blind = gate.liveness is not QualityLevel.NONE and not tells_liveness(engine)
    if not blind and not portrait.spoofing:
        return
    engine.embed(
        portrait.picture,
        gate=replace(gate, liveness=QualityLevel.NONE) if blind else gate,
        order=portrait.order,
    )
    why = "The active model pack has no liveness model." if blind else "Spoofing has no documented thresholds."
    raise EdgeFaceError(ErrorCode.LIVENESS, why)


def _image(parameters: Parameters, name: str) -> str:
    value = parameters.values.get(name)
    if value is None or value == "":
        raise refusal(222001, name, code=ErrorCode.IMAGE_MISSING)
    if not isinstance(value, str):
        raise refusal(222013)
    return value


def _resolved(engine: Engine, kind: str, text: str, pictures: Pictures) -> bytes | FaceToken:
    if kind == "URL":
        return pictures.url(text)
    if kind == "BASE64":
        return pictures.base64(text)
    token = pictures.token(Parameters({"face_token": text}).face_token())
    hidden = engine.config.id_register.group
    if not engine.recall(token).located and all(
        record.group_id == hidden for record in engine.gallery.face(token.value)
    ):
        # Known from an ID photograph of the register only, which no dialect shows.
        raise EdgeFaceError(ErrorCode.FACE_TOKEN_UNKNOWN)
    return token


def _controls(parameters: Parameters, prefix: str) -> Gate:
    quality = parameters.choice(f"{prefix}quality_control", LEVELS, 222019, default="NONE")
    liveness = parameters.choice(f"{prefix}liveness_control", LEVELS, 222020, default="NONE")
    return Gate(QualityLevel(quality), liveness=QualityLevel(liveness))
