"""One call of the native API, declared: path, role, options, answer, use case.

The table of these declarations is the API: the routes, the parser's schemas and the OpenAPI document are made
from it, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from edgeface.api.answers import Answer
from edgeface.api.options import NoOptions, Options
from edgeface.api.services import Services, require
from edgeface.api.submissions import Message, Submission, parse
from edgeface.api.workers import Priority
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import Role

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What every endpoint says of itself. ``name`` is OpenAPI's operation id and the client's method."""

    method: str
    path: str
    name: str
    summary: str
    role: Role
    answer: type[Answer] | None
    """``None``: not JSON; ``media`` says what."""
    options: type[Options] = NoOptions
    images: tuple[str, ...] = ()
    status: int = 200
    failures: tuple[ErrorCode, ...] = ()
    media: str = "application/json"
    """Media type of the answer."""
    accepts: str | None = None
    """Media type of the request body where it is neither pictures nor JSON."""
    headers: tuple[tuple[str, str], ...] = field(default=())
    """Required request headers and what they mean."""
    body_only: bool = False
    """The options may not stand in the address, which clients, proxies and shells write down."""


@dataclass(frozen=True, slots=True)
class Call:
    """An endpoint that computes: parse, ask the engine, answer, all of it in a thread of the crew."""

    endpoint: Endpoint
    priority: Priority
    use: Callable[[Engine, Submission[Any]], Answer]

    def handler(self, services: Services) -> Handler:
        """The aiohttp handler."""
        endpoint = self.endpoint

        def work(engine: Engine, message: Message) -> bytes:
            if endpoint.body_only and message.query:
                raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, "This call takes everything in its body.")
            return self.use(engine, parse(message, endpoint.options, endpoint.images)).as_json()

        async def handle(request: web.Request) -> web.StreamResponse:
            require(request, endpoint.role)
            head = Message(
                content_type=request.headers.get("Content-Type", ""),
                query=tuple(request.query.items()),
                path=dict(request.match_info),
            )
            if endpoint.method in ("GET", "DELETE"):
                body = await services.compute(lambda engine: work(engine, head), self.priority)
            else:
                async with services.bodies.read(request) as received:
                    message = Message(head.content_type, head.query, received, head.path)
                    body = await services.compute(lambda engine: work(engine, message), self.priority)
            return web.Response(status=endpoint.status, body=body, content_type="application/json")

        return handle


@dataclass(frozen=True, slots=True)
class Report:
    """An endpoint that only reports, or streams: its handler is made from the services."""

    endpoint: Endpoint
    make: Callable[[Services], Handler]

    def handler(self, services: Services) -> Handler:
        """The aiohttp handler."""
        inner = self.make(services)
        role = self.endpoint.role

        async def handle(request: web.Request) -> web.StreamResponse:
            require(request, role)
            return await inner(request)

        return handle
