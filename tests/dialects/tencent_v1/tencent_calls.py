"""What the tests of this dialect share: calls in both wire forms, and the checks that every answer has to pass."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeface.api.dialects.tencent_v1 import ids
from edgeface.types import Template
from tests.api.running import Running
from tests.api.wire import Answer, ask

APP_ID = "10000037"
BOUNDARY = "--------------acebdf13572468"  # the document's


def body_of(answer: Answer) -> dict[str, Any]:
    """The answer's JSON object: ``code``, ``message``, ``data`` with a session id, and HTTP 200."""
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("application/json")
    body: dict[str, Any] = answer.json
    assert set(body) == {"code", "message", "data"}
    assert type(body["code"]) is int and type(body["message"]) is str and body["message"]
    session = body["data"]["session_id"]
    assert type(session) is str and session
    return body


def multipart(parts: Mapping[str, str | bytes]) -> tuple[bytes, str]:
    """A body as the document writes it, and its content type."""
    written = []
    for name, value in parts.items():
        if isinstance(value, bytes):
            head = f'Content-Disposition: form-data; name="{name}"; filename="test.jpg"\r\nContent-Type: image/jpeg'
            data = value
        else:
            head, data = f'Content-Disposition: form-data; name="{name}";', value.encode()
        written.append(f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + data + b"\r\n")
    return b"".join(written) + f"--{BOUNDARY}--\r\n".encode(), f"multipart/form-data;boundary={BOUNDARY}"


@dataclass(frozen=True)
class Tencent:
    """A caller of the dialect on a Unix socket."""

    socket: Path

    def send(self, call: str, body: bytes, content_type: str, method: str = "POST") -> Answer:
        return ask(self.socket, method, f"/face/{call}", body, {"Content-Type": content_type})

    def json(self, call: str, **fields: Any) -> dict[str, Any]:
        """A JSON call; ``appid`` is there unless it is given as ``None``."""
        named = {"appid": APP_ID, "bucket": "bucket", **fields}
        sent = {name: value for name, value in named.items() if value is not None}
        return body_of(self.send(call, json.dumps(sent).encode(), "application/json"))

    def form(
        self, call: str, parts: Mapping[str, str | bytes] | None = None, **fields: str | bytes
    ) -> dict[str, Any]:
        """A multipart call."""
        return body_of(self.answer(call, parts, **fields))

    def answer(self, call: str, parts: Mapping[str, str | bytes] | None = None, **fields: str | bytes) -> Answer:
        return self.send(call, *multipart({"appid": APP_ID, **fields, **(parts or {})}))

    def person(self, person_id: str, groups: list[str], image: bytes, **fields: str) -> dict[str, Any]:
        """A new person; the ``data`` of the answer."""
        parts = {f"group_ids[{index}]": group for index, group in enumerate(groups)}
        body = self.form("newperson", parts, person_id=person_id, image=image, **fields)
        assert body["code"] == 0, body
        return body["data"]

    def ok(self, call: str, **fields: Any) -> dict[str, Any]:
        """A JSON call that must succeed; its ``data``."""
        body = self.json(call, **fields)
        assert (body["code"], body["message"]) == (0, "OK"), body
        return body["data"]

    def code(self, call: str, **fields: Any) -> int:
        """The number that a JSON call answers."""
        return self.json(call, **fields)["code"]


@contextmanager
def limits(engine: Any, monkeypatch: pytest.MonkeyPatch, **changed: int) -> Any:
    """Other limits of the gallery while the block runs."""
    with monkeypatch.context() as patched:
        gallery = engine.gallery
        patched.setattr(gallery, "_limits", gallery._limits.model_copy(update=changed))
        yield


def template(engine: Any, seed: int) -> Template:
    """A random template of the engine's contract."""
    vector = np.random.default_rng(seed).standard_normal(engine.pack.dimension).astype(np.float32)
    return Template(vector / np.linalg.norm(vector), engine.pack.contract_id)


def made(daemon: Running, person_id: str, *groups: str, faces: int = 1) -> list[str]:
    """A person without pictures; the ids of its faces."""
    persons = daemon.engine.gallery.persons()
    tokens = [f"{ids.to_gallery(person_id)}f{index}" for index in range(faces)]
    names = [ids.to_gallery(group) for group in groups]
    persons.create(ids.to_gallery(person_id), names, template(daemon.engine, 0), tokens[0], "")
    for index, token in enumerate(tokens[1:], start=1):
        persons.add_face(ids.to_gallery(person_id), template(daemon.engine, index), token, duplicate_similarity=None)
    return tokens
