"""The document's error numbers ("错误码"), and which entry of the catalogue is which."""

from __future__ import annotations

from typing import Any

from edgeface.errors import EdgeFaceError, ErrorCode

BAD_REQUEST = 3
SIGNATURE_EMPTY = 4
SIGNATURE_MALFORMED = 5
SIGNATURE_OF_ANOTHER = 6
SIGNATURE_EXPIRED = 9
APP_ID_UNKNOWN = 10
SECRET_ID_UNKNOWN = 11
APP_ID_AND_SECRET_ID_DIFFER = 12
REPLAYED = 13
SIGNATURE_WRONG = 14
TOO_OFTEN = 15
INVALID_PARAMETER = 21
BODY_TOO_LARGE = 23
INTERNAL = 213
DETECTION_FAILED = -1101
DECODING_FAILED = -1102
FEATURE_FAILED = -1103
STORAGE_FAILED = -1200
IMAGE_EMPTY = -1300
PARAMETER_EMPTY = -1301
PERSON_EXISTS = -1302
PERSON_UNKNOWN = -1303
PARAMETER_TOO_LONG = -1304
FACE_UNKNOWN = -1305
GROUP_UNKNOWN = -1306
GROUP_LIST_UNKNOWN = -1307
DOWNLOAD_FAILED = -1308
TOO_MANY_FACES = -1309
TOO_MANY_PERSONS = -1310
TOO_MANY_GROUPS = -1311
NEARLY_THE_SAME_FACE = -1312
SPECIAL_CHARACTERS = -1313
IMAGE_FORMAT = -1400

NUMBERS: dict[ErrorCode, int] = {
    ErrorCode.INVALID_REQUEST: BAD_REQUEST,
    ErrorCode.INVALID_PARAMETER: INVALID_PARAMETER,
    ErrorCode.INVALID_ID: SPECIAL_CHARACTERS,
    ErrorCode.NOT_FOUND: BAD_REQUEST,
    ErrorCode.METHOD_NOT_ALLOWED: BAD_REQUEST,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: BAD_REQUEST,
    ErrorCode.REQUEST_TOO_LARGE: BODY_TOO_LARGE,
    # "The AppID in the signature does not fit the target": who calls is known, and this is not theirs to do.
    ErrorCode.FORBIDDEN: SIGNATURE_OF_ANOTHER,
    ErrorCode.UNAUTHORIZED: SIGNATURE_EMPTY,
    ErrorCode.ACCESS_TOKEN_INVALID: SIGNATURE_WRONG,
    ErrorCode.ACCESS_TOKEN_EXPIRED: SIGNATURE_EXPIRED,
    ErrorCode.KEY_UNKNOWN: SECRET_ID_UNKNOWN,
    ErrorCode.SIGNATURE_MISSING: SIGNATURE_EMPTY,
    ErrorCode.SIGNATURE_INVALID: SIGNATURE_WRONG,
    ErrorCode.SIGNATURE_EXPIRED: SIGNATURE_EXPIRED,
    ErrorCode.SIGNATURE_REPLAYED: REPLAYED,
    ErrorCode.QUOTA_QPS: TOO_OFTEN,
    ErrorCode.QUOTA_DAY: TOO_OFTEN,
    ErrorCode.QUOTA_TOTAL: TOO_OFTEN,
    ErrorCode.IMAGE_MISSING: IMAGE_EMPTY,
    ErrorCode.IMAGE_TOO_LARGE: DECODING_FAILED,
    ErrorCode.IMAGE_TOO_SMALL: DECODING_FAILED,
    ErrorCode.IMAGE_FORMAT: IMAGE_FORMAT,
    ErrorCode.IMAGE_CORRUPT: DECODING_FAILED,
    ErrorCode.IMAGE_BASE64: DECODING_FAILED,
    ErrorCode.IMAGE_URL: DOWNLOAD_FAILED,
    ErrorCode.FACE_TOKEN_UNKNOWN: FACE_UNKNOWN,
    ErrorCode.NO_FACE: DETECTION_FAILED,
    ErrorCode.MULTIPLE_FACES: DETECTION_FAILED,
    ErrorCode.QUALITY: DETECTION_FAILED,
    ErrorCode.LIVENESS: DETECTION_FAILED,
    ErrorCode.GROUP_NOT_FOUND: GROUP_UNKNOWN,
    ErrorCode.GROUP_EXISTS: INVALID_PARAMETER,
    ErrorCode.USER_NOT_FOUND: PERSON_UNKNOWN,
    ErrorCode.USER_EXISTS: PERSON_EXISTS,
    ErrorCode.PERSON_KNOWN: PERSON_EXISTS,
    ErrorCode.FACE_NOT_FOUND: FACE_UNKNOWN,
    # The same picture once more is the nearest that a face can come.
    ErrorCode.FACE_EXISTS: NEARLY_THE_SAME_FACE,
    ErrorCode.FACE_NEARLY_IDENTICAL: NEARLY_THE_SAME_FACE,
    ErrorCode.LIMIT_GROUPS: TOO_MANY_GROUPS,
    ErrorCode.LIMIT_USERS: TOO_MANY_PERSONS,
    ErrorCode.LIMIT_FACES: TOO_MANY_FACES,
    ErrorCode.ID_NOT_REGISTERED: PERSON_UNKNOWN,
    # Like an unknown number, so that nobody learns here which numbers are registered.
    ErrorCode.ID_NAME_MISMATCH: PERSON_UNKNOWN,
    ErrorCode.ARCHIVE_INVALID: INVALID_PARAMETER,
    ErrorCode.TEMPLATE_INVALID: FEATURE_FAILED,
    ErrorCode.CONTRACT_MISMATCH: FEATURE_FAILED,
    ErrorCode.FEATURE_UNAVAILABLE: FEATURE_FAILED,
    ErrorCode.PACK_INVALID: FEATURE_FAILED,
    ErrorCode.GALLERY_VERSION: STORAGE_FAILED,
    ErrorCode.GALLERY_CORRUPT: STORAGE_FAILED,
    ErrorCode.GALLERY_KEY: STORAGE_FAILED,
    ErrorCode.GALLERY_LOCKED: STORAGE_FAILED,
    ErrorCode.STORAGE_FULL: STORAGE_FAILED,
    ErrorCode.STORAGE_READ_ONLY: STORAGE_FAILED,
    ErrorCode.CONFIG_INVALID: INTERNAL,
    ErrorCode.SOCKET_IN_USE: INTERNAL,
    ErrorCode.BUSY: TOO_OFTEN,
    ErrorCode.DEADLINE: INTERNAL,
    ErrorCode.SHUTTING_DOWN: INTERNAL,
    ErrorCode.UNREACHABLE: INTERNAL,
    ErrorCode.INTERNAL: INTERNAL,
}

_PROBLEMS = {"missing": PARAMETER_EMPTY, "too_long": PARAMETER_TOO_LONG, "characters": SPECIAL_CHARACTERS}
_UNKNOWN_KEYS = {"app_id": APP_ID_UNKNOWN, "key": SECRET_ID_UNKNOWN, "both": APP_ID_AND_SECRET_ID_DIFFER}
_INVALID_SIGNATURES = {"form": SIGNATURE_MALFORMED, "app": SIGNATURE_OF_ANOTHER, "digest": SIGNATURE_WRONG}
_DATA = "data"


def number_of(error: EdgeFaceError) -> int:
    """The document's number. A catalogue entry that the document divides is divided by the error's context."""
    context = error.context
    if error.code in (ErrorCode.INVALID_PARAMETER, ErrorCode.INVALID_ID):
        if context.get("parameter") == "user_info":  # the gallery's text, which holds person_name and tag
            return PARAMETER_TOO_LONG
        return _PROBLEMS.get(str(context.get("problem")), NUMBERS[error.code])
    if error.code is ErrorCode.GROUP_NOT_FOUND and context.get("what") == "list":
        return GROUP_LIST_UNKNOWN
    if error.code is ErrorCode.KEY_UNKNOWN:
        return _UNKNOWN_KEYS.get(str(context.get("what")), NUMBERS[error.code])
    if error.code is ErrorCode.SIGNATURE_INVALID:
        return _INVALID_SIGNATURES.get(str(context.get("what")), NUMBERS[error.code])
    # What only other doors raise (a camera's errors) would be a fault here.
    return NUMBERS.get(error.code, INTERNAL)


def with_data(error: EdgeFaceError, **data: Any) -> EdgeFaceError:
    """The error with fields for the ``data`` of its answer."""
    return EdgeFaceError(error.code, error.detail, **{**error.context, _DATA: data})


def data_of(error: EdgeFaceError) -> dict[str, Any]:
    """What :func:`with_data` put there."""
    return dict(error.context.get(_DATA, {}))


def missing(parameter: str) -> EdgeFaceError:
    """A parameter that is absent or empty."""
    return EdgeFaceError(
        ErrorCode.INVALID_PARAMETER, f"{parameter} is empty.", parameter=parameter, problem="missing"
    )


def invalid(parameter: str, why: str) -> EdgeFaceError:
    """A parameter of a wrong type or value."""
    return EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"{parameter} {why}.", parameter=parameter)
