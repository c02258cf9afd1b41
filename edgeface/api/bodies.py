"""Reading request bodies without trusting them: limits while streaming, a time limit, and a common budget.

The budget bounds what all bodies hold in memory together, so that many callers within their own limits cannot
exhaust a small board; a caller that sends slowly holds little of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import IO, TypeVar

from aiohttp import web

from edgeface.api.auth.admission import over_tcp
from edgeface.errors import EdgeFaceError, ErrorCode

T = TypeVar("T")

BUDGET_IN_REQUESTS = 4
"""Bodies of the largest size that may be in memory at once (four of two 10M pictures: 84 MB)."""
TCP_SHARE = 0.5
"""Of that, what callers over TCP may hold together: a body is read before its sender is known, and strangers must
not be able to shut out the Unix socket."""


class Bodies:
    """Reads bodies within the limits of the configuration."""

    def __init__(self, *, most_bytes: int, timeout_s: float) -> None:
        self._most = most_bytes
        self._timeout_s = timeout_s
        self._budget = most_bytes * BUDGET_IN_REQUESTS
        self._held = 0
        self._held_tcp = 0

    @property
    def held_bytes(self) -> int:
        """Bytes of bodies in memory now."""
        return self._held

    @asynccontextmanager
    async def read(self, request: web.Request, *, most_bytes: int | None = None) -> AsyncIterator[bytes]:
        """The whole body; it counts against the budget until the block ends. ``most_bytes``: a lower limit.

        Raises ``REQUEST_TOO_LARGE`` (before reading when the length is declared), ``DEADLINE`` (too slow),
        ``BUSY`` (no budget), ``UNSUPPORTED_MEDIA_TYPE`` (compressed), ``INVALID_REQUEST`` (ends early).
        """
        check_encoding(request)
        most = min(self._most, most_bytes or self._most)
        if (request.content_length or 0) > most:
            raise _too_large(most)
        taken = 0
        tcp = over_tcp(request)
        chunks: list[bytes] = []

        async def receive() -> None:
            nonlocal taken
            async for chunk in request.content.iter_any():
                taken += len(chunk)
                self._held += len(chunk)
                self._held_tcp += len(chunk) * tcp
                if taken > most:
                    raise _too_large(most)
                if self._held > self._budget or self._held_tcp > self._budget * TCP_SHARE:
                    raise EdgeFaceError(ErrorCode.BUSY, "Too many large requests at once.")
                chunks.append(chunk)

        try:
            await _within(self._timeout_s, receive())
            body = b"".join(chunks)
            chunks.clear()
            yield body
        finally:
            self._held -= taken
            self._held_tcp -= taken * tcp


def _too_large(most: int) -> EdgeFaceError:
    return EdgeFaceError(ErrorCode.REQUEST_TOO_LARGE, f"The limit is {most} bytes.", limit=most)


async def spool(request: web.Request, target: IO[bytes], *, most_bytes: int, idle_s: float) -> int:
    """Write a long body to a file; ``idle_s``: seconds within which the next bytes must arrive. Returns its size.

    Raises ``REQUEST_TOO_LARGE``, ``DEADLINE``, ``INVALID_REQUEST``, and ``OSError`` of the file.
    """
    check_encoding(request)
    limit = EdgeFaceError(ErrorCode.REQUEST_TOO_LARGE, f"The limit is {most_bytes} bytes.", limit=most_bytes)
    if (request.content_length or 0) > most_bytes:
        raise limit
    loop = asyncio.get_running_loop()
    size = 0
    while chunk := await _within(idle_s, request.content.readany()):
        size += len(chunk)
        if size > most_bytes:
            raise limit
        await loop.run_in_executor(None, target.write, chunk)
    return size


def check_encoding(request: web.Request) -> None:
    """Refuse compressed bodies: a few bytes of one can become gigabytes."""
    if request.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        raise EdgeFaceError(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "Compressed bodies are not accepted.")


async def _within(seconds: float, reading: Awaitable[T]) -> T:
    try:
        return await asyncio.wait_for(reading, seconds)
    except asyncio.TimeoutError:
        raise EdgeFaceError(ErrorCode.DEADLINE, "The body did not arrive in time.") from None
    except web.RequestPayloadError:
        raise EdgeFaceError(ErrorCode.INVALID_REQUEST, "The body ends early or is malformed.") from None
