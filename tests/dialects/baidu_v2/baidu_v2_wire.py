"""Calls as the document makes them: forms, and what comes back."""

from __future__ import annotations

import base64
import itertools
from typing import Any
from urllib.parse import quote_plus

import numpy as np

from edgeface.gallery.records import NewFace
from tests.api.running import Running
from tests.api.wire import Answer, ask

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_numbers = itertools.count()


def b64(*pictures: bytes) -> str:
    return ",".join(base64.b64encode(picture).decode() for picture in pictures)


def raw(daemon: Running, path: str, method: str = "POST", **fields: Any) -> Answer:
    """The whole answer. Pictures may be given as bytes."""
    form = "&".join(f"{name}={_quoted(value)}" for name, value in fields.items())
    answer = ask(daemon.socket, method, f"/rest/2.0/face/{path}", form.encode(), FORM)
    assert answer.status == 200  # whatever happened: the body says what
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    return answer


def _quoted(value: Any) -> str:
    text = b64(value) if isinstance(value, bytes) else str(value)
    if len(text) < 1_000_000:
        return quote_plus(text)
    # Only pictures are that long, and these characters are all that base64 has to escape: far quicker.
    return text.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D").replace(",", "%2C").replace("\n", "%0A")


def call(daemon: Running, path: str, method: str = "POST", **fields: Any) -> dict[str, Any]:
    """The answer of a call that succeeds."""
    body = raw(daemon, path, method, **fields).json
    assert "error_code" not in body, body
    assert type(body["log_id"]) is int and 0 <= body["log_id"] < 2**63
    return body


def error(daemon: Running, path: str, method: str = "POST", **fields: Any) -> int:
    """The number of a call that fails, in the documented form."""
    return failure(raw(daemon, path, method, **fields))["error_code"]


def failure(answer: Answer) -> dict[str, Any]:
    body = answer.json
    assert set(body) == {"error_code", "error_msg", "log_id"}, body
    assert type(body["error_code"]) is int and type(body["error_msg"]) is str and type(body["log_id"]) is int
    return body


def withheld(answer: Answer) -> set[str]:
    """What the Warning header names."""
    text = answer.headers.get("warning", "")
    if not text:
        return set()
    head, _, names = text.strip('"').partition(": ")
    assert head == '199 edgeface "not measured by the active model pack'
    return set(names.split(", "))


def group(prefix: str = "g") -> str:
    """A group name that no other test has."""
    return f"{prefix}_{next(_numbers)}"


def fill(daemon: Running, group_id: str, users: int) -> list[str]:
    """Users with random faces."""
    rng = np.random.default_rng(users)
    vectors = rng.normal(size=(users, daemon.engine.pack.dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    names = [f"user{number}" for number in range(users)]
    daemon.engine.gallery.add_faces(
        NewFace(group_id, name, f"{group_id}{name}", vector, f"info of {name}")
        for name, vector in zip(names, vectors, strict=True)
    )
    return names


def add(daemon: Running, group_id: str, uid: str, image: bytes, info: str = "info", **fields: str) -> None:
    body = call(daemon, "v2/faceset/user/add", uid=uid, user_info=info, group_id=group_id, image=image, **fields)
    assert set(body) == {"log_id"}


def faces(daemon: Running, group_id: str, uid: str) -> int:
    return len(daemon.engine.gallery.faces(group_id, uid))


def padded(jpeg: bytes, size: int) -> bytes:
    """The same JPEG with comments until it has so many bytes."""
    missing = size - len(jpeg)
    comments = b""
    while missing:
        part = min(missing, 65537)
        if 0 < missing - part < 4:
            part -= 4
        comments += b"\xff\xfe" + (part - 2).to_bytes(2, "big") + bytes(part - 4)
        missing -= part
    return jpeg[:2] + comments + jpeg[2:]
