"""Server-sent events read from an HTTP answer."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the stream. ``id``: where to go on after a lost connection; ``data``: empty where it only says
    that."""

    id: int | None
    name: str
    data: str


def blocks(response: http.client.HTTPResponse) -> Iterator[Block]:
    """The blocks, as they come; it ends where the stream does, and drops a block that is cut off."""
    fields: dict[str, str] = {}
    while line := response.readline():
        text = line.decode("utf-8").rstrip("\r\n")
        if not line.endswith(b"\n"):
            return
        if text:
            name, _, value = text.partition(":")
            fields[name] = value.removeprefix(" ")
        elif fields:
            number = fields.get("id", "")
            yield Block(
                int(number) if number.isdecimal() else None, fields.get("event", "message"), fields.get("data", "")
            )
            fields = {}
