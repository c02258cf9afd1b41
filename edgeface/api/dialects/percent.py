"""Percent-escapes of form-encoded pictures, undone by C.

A picture makes a form megabytes long, and every thirtieth character of base64 is escaped. Quoted-printable differs
in its escape character only.
"""

from __future__ import annotations

import binascii
from urllib.parse import unquote_to_bytes

_TO_QUOTED_PRINTABLE = bytes.maketrans(b"%", b"=")


def unescaped(raw: bytes) -> bytes:
    """The bytes behind ``%41``; what looks like an escape and is none stays as it is."""
    escapes = raw.count(b"%")
    if not escapes:
        return raw
    # "=" would be an escape, and one before a line break would vanish with it.
    if not any(char in raw for char in (b"=", b"\n", b"\r")):
        decoded = binascii.a2b_qp(raw.translate(_TO_QUOTED_PRINTABLE))
        if len(decoded) == len(raw) - 2 * escapes:  # else some are none
            return decoded
    return unquote_to_bytes(raw)
