"""What both Baidu documents share: the errors of admission and load, and how an answer is written."""

from __future__ import annotations

import json
import secrets
from typing import Any

from aiohttp import web

from edgeface.api.dialects.withheld import warning_header
from edgeface.errors import EdgeFaceError, ErrorCode

# "错误码" of both documents: numbers below 1000 are the platform's, not the face service's.
PLATFORM_ERRORS: dict[ErrorCode, tuple[int, str]] = {
    ErrorCode.BUSY: (4, "Open api request limit reached"),
    ErrorCode.FORBIDDEN: (6, "No permission to access data"),
    ErrorCode.KEY_UNKNOWN: (14, "IAM Certification failed"),
    ErrorCode.SIGNATURE_MISSING: (14, "IAM Certification failed"),
    ErrorCode.SIGNATURE_INVALID: (14, "IAM Certification failed"),
    ErrorCode.SIGNATURE_EXPIRED: (14, "IAM Certification failed"),
    ErrorCode.SIGNATURE_REPLAYED: (14, "IAM Certification failed"),
    ErrorCode.QUOTA_DAY: (17, "Open api daily request limit reached"),
    ErrorCode.QUOTA_QPS: (18, "Open api qps request limit reached"),
    ErrorCode.QUOTA_TOTAL: (19, "Open api total request limit reached"),
    ErrorCode.UNAUTHORIZED: (100, "Invalid parameter"),
    ErrorCode.ACCESS_TOKEN_INVALID: (110, "Access token invalid or no longer valid"),
    ErrorCode.ACCESS_TOKEN_EXPIRED: (111, "Access token expired"),
}

_LOG_ID_BITS = 63  # "uint64"; one bit less, because many JSON readers have signed integers only


def new_log_id() -> int:
    """``log_id``: a random number that names the request."""
    return secrets.randbits(_LOG_ID_BITS)


def json_response(body: dict[str, Any], withheld: tuple[str, ...] = ()) -> web.Response:
    """An answer: HTTP 200 whatever happened, as the documents have it; the body says what."""
    headers = {}
    if warning := warning_header(withheld):
        headers["Warning"] = warning
    return web.Response(
        body=json.dumps(body, ensure_ascii=False).encode("utf-8", errors="replace"),
        content_type="application/json",
        charset="utf-8",
        headers=headers,
    )


def error_body(number: int, text: str, log_id: int) -> dict[str, Any]:
    """``error_code``, ``error_msg``, ``log_id``."""
    return {"error_code": number, "error_msg": text, "log_id": log_id}


def platform_error(error: EdgeFaceError) -> tuple[int, str] | None:
    """The platform's number and text for an error of admission or load; ``None`` where it is the service's own."""
    return PLATFORM_ERRORS.get(error.code)
