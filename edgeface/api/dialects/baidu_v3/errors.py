"""The document's "错误码": numbers and texts, and which of them each failure is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edgeface.api.dialects.baidu_common import platform_error
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import REGIONS

# "服务端返回的错误码". {} stands for the parameter's name, as in the document's "param[start] format error".
# 216100 is not in that table: the answer of "复制用户" shows it; the v2 document calls it "invalid param".
TEXTS: dict[int, str] = {
    1: "Unknown error",
    2: "Service temporarily unavailable",
    3: "Unsupported openapi method",
    216100: "invalid param",
    222001: "param[{}] is null",
    222002: "param[start] format error",
    222003: "param[length] format error",
    222005: "param[group_id_list] format error",
    222006: "group_id format error",
    222010: "user_info format error",
    222013: "param[image] format error",
    222014: "param[app_id] format error",
    222015: "param[image_type] format error",
    222016: "param[max_face_num] format error",
    222017: "param[face_field] format error",
    222018: "param[user_id] format error",
    222019: "param[quality_control] format error",
    222020: "param[liveness_control] format error",
    222021: "param[max_user_num] format error",
    222022: "param[id_card_number] format error",
    222023: "param[name] format error",
    222024: "param[face_type] format error",
    222025: "param[face_token] format error",
    222202: "pic not has face",
    222203: "image check fail",
    222204: "image_url_download_fail",
    222207: "match user is not found",
    222208: "the number of image is incorrect",
    222209: "face token not exist",
    222300: "add face fail",
    222301: "get face fail",
    222302: "system error",
    222351: "id number and name not match or id number not exist",
    222352: "name format error",
    222353: "id number format error",
    222354: "id number not exist",
    222901: "system busy",
    223100: "group is not exist",
    223101: "group is already exist",
    223102: "user is already exist",
    223103: "user is not exist",
    223104: "group_list is too large",
    223105: "face is already exist",
    223106: "face is not exist",
    223111: "dst group is not exist",
    223113: "face is covered",
    223114: "face is fuzzy",
    223115: "face light is not good",
    223116: "incomplete face",
    223118: "quality control error",
    223119: "liveness control item error",
    223120: "liveness check fail",
    223121: "left eye is occlusion",
    223122: "right eye is occlusion",
    223123: "left cheek is occlusion",
    223124: "right cheek is occlusion",
    223125: "chin contour is occlusion",
    223126: "nose is occlusion",
    223127: "mouth is occlusion",
}

_NUMBERS: dict[ErrorCode, int] = {
    ErrorCode.INVALID_REQUEST: 216100,
    ErrorCode.INVALID_PARAMETER: 216100,
    ErrorCode.INVALID_ID: 222006,
    ErrorCode.NOT_FOUND: 3,
    ErrorCode.METHOD_NOT_ALLOWED: 3,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: 216100,
    ErrorCode.REQUEST_TOO_LARGE: 222013,  # only pictures make a body that large
    ErrorCode.IMAGE_MISSING: 222001,
    ErrorCode.IMAGE_TOO_LARGE: 222013,
    ErrorCode.IMAGE_TOO_SMALL: 222203,
    ErrorCode.IMAGE_FORMAT: 222203,
    ErrorCode.IMAGE_CORRUPT: 222203,
    ErrorCode.IMAGE_BASE64: 222013,
    ErrorCode.IMAGE_URL: 222204,
    ErrorCode.FACE_TOKEN_UNKNOWN: 222209,
    ErrorCode.NO_FACE: 222202,
    ErrorCode.MULTIPLE_FACES: 222203,
    ErrorCode.QUALITY: 223118,
    ErrorCode.LIVENESS: 223120,
    ErrorCode.GROUP_NOT_FOUND: 223100,
    ErrorCode.GROUP_EXISTS: 223101,
    ErrorCode.USER_NOT_FOUND: 223103,
    ErrorCode.USER_EXISTS: 223102,
    ErrorCode.FACE_NOT_FOUND: 223106,
    ErrorCode.FACE_EXISTS: 223105,
    ErrorCode.FACE_NEARLY_IDENTICAL: 223105,
    ErrorCode.LIMIT_GROUPS: 222300,
    ErrorCode.LIMIT_USERS: 222300,
    ErrorCode.LIMIT_FACES: 222300,
    ErrorCode.ID_NOT_REGISTERED: 222354,
    ErrorCode.ID_NAME_MISMATCH: 222351,
    ErrorCode.TEMPLATE_INVALID: 222301,
    ErrorCode.CONTRACT_MISMATCH: 222301,
    ErrorCode.GALLERY_CORRUPT: 222301,
    ErrorCode.DEADLINE: 222901,
    ErrorCode.SHUTTING_DOWN: 2,
    ErrorCode.UNREACHABLE: 2,
    ErrorCode.GALLERY_LOCKED: 2,
    ErrorCode.INTERNAL: 1,
}
_SYSTEM_ERROR = 222302
"""Whatever else keeps the device from doing its work: storage, models, configuration."""

# A check below the dialect names the parameter; where several numbers share a catalogue entry, that decides.
_BY_PARAMETER: dict[str, int] = {
    "start": 222002,
    "length": 222003,
    "group_id": 222006,
    "user_info": 222010,
    "user_id": 222018,
    "face_token": 222025,
    "name": 222352,
    "id_number": 222353,
}

# Pose, face size and interocular distance have no number of their own: 223118, "质量控制项错误".
_BY_MEASURE: dict[str, int] = {
    "occlusion.left_eye": 223121,
    "occlusion.right_eye": 223122,
    "occlusion.left_cheek": 223123,
    "occlusion.right_cheek": 223124,
    "occlusion.chin": 223125,
    "occlusion.nose": 223126,
    "occlusion.mouth": 223127,
    "blur": 223114,
    "illumination": 223115,
    "completeness": 223116,
}
_COVERED = 223113
_EVERY_PART = frozenset(f"occlusion.{region}" for region in REGIONS)


def refusal(
    number: int, name: str = "", *, text: str = "", code: ErrorCode = ErrorCode.INVALID_PARAMETER
) -> EdgeFaceError:
    """A failure whose number the dialect knows itself. ``name``: the parameter, for 222001; ``text``: instead of
    the number's usual one."""
    text = text or TEXTS[number].format(name)
    return EdgeFaceError(code, text + ".", baidu=number, baidu_text=text)


def number_and_text(error: EdgeFaceError) -> tuple[int, str]:
    """``error_code`` and ``error_msg`` of any entry of the catalogue."""
    if platform := platform_error(error):
        return platform
    if "baidu" in error.context:
        return int(error.context["baidu"]), str(error.context["baidu_text"])
    number = _number(error)
    return number, TEXTS[number].format("image")  # 222001: the engine misses nothing but pictures


def _number(error: EdgeFaceError) -> int:
    if error.code in (ErrorCode.INVALID_PARAMETER, ErrorCode.INVALID_ID):
        return _BY_PARAMETER.get(str(error.context.get("parameter")), _NUMBERS[error.code])
    if error.code is ErrorCode.QUALITY:
        return _quality_number(error.context.get("violations", ()))
    return _NUMBERS.get(error.code, _SYSTEM_ERROR)


def _quality_number(violations: Sequence[Mapping[str, Any]]) -> int:
    """The first failed measure decides, except where every part is covered: then no one part is to blame."""
    measures = [str(violation["measure"]) for violation in violations]
    if set(measures) >= _EVERY_PART:
        return _COVERED
    return _BY_MEASURE.get(measures[0], _NUMBERS[ErrorCode.QUALITY]) if measures else _NUMBERS[ErrorCode.QUALITY]
