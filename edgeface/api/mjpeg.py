"""Motion JPEG over HTTP: one answer of many pictures, each in the place of the one before."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import web

from edgeface.errors import EdgeFaceError
from edgeface.live.preview import Preview

_BOUNDARY = "frame"
MEDIA = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
WRITE_S = 10.0
"""Seconds in which a viewer must take a picture; then it is disconnected."""


async def stream(
    request: web.Request, preview: Preview, *, every_s: float, ending: asyncio.Event
) -> web.StreamResponse:
    """Pictures until the viewer leaves, the camera stops, the preview is switched off or the daemon ends.

    Raises what :meth:`Preview.snapshot` raises as long as nothing was sent.
    """
    loop = asyncio.get_running_loop()
    number, picture = await loop.run_in_executor(None, preview.snapshot)
    response = web.StreamResponse(headers={"Content-Type": MEDIA})
    await response.prepare(request)
    sent = 0
    while not ending.is_set():
        if number != sent:
            sent = number
            await _send(response, picture)
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(ending.wait(), every_s)
        try:
            number, picture = await loop.run_in_executor(None, preview.snapshot)
        except EdgeFaceError:
            break  # the head is sent: only the end can be told
    with suppress(ConnectionError):
        await response.write(f"--{_BOUNDARY}--\r\n".encode())
        await response.write_eof()
    return response


async def _send(response: web.StreamResponse, picture: bytes) -> None:
    head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
    try:
        await asyncio.wait_for(response.write(head.encode() + picture + b"\r\n"), WRITE_S)
    except asyncio.TimeoutError:
        raise ConnectionResetError("The viewer takes nothing.") from None
