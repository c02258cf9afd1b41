from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface.api.multipart import MOST_PARTS, Part, parts_of
from edgeface.errors import EdgeFaceError, ErrorCode

TYPE = "multipart/form-data; boundary=xyz"


def part(head: str, data: bytes) -> bytes:
    return b"--xyz\r\n" + head.encode() + b"\r\n\r\n" + data + b"\r\n"


def field(name: str, data: bytes) -> bytes:
    return part(f'Content-Disposition: form-data; name="{name}"', data)


def test_fields_and_files() -> None:
    picture = bytes(range(256)) + b"\r\n--xy\r\n\r\n"
    head = 'content-disposition: form-data; name="image"; filename="a.jpg"\r\nContent-Type: image/jpeg'
    body = b"preamble\r\n" + field("top", b"3") + part(head, picture) + field("info", "Ünï".encode()) + b"--xyz--\r\n"
    assert parts_of(TYPE, body) == (Part("top", b"3"), Part("image", picture, "a.jpg"), Part("info", "Ünï".encode()))


def test_no_fields() -> None:
    assert parts_of(TYPE, b"--xyz--\r\n") == ()


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", field("a", b"1") + b"--xyz--"),
        ("multipart/form-data; boundary=", b"--"),
        ("multipart/form-data; boundary=" + "x" * 71, b"--" + b"x" * 71 + b"--"),
        (TYPE, b"nothing of the kind"),
        (TYPE, field("a", b"1")),
        (TYPE, field("a", b"1") + b"--xyz"),
        (TYPE, part("Content-Disposition: form-data", b"1") + b"--xyz--"),
        (TYPE, part('Content-Disposition: attachment; name="a"', b"1") + b"--xyz--"),
        (TYPE, part("no colon here", b"1") + b"--xyz--"),
        (
            TYPE,
            part('Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64', b"1") + b"--xyz--",
        ),
        (TYPE, part('Content-Disposition: form-data; name="a"\r\nX: ' + "y" * 5000, b"1") + b"--xyz--"),
        (TYPE, b'--xyz\r\nContent-Disposition: form-data; name="a"\r\n--xyz--'),
        (TYPE, b"--xyzzy\r\n\r\n\r\n--xyz--"),
        (TYPE, field("a", b"1") * (MOST_PARTS + 1) + b"--xyz--"),
        (TYPE, part('Content-Disposition: form-data; name="a\x01"', b"1") + b"--xyz--"),
    ],
)
def test_what_is_not_well_formed_is_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(EdgeFaceError) as caught:
        parts_of(content_type, body)
    assert caught.value.code is ErrorCode.INVALID_REQUEST


@given(
    st.lists(
        st.tuples(
            st.from_regex(re.compile(r"[a-z_]{1,8}"), fullmatch=True),
            st.binary(max_size=200).filter(lambda data: b"--xyz" not in data),
        ),
        max_size=8,
    )
)
def test_whatever_the_bytes_they_come_back(fields: list[tuple[str, bytes]]) -> None:
    body = b"".join(field(name, data) for name, data in fields) + b"--xyz--\r\n"
    assert [(item.name, item.data) for item in parts_of(TYPE, body)] == fields


@given(st.text(max_size=60), st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(parameters: str, noise: bytes) -> None:
    for content_type, body in (
        (f"multipart/form-data; {parameters}", noise),
        (TYPE, b"--xyz\r\n" + noise + b"\r\n--xyz--"),
        (TYPE, noise.replace(b"\x00", b"\r\n--xyz")),
    ):
        try:
            parts_of(content_type, body)
        except EdgeFaceError as error:
            assert error.code is ErrorCode.INVALID_REQUEST
