"""One connection: its peer is asked for once, a bad HTTP message still gets a catalogue answer, silence is ended.

aiohttp's own protocol class is extended through its public methods only.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from aiohttp import web

from edgeface.api.auth.caller import Caller
from edgeface.api.failures import native_failure, request_id_of
from edgeface.api.peers import Peer, PeerRoles
from edgeface.errors import EdgeFaceError, ErrorCode

MOST_CONNECTIONS = 256
"""Connections at once; each costs a descriptor and some 10 kB. Far more than one device has callers."""
KEEPALIVE_S = 75.0
"""Seconds an idle connection stays open."""
LINGER_S = 2.0
"""Seconds in which the rest of a refused body is read, so that its sender can read the answer."""

log = logging.getLogger(__name__)


class Connections:
    """The open connections of one listener."""

    def __init__(
        self, roles: PeerRoles, *, first_request_s: float, most: int = MOST_CONNECTIONS, tcp: bool = False
    ) -> None:
        self.roles = roles
        self.first_request_s = first_request_s
        self.most = most
        self.tcp = tcp
        self.open = 0

    def protocol(self, server: web.Server, loop: asyncio.AbstractEventLoop) -> Connection:
        """A new connection's protocol."""
        return Connection(self, server, loop)


class Connection(web.RequestHandler):
    """aiohttp's HTTP protocol with a peer."""

    __slots__ = ("_accepted", "_connections", "_silence", "caller", "peer", "tcp")

    def __init__(self, connections: Connections, server: web.Server, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            server,
            loop=loop,
            keepalive_timeout=KEEPALIVE_S,
            tcp_keepalive=connections.tcp,  # a peer that lost its power does not say so
            access_log=None,  # type: ignore[arg-type]  # None is documented: no access log
            lingering_time=LINGER_S,
            auto_decompress=False,  # compressed bodies are refused, not inflated
        )
        self._connections = connections
        self._accepted = False
        self._silence: asyncio.TimerHandle | None = None
        self.peer: Peer | None = None
        self.tcp = connections.tcp
        """Over TCP; there the kernel tells no peer."""
        self.caller: Caller | None = None
        """Who was admitted for the request that is being answered."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accept the connection, or answer ``BUSY`` when there are too many."""
        connections = self._connections
        if connections.open >= connections.most:
            _refuse(transport)
            return
        connections.open += 1
        self._accepted = True
        self.peer = connections.roles.peer(transport.get_extra_info("socket"))
        # aiohttp's keep-alive timer is long; somebody who connects and says nothing gets less.
        loop = asyncio.get_running_loop()
        self._silence = loop.call_later(connections.first_request_s, transport.abort)  # type: ignore[attr-defined]
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the connection."""
        self.heard()
        if self._accepted:
            self._accepted = False
            self._connections.open -= 1
            super().connection_lost(exc)

    def heard(self) -> None:
        """A whole request head has arrived."""
        self.caller = None
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it repeats the client's bytes
    ) -> web.StreamResponse:
        """What aiohttp could not parse, and what escaped the server's own handling."""
        self.heard()
        request_id = request_id_of(request.headers)
        malformed = 400 <= status < 500
        if not malformed:
            log.error("request failed", exc_info=exc, extra={"fields": {"request_id": request_id}})
        code = ErrorCode.INVALID_REQUEST if malformed else ErrorCode.INTERNAL
        detail = "This is not HTTP that can be understood." if malformed else ""
        response = native_failure(EdgeFaceError(code, detail), request_id)
        response.force_close()
        return response


def _refuse(transport: Any) -> None:
    response = native_failure(EdgeFaceError(ErrorCode.BUSY, "Too many connections."), request_id_of({}))
    body = response.body if isinstance(response.body, bytes) else b""
    head = f"HTTP/1.1 {response.status} Service Unavailable\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in response.headers.items() if name != "Content-Length")
    transport.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
    transport.close()
