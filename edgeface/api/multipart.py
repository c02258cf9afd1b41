"""``multipart/form-data`` (RFC 7578) split into its parts.

The body is already in memory and bounded, so a split of bytes is enough: no stream, no temporary file, nothing
written anywhere. What is not well-formed is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message

from edgeface.errors import EdgeFaceError, ErrorCode

MOST_PARTS = 64
MOST_HEADER_BYTES = 4096
MOST_BOUNDARY = 70  # RFC 2046 5.1.1


@dataclass(frozen=True, slots=True)
class Part:
    """One field: its name, and the bytes as sent. ``filename`` only says that it is a file."""

    name: str
    data: bytes
    filename: str | None = None


def parts_of(content_type: str, body: bytes) -> tuple[Part, ...]:
    """The parts of a body. Raises ``INVALID_REQUEST``."""
    delimiter = b"--" + _boundary(content_type)
    # The first delimiter may stand at the very beginning; every other one follows a line break.
    sections = (b"\r\n" + body).split(b"\r\n" + delimiter)
    if len(sections) < 2:
        raise _malformed("no boundary in the body")
    if not sections[-1].startswith(b"--"):
        raise _malformed("the closing boundary is missing")
    if len(sections) - 2 > MOST_PARTS:
        raise _malformed(f"more than {MOST_PARTS} parts")
    return tuple(_part(section) for section in sections[1:-1])


def _part(section: bytes) -> Part:
    padding, line_break, rest = section.partition(b"\r\n")
    if not line_break or padding.strip(b" \t"):
        raise _malformed("a boundary does not end its line")
    # Without header lines the blank line follows the boundary at once.
    head, blank, data = (b"\r\n" + rest).partition(b"\r\n\r\n")
    if not blank:
        raise _malformed("a part without a blank line after its headers")
    if len(head) > MOST_HEADER_BYTES:
        raise _malformed("the headers of a part are too long")
    headers = Message()
    for line in head.split(b"\r\n")[1:]:
        name, colon, value = line.partition(b":")
        if not colon:
            raise _malformed("a header without a colon")
        headers[name.decode("latin-1").strip()] = _text(value).strip()
    name_param = headers.get_param("name", header="content-disposition")
    if headers.get_content_disposition() != "form-data" or not isinstance(name_param, str) or not name_param:
        raise _malformed("a part without a field name")
    encoding = str(headers.get("content-transfer-encoding", "binary")).lower()
    if encoding not in ("binary", "8bit", "7bit"):
        raise _malformed("a part with a transfer encoding")  # RFC 7578 4.7: deprecated
    filename = headers.get_param("filename", header="content-disposition")
    return Part(name_param, data, filename if isinstance(filename, str) else None)


def _boundary(content_type: str) -> bytes:
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str) or not 1 <= len(boundary) <= MOST_BOUNDARY:
        raise _malformed("no boundary in the content type")
    try:
        return boundary.encode("ascii")
    except UnicodeEncodeError:
        raise _malformed("a boundary that is not ASCII") from None


def _text(value: bytes) -> str:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        raise _malformed("a header that is not UTF-8") from None
    if any(ord(char) < 32 and char != "\t" for char in text):
        raise _malformed("a control character in a header")
    return text


def _malformed(what: str) -> EdgeFaceError:
    return EdgeFaceError(ErrorCode.INVALID_REQUEST, f"multipart/form-data: {what}.")
