"""The HTTP server: routes of every dialect, and around them request ids, metrics, logs and failures."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

import edgeface
from edgeface.api.auth.admission import caller_of, over_tcp
from edgeface.api.connection import Connection, Connections
from edgeface.api.dialect import Dialect, dialect_for
from edgeface.api.failures import REQUEST_ID, REQUEST_ID_HEADER, from_http, request_id_of
from edgeface.api.native.dialect import NativeDialect
from edgeface.api.peers import PeerRoles
from edgeface.api.services import SERVICES, Phase, Services
from edgeface.api.sockets import BACKLOG, Listener
from edgeface.api.tcp import MOST_TCP_CONNECTIONS, TcpListener, TcpServer
from edgeface.errors import EdgeFaceError, ErrorCode

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HUNG_UP = 499
"""Not an HTTP status that is sent: what web servers log when the client left before the answer."""
_FLUSH_S = 1.0
"""Seconds in which answers that are ready are written out at a stop."""
_NOT_ADMITTED = frozenset(
    {
        ErrorCode.UNAUTHORIZED,
        ErrorCode.FORBIDDEN,
        ErrorCode.ACCESS_TOKEN_INVALID,
        ErrorCode.ACCESS_TOKEN_EXPIRED,
        ErrorCode.KEY_UNKNOWN,
        ErrorCode.SIGNATURE_MISSING,
        ErrorCode.SIGNATURE_INVALID,
        ErrorCode.SIGNATURE_EXPIRED,
        ErrorCode.SIGNATURE_REPLAYED,
        ErrorCode.QUOTA_QPS,
        ErrorCode.QUOTA_DAY,
        ErrorCode.QUOTA_TOTAL,
    }
)

log = logging.getLogger(__name__)


def build_app(services: Services, dialects: Sequence[Dialect] = ()) -> web.Application:
    """The application: the native dialect and any others."""
    native = NativeDialect()
    # Bodies are read and limited by ``Bodies``; aiohttp's own limit would buffer first.
    app = web.Application(middlewares=[_around(services, (native, *dialects), native)], client_max_size=0)
    app[SERVICES] = services
    app.on_response_prepare.append(_stamp)
    for dialect in (native, *dialects):
        for route in dialect.routes(services):
            app.router.add_route(route.method, route.path, route.handler, expect_handler=_invite)
    return app


async def _stamp(request: web.Request, response: web.StreamResponse) -> None:  # noqa: ARG001 - aiohttp's signature
    response.headers[REQUEST_ID_HEADER] = REQUEST_ID.get()
    response.headers["Server"] = f"edgeface/{edgeface.__version__}"
    response.headers.setdefault("Cache-Control", "no-store")


async def _invite(request: web.Request) -> None:
    # aiohttp's own handler answers expectations that it does not know in plain text, before our failures are asked.
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")


class Server:
    """The application on a listening Unix socket, and on a TCP socket where one is configured."""

    def __init__(self, services: Services, dialects: Sequence[Dialect] = ()) -> None:
        self._services = services
        # A client that hangs up cancels its handler: a call in line is dropped before it is computed.
        self._runner = web.AppRunner(
            build_app(services, dialects), handler_cancellation=True, shutdown_timeout=_FLUSH_S
        )
        config = services.config.server
        roles = PeerRoles(config)
        self._connections = Connections(roles, first_request_s=config.body_timeout_s)
        self._tcp_connections = Connections(
            roles, first_request_s=config.body_timeout_s, most=MOST_TCP_CONNECTIONS, tcp=True
        )
        self._listening: list[asyncio.Server | TcpServer] = []
        gauge = services.metrics.gauge
        gauge("edgeface_connections", "Open connections.", lambda: self._connections.open)
        gauge("edgeface_tcp_connections", "Open connections over TCP.", lambda: self._tcp_connections.open)

    async def start(self, listener: Listener) -> None:
        """Accept connections."""
        await self._runner.setup()
        web_server = self._runner.server
        assert web_server is not None  # noqa: S101 - setup() made it
        loop = asyncio.get_running_loop()
        # What web.SockSite does, with a protocol class of ours: it knows the peer, and answers malformed HTTP.
        self._listening.append(
            await loop.create_server(
                lambda: self._connections.protocol(web_server, loop), sock=listener.socket, backlog=BACKLOG
            )
        )

    def start_tcp(self, listener: TcpListener) -> None:
        """Accept connections over TCP too; after :meth:`start`."""
        web_server = self._runner.server
        assert web_server is not None  # noqa: S101 - start() made it
        loop = asyncio.get_running_loop()
        self._listening.append(
            TcpServer(listener, lambda: self._tcp_connections.protocol(web_server, loop), self._services.metrics)
        )

    def stop_accepting(self) -> None:
        """No new connections; those that are open stay."""
        for server in self._listening:
            server.close()

    async def close(self) -> None:
        """Write out what is ready and close every connection."""
        self.stop_accepting()
        await self._runner.cleanup()


def _around(
    services: Services, dialects: Sequence[Dialect], native: Dialect
) -> Callable[..., Awaitable[web.StreamResponse]]:
    @web.middleware
    async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        request_id = request_id_of(request.headers)
        REQUEST_ID.set(request_id)
        if isinstance(request.protocol, Connection):
            request.protocol.heard()
        failure: EdgeFaceError | None = None
        status = _HUNG_UP
        try:
            try:
                response = await handler(request)
            except EdgeFaceError as error:
                failure = error
            except web.HTTPException as error:
                failure = from_http(error)
            except ConnectionError:
                raise  # the client left while the answer was being sent
            except Exception:
                log.exception(
                    "request failed", extra={"fields": {"request_id": request_id, "route": _route(request)}}
                )
                failure = EdgeFaceError(ErrorCode.INTERNAL)
            if failure is not None:
                response = dialect_for(request.path, dialects, native).failure(failure, request_id)
            status = response.status
            if services.phase is Phase.STOPPING and not response.prepared:
                response.force_close()
            return response
        finally:
            seconds = time.perf_counter() - started
            code = failure.code.code if failure else None
            services.metrics.request(_method(request), _route(request), status, seconds, code)
            if failure is not None and failure.code in _NOT_ADMITTED and over_tcp(request):
                services.metrics.turned_away(failure.code.code)
            _log(request, request_id, status, seconds, code)

    return around


def _log(request: web.Request, request_id: str, status: int, seconds: float, code: str | None) -> None:
    # Health and metrics are asked for every few seconds for years: an SD card need not keep that.
    quiet = status < 400 and request.method == "GET"
    level = logging.DEBUG if quiet else logging.INFO
    if log.isEnabledFor(level):
        fields = {
            "request_id": request_id,
            "method": _method(request),
            "route": _route(request),
            "status": status,
            "ms": seconds * 1000,
            **_sender(request),
        }
        log.log(level, "request", extra={"fields": {**fields, "error": code} if code else fields})


def _sender(request: web.Request) -> dict[str, object]:
    # Neither the query nor a header: they carry secrets, tokens and signatures.
    if over_tcp(request):
        caller = caller_of(request)
        return {"from": request.remote or "unknown", "key": (caller.key if caller else None) or "none"}
    peer = getattr(request.protocol, "peer", None)
    return {"uid": "none" if peer is None else peer.uid}


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"


def _method(request: web.Request) -> str:
    # A method is any token; only those we know become labels.
    return request.method if request.method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE") else "other"
