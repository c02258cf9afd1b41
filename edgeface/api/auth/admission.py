"""Admission: from a request to its caller, by the rules of each API.

On the Unix socket the kernel says who calls, and nothing that a request carries is looked at. On TCP a caller
shows a key in the way of its API.
"""

from __future__ import annotations

from aiohttp import web

from edgeface.api.auth.caller import Caller
from edgeface.api.peers import Peer
from edgeface.errors import EdgeFaceError, ErrorCode


class Admission:
    """Every method returns the caller, or raises an entry of the catalogue."""

    def baidu(self, request: web.Request) -> Caller:
        """``access_token`` in the query, or a ``bce-auth-v1`` signature in ``Authorization``.

        Raises ``UNAUTHORIZED`` (neither), ``ACCESS_TOKEN_INVALID``, ``ACCESS_TOKEN_EXPIRED``, ``KEY_UNKNOWN``,
        ``SIGNATURE_INVALID``, ``SIGNATURE_EXPIRED``, ``QUOTA_QPS``, ``QUOTA_DAY``, ``QUOTA_TOTAL``.
        """
        return _local(request)

    def tencent(self, request: web.Request, app_id: str) -> Caller:  # noqa: ARG002 - a local peer needs none
        """The HMAC-SHA1 signature in ``Authorization``; it must be of ``app_id``, which the body names.

        Raises ``SIGNATURE_MISSING``, ``SIGNATURE_INVALID``, ``SIGNATURE_EXPIRED``, ``SIGNATURE_REPLAYED``,
        ``KEY_UNKNOWN`` (context ``what``: ``app_id``, ``key`` or ``both``), and the quotas.
        """
        return _local(request)

    def cloudwalk(self, request: web.Request, app_id: str, app_secret: str) -> Caller:  # noqa: ARG002 - as above
        """``app_id`` and ``app_secret`` as parameters or headers; both may be empty (section 2.1).

        Raises ``UNAUTHORIZED``, ``KEY_UNKNOWN``, and the quotas.
        """
        return _local(request)


def _local(request: web.Request) -> Caller:
    peer: Peer | None = getattr(request.protocol, "peer", None)
    if peer is None:
        raise EdgeFaceError(ErrorCode.UNAUTHORIZED)
    return Caller(peer.role)
