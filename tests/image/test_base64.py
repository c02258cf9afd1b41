"""Base64 as clients really send it."""

from __future__ import annotations

import base64

import pytest

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.image import decode_base64

DATA = bytes(range(256)) * 3
TEXT = base64.b64encode(DATA).decode()


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.encode(),
        "\r\n".join(TEXT[at : at + 76] for at in range(0, len(TEXT), 76)) + "\r\n",
        "data:image/jpeg;base64," + TEXT,
        "data:image/png;charset=utf-8;base64,\n" + TEXT,
        base64.urlsafe_b64encode(DATA).decode(),
        base64.b64encode(DATA + b"x").decode().rstrip("="),
    ],
    ids=["plain", "bytes", "line breaks", "data url", "data url with charset", "url-safe", "no padding"],
)
def test_tolerated_forms(text: str | bytes) -> None:
    assert decode_base64(text)[: len(DATA)] == DATA


@pytest.mark.parametrize("text", ["%%%%", "abc$", "é" * 8, "A", "data:image/png,AAAA", b"\xff\xd8\xff\xe0"])
def test_anything_else_is_refused(text: str | bytes) -> None:
    with pytest.raises(EdgeFaceError) as caught:
        decode_base64(text)
    assert caught.value.code is ErrorCode.IMAGE_BASE64


@pytest.mark.parametrize("text", ["", "  \n", "data:image/png;base64,"])
def test_nothing_is_a_missing_image(text: str) -> None:
    with pytest.raises(EdgeFaceError) as caught:
        decode_base64(text)
    assert caught.value.code is ErrorCode.IMAGE_MISSING
