"""The token endpoint, as Baidu's clients call it before anything else ("鉴权认证机制").

Parameters come in the query or as a form, by GET or POST. The published clients look for ``brain_all_scope`` in
the answer: with it they send ``access_token``, without it they sign each call with ``bce-auth-v1``.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from edgeface.api.auth.tokens import LIFETIME_S
from edgeface.api.failures import retry_after
from edgeface.api.services import Services
from edgeface.errors import EdgeFaceError, ErrorCode

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

TOKEN_PATH = "/oauth/2.0/token"  # noqa: S105 - a path
SCOPE = "public brain_all_scope"
_GRANT = "client_credentials"
_MOST_BYTES = 8192
_REFRESH_LIFETIME_S = 315_360_000  # the document's example: ten years
# RFC 6749 5.2 for what the document does not name.
_NAMES = {
    ErrorCode.KEY_UNKNOWN: "invalid_client",
    ErrorCode.BUSY: "temporarily_unavailable",
    ErrorCode.SHUTTING_DOWN: "temporarily_unavailable",
    ErrorCode.DEADLINE: "temporarily_unavailable",
    ErrorCode.GALLERY_LOCKED: "temporarily_unavailable",
    ErrorCode.INTERNAL: "server_error",
}
# "鉴权认证错误码"
_DESCRIPTIONS = {"key": "unknown client id", "secret": "Client authentication failed"}
_GRANT_TYPE = "grant_type"


class OauthDialect:
    """One path."""

    name = "oauth"
    prefixes: tuple[str, ...] = ("/oauth/",)

    def routes(self, services: Services) -> Iterable[web.RouteDef]:
        """GET and POST."""
        handle = _handler(services)
        return [web.RouteDef(method, TOKEN_PATH, handle, {}) for method in ("GET", "POST")]

    def failure(self, error: EdgeFaceError, request_id: str) -> web.Response:  # noqa: ARG002 - the form has no place
        """``{"error", "error_description"}``."""
        name = _NAMES.get(error.code, "invalid_request")
        description = error.message
        if error.code is ErrorCode.KEY_UNKNOWN:
            description = _DESCRIPTIONS.get(error.context.get("what", ""), _DESCRIPTIONS["key"])
        elif error.context.get("parameter") == _GRANT_TYPE:
            name, description = "unsupported_grant_type", "The authorization grant type is not supported"
        headers = {}
        if wait := retry_after(error.code):
            headers["Retry-After"] = wait
        if allowed := error.context.get("allowed"):
            headers["Allow"] = ", ".join(allowed)
        return _json({"error": name, "error_description": description}, error.code.spec.status, headers)


def _handler(services: Services) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        async with services.bodies.read(request, most_bytes=_MOST_BYTES) as body:
            given = dict(_form(body)) | dict(request.query)
        if given.get(_GRANT_TYPE, "") != _GRANT:
            raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"It must be {_GRANT}.", parameter=_GRANT_TYPE)
        token = services.admission.token(request, given.get("client_id", ""), given.get("client_secret", ""))
        return _json(_answer(token), 200, {})

    return handle


def _form(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=32)
    except ValueError:
        raise EdgeFaceError(ErrorCode.INVALID_REQUEST, "The body is not a form.") from None


def _answer(token: str) -> dict[str, Any]:
    # The document: "其他参数忽略，暂时不用". They are there for clients that read them, and open nothing.
    end = int(token.split(".")[3]) - LIFETIME_S + _REFRESH_LIFETIME_S
    return {
        "refresh_token": f"25.{secrets.token_hex(16)}.{_REFRESH_LIFETIME_S}.{end}",
        "expires_in": LIFETIME_S,
        "session_key": secrets.token_urlsafe(48),
        "access_token": token,
        "scope": SCOPE,
        "session_secret": secrets.token_hex(16),
    }


def _json(body: dict[str, Any], status: int, headers: dict[str, str]) -> web.Response:
    return web.Response(
        status=status, body=json.dumps(body).encode(), content_type="application/json", headers=headers
    )
