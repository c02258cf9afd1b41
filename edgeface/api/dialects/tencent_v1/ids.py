"""Tencent's ids and the gallery's.

Tencent allows more in an id than the gallery does (letters, digits, underscores; at most 128). An id that is one of
the gallery's stays as it is; any other gets a prefix and has its foreign bytes written as ``_XX`` (UTF-8,
hexadecimal). The two functions are each other's inverse for every id of either side, so nothing is lost and two ids
never become one.
"""

from __future__ import annotations

import re
import unicodedata

from edgeface.errors import EdgeFaceError, ErrorCode

PREFIX = "_x_"
LONGEST = 128  # the gallery's (Baidu v3: 128 bytes); the Tencent document says "too long" and no number

_SPECIAL = frozenset({"Zs", "Zl", "Zp", "Cc", "Cs"})  # spaces, line breaks, control characters, lone surrogates
_PLAIN = re.compile(r"[A-Za-z0-9_]+")
_QUOTED = re.compile(r"(?:[A-Za-z0-9]|_[0-9A-F]{2})+")
_ESCAPE = re.compile(rb"_([0-9A-F]{2})")


def checked(vendor_id: str, parameter: str) -> str:
    """The gallery's id of a Tencent id. Raises ``INVALID_ID`` (context ``problem``: ``characters``, ``too_long``)."""
    # Error -1313: "special characters, for example space, slash, tab, newline".
    if any(char in "/\\" or unicodedata.category(char) in _SPECIAL for char in vendor_id):
        raise EdgeFaceError(
            ErrorCode.INVALID_ID,
            f"{parameter} has a space, a slash or a control character.",
            parameter=parameter,
            problem="characters",
        )
    gallery_id = to_gallery(vendor_id)
    if len(gallery_id) > LONGEST:
        raise EdgeFaceError(
            ErrorCode.INVALID_ID,
            f"{parameter} is too long: {LONGEST} letters, digits and underscores, of which any other byte takes "
            f"three and their presence {len(PREFIX)}.",
            parameter=parameter,
            problem="too_long",
        )
    return gallery_id


def to_gallery(vendor_id: str) -> str:
    """The gallery's id, of whatever length."""
    if _PLAIN.fullmatch(vendor_id) and from_gallery(vendor_id) == vendor_id:
        return vendor_id
    return PREFIX + _quoted(vendor_id)


def from_gallery(gallery_id: str) -> str:
    """The Tencent id of a gallery id; one that another API made and that is no escaped id stays as it is."""
    rest = gallery_id.removeprefix(PREFIX)
    if rest == gallery_id or not _QUOTED.fullmatch(rest):
        return gallery_id
    data = _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), rest.encode("ascii"))
    try:
        vendor_id = data.decode("utf-8")
    except UnicodeDecodeError:
        return gallery_id
    # An escape that nobody would have written, because the id needs none or would be written otherwise, is an id.
    return vendor_id if to_gallery(vendor_id) == gallery_id else gallery_id


def _quoted(text: str) -> str:
    return "".join(
        chr(byte) if chr(byte).isalnum() and byte < 128 else f"_{byte:02X}" for byte in text.encode("utf-8")
    )
