"""Table 2.12 ("错误码定义"): numbers and texts, and which of them each failure is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeface.errors import EdgeFaceError, ErrorCode

OK, OK_TEXT = 0, "成功"

TEXTS: dict[int, str] = {
    4096: "应用权限错误",
    4097: "参数不完整",
    4098: "系统忙",
    4099: "RPC 通信错误",
    4100: "操作不支持",
    4101: "参数错误",
    4102: "服务访问错误",
    4103: "登录失败",
    4104: "用户权限错误",
    4105: "底层算法引擎错误",
    4112: "系统异常",
    4113: "欠费",
    4114: "登出错误",
    4115: "应用没有回复",
    4116: "操作错误",
    4117: "达到 TPS 上限",
    8450: "缓存区太小",
    8454: "处理过程中出现错误或异常",
    8464: "没有检测到人脸",
    8465: "检测到多个人脸",
    8466: "人脸太小",
    8467: "人脸太大",
    8480: "人脸太亮",
    8481: "人脸太暗",
    8482: "人脸图片模糊",
    8483: "带眼镜",
    8496: "图片质量差",
    8497: "Base64 编码错误或图片原始数据错误",
    8498: "图片太大,最大尺寸 6000*4000",
    8499: "图片太小,最小尺寸 24*24",
    8500: "图片缓冲区太小",
    8512: "获取关键点错误",
    8513: "提取特征错误",
    8514: "特征数据错误",
    8515: "特征长度错误",
    8516: "人脸识别错误",
    8517: "人脸比对错误",
    12289: "添加人脸错误",
    12290: "编辑人脸错误",
    12291: "删除人脸错误",
    12292: "人脸不存在",
    12293: "查询人脸错误",
    12294: "人脸已经存在",
    12295: "人脸到达上限",
    12352: "创建组错误,可能组编号已经存在",
    12353: "编辑组错误",
    12354: "删除组错误",
    12355: "人员已经在组中",
    12356: "组未建模",
    12357: "组不存在",
    12358: "组中没有人脸",
    12359: "查询组错误",
    12360: "组已经存在",
    12361: "组数到达上限",
    12368: "组中人脸数到达上限",
    12370: "引擎添加人脸出现错误",
    12371: "引擎删除人脸出现错误",
}
"""What a face call can answer. The table goes on with modelling and loading jobs, identity and bank cards, watch
lists and lip reading, which are not in this manual's calls."""

# "info: 返回详细信息": these two say behind the text what was wrong.
_SAY_WHY = frozenset({4097, 4101})

_NUMBERS: dict[ErrorCode, int] = {
    ErrorCode.INVALID_REQUEST: 4101,
    ErrorCode.INVALID_PARAMETER: 4101,
    ErrorCode.INVALID_ID: 4101,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: 4101,
    ErrorCode.NOT_FOUND: 4100,
    ErrorCode.METHOD_NOT_ALLOWED: 4100,
    ErrorCode.REQUEST_TOO_LARGE: 8498,
    ErrorCode.FORBIDDEN: 4104,
    ErrorCode.UNAUTHORIZED: 4096,
    ErrorCode.ACCESS_TOKEN_INVALID: 4096,
    ErrorCode.ACCESS_TOKEN_EXPIRED: 4096,
    ErrorCode.KEY_UNKNOWN: 4096,
    ErrorCode.SIGNATURE_MISSING: 4096,
    ErrorCode.SIGNATURE_INVALID: 4096,
    ErrorCode.SIGNATURE_EXPIRED: 4096,
    ErrorCode.SIGNATURE_REPLAYED: 4096,
    ErrorCode.QUOTA_QPS: 4117,
    ErrorCode.QUOTA_DAY: 4117,
    ErrorCode.QUOTA_TOTAL: 4117,
    ErrorCode.IMAGE_MISSING: 4097,
    ErrorCode.IMAGE_TOO_LARGE: 8498,
    ErrorCode.IMAGE_TOO_SMALL: 8499,
    ErrorCode.IMAGE_FORMAT: 8497,
    ErrorCode.IMAGE_CORRUPT: 8497,
    ErrorCode.IMAGE_BASE64: 8497,
    ErrorCode.IMAGE_URL: 4102,
    ErrorCode.NO_FACE: 8464,
    ErrorCode.NOBODY: 8464,
    ErrorCode.MULTIPLE_FACES: 8465,
    ErrorCode.QUALITY: 8496,
    ErrorCode.LIVENESS: 4100,  # the manual's calls have no liveness control
    ErrorCode.GROUP_NOT_FOUND: 12357,
    ErrorCode.GROUP_EXISTS: 12360,
    ErrorCode.USER_NOT_FOUND: 12292,
    ErrorCode.FACE_NOT_FOUND: 12292,
    ErrorCode.FACE_TOKEN_UNKNOWN: 12292,
    ErrorCode.ID_NOT_REGISTERED: 12292,
    ErrorCode.ID_NAME_MISMATCH: 12292,
    ErrorCode.USER_EXISTS: 12355,
    ErrorCode.PERSON_KNOWN: 12355,
    ErrorCode.FACE_EXISTS: 12294,
    ErrorCode.FACE_NEARLY_IDENTICAL: 12294,
    ErrorCode.LIMIT_GROUPS: 12361,
    ErrorCode.LIMIT_USERS: 12368,
    ErrorCode.LIMIT_FACES: 12295,
    ErrorCode.TEMPLATE_INVALID: 8514,
    ErrorCode.CONTRACT_MISMATCH: 8514,
    ErrorCode.PACK_INVALID: 4105,
    ErrorCode.FEATURE_UNAVAILABLE: 4105,
    ErrorCode.ARCHIVE_INVALID: 4116,
    ErrorCode.GALLERY_VERSION: 4116,
    ErrorCode.GALLERY_CORRUPT: 4116,
    ErrorCode.GALLERY_KEY: 4116,
    ErrorCode.GALLERY_LOCKED: 4116,
    ErrorCode.STORAGE_FULL: 4116,
    ErrorCode.STORAGE_READ_ONLY: 4116,
    ErrorCode.CAMERA_UNAVAILABLE: 4102,
    ErrorCode.UNREACHABLE: 4099,
    ErrorCode.BUSY: 4098,
    ErrorCode.SHUTTING_DOWN: 4098,
    ErrorCode.DEADLINE: 4115,
}
_UNKNOWN = 4112

_MODELS = (ErrorCode.PACK_INVALID, ErrorCode.FEATURE_UNAVAILABLE)
_STORAGE = (
    ErrorCode.STORAGE_FULL,
    ErrorCode.STORAGE_READ_ONLY,
    ErrorCode.GALLERY_CORRUPT,
    ErrorCode.GALLERY_KEY,
    ErrorCode.GALLERY_LOCKED,
)

# A face that fails several measures is named by the first of these; a face that is too dark must be "above", one that
# is too bright "below" the threshold.
_MEASURES: tuple[tuple[str, str, int], ...] = (
    ("face_width", ">=", 8466),
    ("face_height", ">=", 8466),
    ("illumination", ">", 8481),
    ("illumination", "<", 8480),
    ("blur", "<", 8482),
)

Own = Mapping[ErrorCode, int]
"""Numbers that a call has for failures which others have too."""


def own(*, models: int | None = None, storage: int | None = None) -> Own:
    """The numbers of a call whose models, or whose gallery, failed."""
    found: dict[ErrorCode, int] = {}
    if models is not None:
        found.update(dict.fromkeys(_MODELS, models))
    if storage is not None:
        found.update(dict.fromkeys(_STORAGE, storage))
    return found


def refusal(number: int, why: str = "", *, code: ErrorCode = ErrorCode.INVALID_PARAMETER) -> EdgeFaceError:
    """A failure whose number the dialect knows itself. ``why``: one sentence."""
    return EdgeFaceError(code, why, cloudwalk=number)


def missing(name: str) -> EdgeFaceError:
    """4097."""
    return refusal(4097, f"{name} is missing.")


def invalid(name: str, why: str) -> EdgeFaceError:
    """4101."""
    return refusal(4101, f"{name} {why}.")


def renumbered(error: EdgeFaceError, numbers: Own) -> EdgeFaceError:
    """The failure as one call has it."""
    if "cloudwalk" in error.context or error.code not in numbers:
        return error
    return EdgeFaceError(error.code, error.detail, **{**error.context, "cloudwalk": numbers[error.code]})


def number_and_text(error: EdgeFaceError) -> tuple[int, str]:
    """``result`` and ``info`` of any entry of the catalogue."""
    number = error.context.get("cloudwalk")
    if not isinstance(number, int):
        number = _quality(error) if error.code is ErrorCode.QUALITY else _NUMBERS.get(error.code, _UNKNOWN)
    text = TEXTS[number]
    return number, f"{text}: {error.detail or error.message}" if number in _SAY_WHY else text


def _quality(error: EdgeFaceError) -> int:
    violations: list[dict[str, Any]] = error.context.get("violations", [])
    failed = {(item["measure"], item["relation"]) for item in violations}
    numbers = (number for measure, relation, number in _MEASURES if (measure, relation) in failed)
    return next(numbers, _NUMBERS[ErrorCode.QUALITY])
