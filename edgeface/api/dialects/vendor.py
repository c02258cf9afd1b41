"""What every vendor dialect does around a call: read, admit, compute in the crew, fetch URLs, format."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from edgeface.api.auth.caller import Caller
from edgeface.api.dialects.pictures import Pictures, WantsUrl
from edgeface.api.services import Services
from edgeface.api.submissions import Message
from edgeface.api.workers import Priority
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import Role

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MOST_URLS = 20
"""Pictures by URL in one call; no document allows more (Tencent 1.0: 20 faces of a person)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a use case answers: the document's result, and the attributes that it had to leave out."""

    result: Any
    withheld: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class VendorCall:
    """One call of a document. ``use`` gets the engine, the checked message and the pictures."""

    path: str
    role: Role
    priority: Priority
    use: Callable[[Engine, Message, Pictures], Reply]
    methods: tuple[str, ...] = ("POST",)
    most_bytes: int | None = None
    """Largest body where the document's limit is below the server's."""


def handler(
    services: Services,
    call: VendorCall,
    *,
    admit: Callable[[web.Request, Message], Caller],
    write: Callable[[Reply], web.Response],
) -> Handler:
    """The aiohttp handler of a call. ``admit`` says who calls; ``write`` puts a reply into the document's form."""

    async def handle(request: web.Request) -> web.StreamResponse:
        head = Message(
            content_type=request.headers.get("Content-Type", ""),
            query=tuple(request.query.items()),
            path=dict(request.match_info),
        )
        async with services.bodies.read(request, most_bytes=call.most_bytes) as body:
            message = Message(head.content_type, head.query, body, head.path)
            admit(request, message).require(call.role)
            fetched: dict[str, bytes | EdgeFaceError] = {}
            while True:
                pictures = Pictures(fetched)
                try:
                    reply = await services.compute(lambda engine: call.use(engine, message, pictures), call.priority)  # noqa: B023 - awaited at once
                    return write(reply)
                except WantsUrl as wanted:
                    fetched[wanted.url] = await _fetched(services, wanted.url, fetched)

    return handle


async def _fetched(
    services: Services, url: str, so_far: Mapping[str, bytes | EdgeFaceError]
) -> bytes | EdgeFaceError:
    """A picture, or why there is none: a call of several pictures may answer for each of them."""
    if len(so_far) >= MOST_URLS:
        return EdgeFaceError(ErrorCode.IMAGE_URL, f"A call may name {MOST_URLS} URLs.")
    try:
        data = await services.fetcher.fetch(url)
    except EdgeFaceError as error:
        return error
    # What a call may send, it may also have fetched: the limit bounds what is in memory.
    most = services.config.server.max_request_bytes
    if len(data) + sum(len(item) for item in so_far.values() if isinstance(item, bytes)) > most:
        return EdgeFaceError(ErrorCode.IMAGE_TOO_LARGE, f"The fetched pictures have more than {most} bytes.")
    return data
