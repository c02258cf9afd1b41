"""Admission: from a request to its caller, by the rules of each API.

On the Unix socket the kernel says who calls, and nothing that a request carries is looked at. On TCP a caller
shows a key in the way of its API. Where no keys are configured, nothing can be checked either: every caller is
anonymous then. Everything here runs on the event loop and waits for nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from edgeface.api.auth import bce_signature, tencent_signature
from edgeface.api.auth.caller import Caller
from edgeface.api.auth.clock import Clock
from edgeface.api.auth.keyring import ApiKey, Keyring
from edgeface.api.auth.quota import Quotas
from edgeface.api.auth.replays import Replays
from edgeface.api.auth.tokens import AccessTokens, empty_token
from edgeface.api.connection import Connection
from edgeface.config import TcpConfig
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import Role

_BEARER = "bearer "
# Sent by browsers, and by nobody else, with a request that a web page makes.
_OF_A_WEB_PAGE = ("Origin", "Sec-Fetch-Site")


class Admission:
    """Every method returns the caller, or raises an entry of the catalogue."""

    def __init__(
        self, config: TcpConfig, keyring: Keyring, quotas: Quotas, seal_key: Callable[[], bytes], clock: Clock
    ) -> None:
        """``seal_key``: 32 bytes from which tokens are sealed."""
        self.keyring = keyring
        self.quotas = quotas
        self._skew_s = config.clock_skew_s
        self._anonymous = None if config.anonymous == "none" else Role(config.anonymous)
        self._clock = clock
        self._tokens = AccessTokens(seal_key, keyring, clock)
        self._replays = Replays()

    def baidu(self, request: web.Request) -> Caller:
        """``access_token`` in the query, or a ``bce-auth-v1`` signature in ``Authorization``.

        Raises ``UNAUTHORIZED`` (neither), ``ACCESS_TOKEN_INVALID``, ``ACCESS_TOKEN_EXPIRED``, ``KEY_UNKNOWN``,
        ``SIGNATURE_INVALID``, ``SIGNATURE_EXPIRED``, ``QUOTA_QPS``, ``QUOTA_DAY``, ``QUOTA_TOTAL``.
        """
        token, authorization = request.query.get("access_token", ""), _authorization(request)
        if self._without_keys(request) or not (token or authorization):
            return self._unnamed(request)
        if token:
            return self._keyed(request, self._tokens.check(token))
        if not authorization.startswith(bce_signature.PREFIX):
            raise EdgeFaceError(ErrorCode.UNAUTHORIZED)
        return self._keyed(request, self._signer_of_bce(request, authorization))

    def tencent(self, request: web.Request, app_id: str) -> Caller:
        """The HMAC-SHA1 signature in ``Authorization``; it must be of ``app_id``, which the body names.

        Raises ``SIGNATURE_MISSING``, ``SIGNATURE_INVALID`` (context ``what``: ``form``, it is no signature;
        ``app``, it is of another application than the body; ``digest``, it was made with another secret),
        ``SIGNATURE_EXPIRED``, ``SIGNATURE_REPLAYED``, ``KEY_UNKNOWN`` (context ``what``: ``app_id``, ``key``, or
        ``both``: each is known, but the key is not of that application), and the quotas.
        """
        authorization = _authorization(request)
        if self._without_keys(request):
            return self._unnamed(request)
        if not authorization:
            if self._anonymous is None:
                raise EdgeFaceError(ErrorCode.SIGNATURE_MISSING)
            return self._unnamed(request)
        return self._keyed(request, self._signer_of_tencent(authorization, app_id))

    def cloudwalk(self, request: web.Request, app_id: str, app_secret: str) -> Caller:
        """``app_id`` and ``app_secret`` as parameters or headers; both may be empty (section 2.1).

        ``app_id`` is the key itself ("API Key", 2.5) or the application's id. Raises ``UNAUTHORIZED``,
        ``KEY_UNKNOWN``, and the quotas.
        """
        if self._without_keys(request) or not (app_id or app_secret):
            return self._unnamed(request)
        own = self.keyring.by_key(app_id)
        for key in (*((own,) if own else ()), *self.keyring.of_app(app_id)):
            if key.has_secret(app_secret):
                return self._keyed(request, key)
        raise EdgeFaceError(ErrorCode.KEY_UNKNOWN)

    def native(self, request: web.Request) -> Caller:
        """``Authorization: Bearer`` with an access token.

        Raises ``UNAUTHORIZED``, ``ACCESS_TOKEN_INVALID``, ``ACCESS_TOKEN_EXPIRED``, and the quotas.
        """
        authorization = _authorization(request)
        if self._without_keys(request) or not authorization:
            return self._unnamed(request)
        if not authorization.lower().startswith(_BEARER):
            raise EdgeFaceError(ErrorCode.UNAUTHORIZED, "Only Authorization: Bearer is known here.")
        return self._keyed(request, self._tokens.check(authorization[len(_BEARER) :].strip()))

    def token(self, request: web.Request, client_id: str, client_secret: str) -> str:
        """A new access token for the holder of a secret.

        Where tokens are not looked at (the Unix socket, or no keys), any pair gets one that opens nothing. Raises
        ``KEY_UNKNOWN`` (context ``what``: ``key`` or ``secret``).
        """
        if self._without_keys(request):
            return empty_token(self._clock)
        key = self.keyring.by_key(client_id)
        if key is None:
            raise EdgeFaceError(ErrorCode.KEY_UNKNOWN, what="key")
        if not key.has_secret(client_secret):
            raise EdgeFaceError(ErrorCode.KEY_UNKNOWN, what="secret")
        return self._tokens.issue(key)

    def _signer_of_bce(self, request: web.Request, authorization: str) -> ApiKey:
        signature = bce_signature.parse(authorization)
        key = self.keyring.by_key(signature.key)
        if key is None:
            raise EdgeFaceError(ErrorCode.KEY_UNKNOWN)
        if not signature.fits(key.secret, request.method, request.raw_path, request.headers):
            raise EdgeFaceError(ErrorCode.SIGNATURE_INVALID, what="digest")
        signature.check_time(self._clock.now(), self._skew_s)
        return key

    def _signer_of_tencent(self, authorization: str, app_id: str) -> ApiKey:
        signature = tencent_signature.parse(authorization)
        if signature.app_id != app_id:
            raise EdgeFaceError(ErrorCode.SIGNATURE_INVALID, what="app")
        key, of_app = self.keyring.by_key(signature.key), self.keyring.of_app(app_id)
        if not of_app:
            raise EdgeFaceError(ErrorCode.KEY_UNKNOWN, what="app_id")
        if key is None:
            raise EdgeFaceError(ErrorCode.KEY_UNKNOWN, what="key")
        if key not in of_app:
            raise EdgeFaceError(ErrorCode.KEY_UNKNOWN, what="both")
        if not signature.fits(key.secret):
            raise EdgeFaceError(ErrorCode.SIGNATURE_INVALID, what="digest")
        now = self._clock.now()
        signature.check_time(now, self._skew_s)
        if signature.once:
            used = (key.name, signature.signed_at, signature.random)
            self._replays.use(used, until=signature.last_moment(self._skew_s), now=now)
        return key

    def _without_keys(self, request: web.Request) -> bool:
        return not over_tcp(request) or not len(self.keyring)

    def _keyed(self, request: web.Request, key: ApiKey) -> Caller:
        # Known from here on, also where the quota or the role says no: the log names the key.
        caller = _admitted(request, Caller(key.role, key.name))
        self.quotas.take(key)
        return caller

    def _unnamed(self, request: web.Request) -> Caller:
        if not over_tcp(request):
            peer = request.protocol.peer if isinstance(request.protocol, Connection) else None
            if peer is None:
                raise EdgeFaceError(ErrorCode.UNAUTHORIZED)
            return _admitted(request, Caller(peer.role))
        # Any web page can make a browser call a device in its network; such a page is nobody's caller.
        if self._anonymous is None or any(name in request.headers for name in _OF_A_WEB_PAGE):
            raise EdgeFaceError(ErrorCode.UNAUTHORIZED)
        return _admitted(request, Caller(self._anonymous))


def over_tcp(request: web.BaseRequest) -> bool:
    """Whether the request came over TCP, where the kernel does not say who sent it."""
    return isinstance(request.protocol, Connection) and request.protocol.tcp


def caller_of(request: web.Request) -> Caller | None:
    """The caller that was admitted; ``None`` before that."""
    return request.protocol.caller if isinstance(request.protocol, Connection) else None


def _admitted(request: web.Request, caller: Caller) -> Caller:
    # Kept with the connection, which answers one request at a time: aiohttp's own places differ by version.
    if isinstance(request.protocol, Connection):
        request.protocol.caller = caller
    return caller


def _authorization(request: web.Request) -> str:
    return request.headers.get("Authorization", "").strip()
