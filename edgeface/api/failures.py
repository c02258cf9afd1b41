"""Failures on their way out: anything that goes wrong becomes an entry of the catalogue, then a response."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from contextvars import ContextVar

from aiohttp import web

from edgeface.errors import EdgeFaceError, ErrorCode

REQUEST_ID_HEADER = "X-Request-Id"
REQUEST_ID: ContextVar[str] = ContextVar("edgeface_request_id")
"""The id of the request that the current task answers."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9._\-]{1,64}")

_FROM_HTTP = {
    400: ErrorCode.INVALID_REQUEST,
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.METHOD_NOT_ALLOWED,
    413: ErrorCode.REQUEST_TOO_LARGE,
    415: ErrorCode.UNSUPPORTED_MEDIA_TYPE,
}

# Seconds. A slot frees within tens of milliseconds to a second; a restart takes a few.
_RETRY_AFTER = {ErrorCode.SHUTTING_DOWN: 5, ErrorCode.GALLERY_LOCKED: 5}
_RETRY_AFTER_DEFAULT = 1


def request_id_of(headers: Mapping[str, str]) -> str:
    """The caller's request id when it is harmless, else a new one."""
    given = headers.get(REQUEST_ID_HEADER, "")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def from_http(error: web.HTTPException) -> EdgeFaceError:
    """The web framework's own refusals (no such route, wrong method, malformed) as catalogue entries."""
    code = _FROM_HTTP.get(error.status)
    if code is None:
        code = ErrorCode.INVALID_REQUEST if 400 <= error.status < 500 else ErrorCode.INTERNAL
    if isinstance(error, web.HTTPMethodNotAllowed):
        return EdgeFaceError(code, allowed=sorted(error.allowed_methods))
    return EdgeFaceError(code)


def retry_after(code: ErrorCode, wait_s: int | None = None) -> str | None:
    """The ``Retry-After`` header, in seconds: of a 503, and wherever the time to wait is known."""
    if wait_s is not None:
        return str(wait_s)
    return str(_RETRY_AFTER.get(code, _RETRY_AFTER_DEFAULT)) if code.spec.status == 503 else None


def native_failure(error: EdgeFaceError, request_id: str) -> web.Response:
    """The native API's error response."""
    body = json.dumps({"error": error.as_dict(request_id)}, ensure_ascii=False, default=str)
    response = web.Response(
        status=error.code.spec.status,
        # A path or a field name that a caller made of broken Unicode must not break the answer.
        body=body.encode("utf-8", errors="replace"),
        content_type="application/json",
        headers={REQUEST_ID_HEADER: request_id},
    )
    if wait := retry_after(error.code, error.context.get("retry_after_s")):
        response.headers["Retry-After"] = wait
    if response.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"  # RFC 9110 15.5.2: a 401 says how
    if allowed := error.context.get("allowed"):
        response.headers["Allow"] = ", ".join(allowed)
    return response
