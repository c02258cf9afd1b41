"""The document's calls on the wire, and pictures as it takes them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeface.gallery.records import NewFace
from tests import pictures
from tests.api.running import Running
from tests.api.wire import Answer, ask

FACE = "/rest/2.0/face/"
NUMBER = "110233112299822211"  # the document's example
NAME = "张三"


@dataclass(frozen=True)
class Baidu:
    """``baidu("v3/detect", image=...)`` is the ``result`` of a call that must succeed."""

    daemon: Running

    def raw(self, call: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        given = dict(headers or {})
        if isinstance(body, dict | list):
            given.setdefault("Content-Type", "application/json")
            body = json.dumps(body).encode()
        return ask(self.daemon.socket, "POST", call if call.startswith("/") else FACE + call, body, given)

    def __call__(self, call: str, body: Any = None, /, **parameters: Any) -> Any:
        answer = self.raw(call, parameters if body is None else body)
        assert answer.status == 200
        assert answer.json["error_code"] == 0, answer.json
        return answer.json["result"]

    def error(self, call: str, body: Any = None, /, **parameters: Any) -> int:
        """The ``error_code`` of a call that must fail; the form of the failure is checked on the way."""
        answer = self.raw(call, parameters if body is None else body)
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        fields = answer.json
        assert type(fields["error_code"]) is int and fields["error_code"], fields
        assert isinstance(fields["error_msg"], str) and fields["error_msg"]
        assert fields.get("result") is None
        return fields["error_code"]

    def fill(self, group_id: str, users: Sequence[str], *, faces: int = 1) -> None:
        """Users with faces of nobody in particular, by the engine: quicker than by a picture each."""
        gallery = self.daemon.engine.gallery
        random = np.random.default_rng(7)

        def new() -> Iterator[NewFace]:
            for user in users:
                for number in range(faces):
                    vector = random.normal(size=gallery.dimension).astype(np.float32)
                    yield NewFace(
                        group_id, user, f"{group_id}_{user}_{number}"[-64:], vector / np.linalg.norm(vector)
                    )

        gallery.add_faces(new())


def text_of(image: Any, *parameters: int, suffix: str = ".jpg") -> str:
    """A picture as base64."""
    return base64.b64encode(pictures.encoded(image, suffix, *parameters)).decode()


def of(text: str, **more: Any) -> dict[str, Any]:
    """The parameters of a base64 picture."""
    return {"image": text, "image_type": "BASE64", **more}


def token(value: str, **more: Any) -> dict[str, Any]:
    """The parameters of a face token."""
    return {"image": value, "image_type": "FACE_TOKEN", **more}


@contextmanager
def instead(target: Any, name: str, value: Any) -> Iterator[None]:
    """``target.name`` is ``value`` for a while."""
    before = getattr(target, name)
    setattr(target, name, value)
    try:
        yield
    finally:
        setattr(target, name, before)
