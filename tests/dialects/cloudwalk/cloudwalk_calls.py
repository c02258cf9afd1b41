"""What the tests of this dialect share: calls as a form, and the checks that every answer has to pass."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from edgeface.api.dialects.cloudwalk.errors import TEXTS
from tests.api.wire import Answer, ask

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def body_of(answer: Answer) -> dict[str, Any]:
    """The answer's JSON object: an integer ``result``, a text ``info``, HTTP 200 whatever happened."""
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    body: dict[str, Any] = json.loads(answer.body.decode("utf-8"))
    assert type(body["result"]) is int
    if body["result"] == 0:
        assert body["info"] == "成功"
    else:
        assert set(body) == {"result", "info"}
        assert body["info"].startswith(TEXTS[body["result"]])
        assert body["info"] == TEXTS[body["result"]] or body["result"] in (4097, 4101)
    return body


@dataclass(frozen=True)
class CloudWalk:
    """A caller of the dialect on a Unix socket."""

    socket: Path

    def answer(self, call: str, **fields: Any) -> Answer:
        """A POSTed form; bytes are pictures and sent as base64."""
        texts = {name: b64(value) if isinstance(value, bytes) else value for name, value in fields.items()}
        return ask(self.socket, "POST", f"/face/{call}", urlencode(texts), FORM)

    def __call__(self, call: str, **fields: Any) -> dict[str, Any]:
        return body_of(self.answer(call, **fields))

    def ok(self, call: str, **fields: Any) -> dict[str, Any]:
        body = self(call, **fields)
        assert body["result"] == 0, body
        return body

    def refused(self, call: str, **fields: Any) -> int:
        """The number of a failure."""
        body = self(call, **fields)
        assert body["result"] != 0, body
        return body["result"]

    def group(self, group_id: str, tag: str = "") -> str:
        self.ok("clustering/group/create", groupId=group_id, tag=tag)
        return group_id

    def face(self, group_id: str, picture: bytes, tag: str = "") -> int:
        number = self.ok("clustering/face/create", groupId=group_id, img=picture, tag=tag)["faceId"]
        assert type(number) is int
        return number
