"""How an answer is written: ``code``, ``message`` and ``data``, with HTTP status 200 as in the document's example."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from edgeface.api.dialects.tencent_v1.errors import data_of, number_of
from edgeface.api.dialects.vendor import Reply
from edgeface.api.dialects.withheld import warning_header
from edgeface.errors import EdgeFaceError

OK = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """The ``data`` of a call that succeeded. ``unkept``: what the device was given, or had, and does not keep."""

    data: dict[str, Any]
    unkept: tuple[str, ...] = field(default=())


def success(reply: Reply) -> web.Response:
    """A use case's answer in the document's form."""
    answer: Answer = reply.result
    warnings = [warning for warning in (warning_header(reply.withheld), _unkept(answer.unkept)) if warning]
    return _response(OK, "OK", answer.data, {"Warning": ", ".join(warnings)} if warnings else {})


def failure(error: EdgeFaceError) -> web.Response:
    """An entry of the catalogue in the document's form."""
    return _response(number_of(error), error.message, data_of(error), {})


def score(value: float) -> float:
    """``confidence`` and ``similarity``: 0 to 100, 80 at a false match rate of one in ten thousand."""
    return round(float(value), 4)


def _unkept(names: Iterable[str]) -> str | None:
    listed = ", ".join(names)
    return f'199 edgeface "not kept by this device: {listed}"' if listed else None


def _response(number: int, message: str, data: dict[str, Any], headers: dict[str, str]) -> web.Response:
    body = {"code": number, "message": message, "data": {"session_id": secrets.token_hex(16), **data}}
    return web.Response(
        body=json.dumps(body, ensure_ascii=False).encode("utf-8", errors="replace"),
        content_type="application/json",
        charset="utf-8",
        headers=headers,
    )
