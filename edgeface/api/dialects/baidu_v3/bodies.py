"""Request bodies: JSON, as the document has it, or form fields of the same names.

The vendor's clients send JSON under any content type (``curl -d`` calls it a form, PHP's sends none at all), so the
first character decides and not the header.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from edgeface.api.submissions import Message
from edgeface.errors import EdgeFaceError, ErrorCode

MOST_FIELDS = 64
"""Form fields; no call of the document has half as many."""
_BOM = b"\xef\xbb\xbf"
_BLANKS = b" \t\r\n"


def fields_of(message: Message) -> dict[str, Any]:
    """The parameters of a call. PHP writes no parameters as ``[]``. Raises ``INVALID_REQUEST``."""
    body = message.body.removeprefix(_BOM).strip(_BLANKS)
    if not body:
        return {}
    if not body.startswith((b"{", b"[")):
        return _form(body)
    value = parsed(body)
    if value == []:
        return {}
    if not isinstance(value, dict):
        raise _malformed("a JSON object is expected")
    return value


def rows_of(message: Message) -> list[dict[str, Any]]:
    """The pictures of a call that takes an array of objects; a lone object counts as one.

    Raises ``INVALID_REQUEST``.
    """
    body = message.body.removeprefix(_BOM).strip(_BLANKS)
    if not body:
        return []
    value = parsed(body)
    rows = value if isinstance(value, list) else [value]
    if not all(isinstance(row, dict) for row in rows):
        raise _malformed("an array of JSON objects is expected")
    return rows


def parsed(text: str | bytes) -> Any:
    """Any JSON value. Raises ``INVALID_REQUEST``."""
    try:
        return json.loads(text if isinstance(text, str) else text.decode("utf-8"), parse_constant=_refuse)
    except UnicodeDecodeError:
        raise _malformed("not UTF-8") from None
    except RecursionError:
        raise _malformed("nested too deeply") from None
    except ValueError:  # also a number of absurd length
        raise _malformed("not JSON") from None


def _form(body: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:  # UnicodeDecodeError is one
        raise _malformed("neither JSON nor form fields") from None
    return dict(pairs)


def _refuse(name: str) -> NoReturn:
    raise _malformed(f"{name} is not JSON")


def _malformed(why: str) -> EdgeFaceError:
    return EdgeFaceError(ErrorCode.INVALID_REQUEST, f"The body: {why}.")
