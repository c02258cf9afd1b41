"""The documents' "错误码": numbers and texts, and which of them each failure is."""

from __future__ import annotations

from collections.abc import Mapping

from edgeface.api.dialects.baidu_common import platform_error
from edgeface.errors import EdgeFaceError, ErrorCode

# "错误码" of both documents; 216612 and 216619 stand in the examples of user/update, user/delete and
# group/deleteuser only. Numbers below 1000 are in baidu_common.
TEXTS: dict[int, str] = {
    216015: "module closed",
    216100: "invalid param",
    216101: "not enough param",
    216102: "service not support",
    216103: "param too long",
    216110: "appid not exist",
    216111: "invalid userid",
    216200: "empty image",
    216201: "image format error",
    216202: "image size error",
    216300: "db error",
    216400: "backend error",
    216401: "internal error",
    216402: "face not found",
    216500: "unknown error",
    216611: "user not exist",
    216612: "user not exist",
    216613: "fail to delete user record",
    216614: "not enough images",
    216615: "fail to process images",
    216616: "image existed",
    216617: "fail to add user",
    216618: "no user in group",
    216619: "user must be in one group at least",
    216631: "request add user overlimit",
}

# "具体异常原因详见error_msg" (216100, 216101), "可以根据具体msg查看错误原因" (216400): these say why behind the text.
# So do the two that a quality gate answers with; the others have the table's text alone.
_SAY_WHY = frozenset({216100, 216101, 216400, 216615, 216617})

ALREADY_ADDED = "already add"
"""What 216100 says when group/adduser meets the user in the target group."""

_NUMBERS: dict[ErrorCode, int] = {
    ErrorCode.INVALID_REQUEST: 216100,
    ErrorCode.INVALID_PARAMETER: 216100,
    ErrorCode.INVALID_ID: 216100,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: 216100,
    ErrorCode.NOT_FOUND: 216102,
    ErrorCode.METHOD_NOT_ALLOWED: 216102,
    ErrorCode.REQUEST_TOO_LARGE: 216103,  # "请求超长"
    ErrorCode.IMAGE_MISSING: 216200,
    ErrorCode.IMAGE_BASE64: 216200,  # "图片为空或者base64解码错误"
    ErrorCode.IMAGE_FORMAT: 216201,
    ErrorCode.IMAGE_CORRUPT: 216201,
    ErrorCode.IMAGE_TOO_LARGE: 216202,
    ErrorCode.IMAGE_TOO_SMALL: 216202,
    ErrorCode.IMAGE_URL: 216615,
    ErrorCode.NO_FACE: 216402,
    ErrorCode.FACE_NOT_FOUND: 216402,
    ErrorCode.FACE_TOKEN_UNKNOWN: 216402,
    ErrorCode.MULTIPLE_FACES: 216615,
    ErrorCode.QUALITY: 216615,  # the tables have no number for a refused quality
    ErrorCode.LIVENESS: 216400,  # nor for liveness
    ErrorCode.GROUP_NOT_FOUND: 216618,  # "确认该group是否存在"
    ErrorCode.GROUP_EXISTS: 216100,
    ErrorCode.USER_NOT_FOUND: 216611,
    ErrorCode.USER_EXISTS: 216100,
    ErrorCode.FACE_EXISTS: 216616,
    ErrorCode.FACE_NEARLY_IDENTICAL: 216616,
    ErrorCode.LIMIT_GROUPS: 216631,
    ErrorCode.LIMIT_USERS: 216631,
    ErrorCode.LIMIT_FACES: 216617,
    ErrorCode.PERSON_KNOWN: 216617,
    ErrorCode.ID_NOT_REGISTERED: 216611,
    ErrorCode.ID_NAME_MISMATCH: 216100,
    ErrorCode.FEATURE_UNAVAILABLE: 216015,
    ErrorCode.SHUTTING_DOWN: 216015,
    ErrorCode.STORAGE_FULL: 216300,
    ErrorCode.STORAGE_READ_ONLY: 216300,
    ErrorCode.GALLERY_LOCKED: 216300,
    ErrorCode.GALLERY_VERSION: 216300,
    ErrorCode.GALLERY_CORRUPT: 216300,
    ErrorCode.GALLERY_KEY: 216300,
    ErrorCode.ARCHIVE_INVALID: 216300,
    ErrorCode.TEMPLATE_INVALID: 216400,
    ErrorCode.CONTRACT_MISMATCH: 216400,
    ErrorCode.DEADLINE: 216400,
    ErrorCode.INTERNAL: 216401,
}
_UNKNOWN = 216500
"""Whatever else: no call over this API can end so."""

# "user not exist" of user/update and user/delete has another number in their examples than in the table.
FACE_SET_CHANGES: Mapping[ErrorCode, int] = {ErrorCode.USER_NOT_FOUND: 216612}
UPDATING: Mapping[ErrorCode, int] = {**FACE_SET_CHANGES, ErrorCode.QUALITY: 216617}
ADDING: Mapping[ErrorCode, int] = {ErrorCode.QUALITY: 216617}
DELETING: Mapping[ErrorCode, int] = {
    **FACE_SET_CHANGES,
    ErrorCode.STORAGE_FULL: 216613,
    ErrorCode.STORAGE_READ_ONLY: 216613,
}


def refusal(number: int, why: str = "", *, code: ErrorCode = ErrorCode.INVALID_PARAMETER) -> EdgeFaceError:
    """A failure whose number the dialect knows itself. ``why``: one sentence."""
    return EdgeFaceError(code, why, baidu=number)


def renumbered(error: EdgeFaceError, numbers: Mapping[ErrorCode, int]) -> EdgeFaceError:
    """The failure as one call's own table has it."""
    if "baidu" in error.context or error.code not in numbers:
        return error
    return EdgeFaceError(error.code, error.detail, **{**error.context, "baidu": numbers[error.code]})


def number_and_text(error: EdgeFaceError) -> tuple[int, str]:
    """``error_code`` and ``error_msg`` of any entry of the catalogue."""
    if platform := platform_error(error):
        return platform
    own = error.context.get("baidu")
    number = own if isinstance(own, int) else _NUMBERS.get(error.code, _UNKNOWN)
    if text := error.context.get("text"):
        return number, str(text)
    if number in _SAY_WHY:
        return number, f"{TEXTS[number]}: {_reason(error)}"
    return number, TEXTS[number]


def _reason(error: EdgeFaceError) -> str:
    return error.detail or error.message
