"""The form of a call: ``application/x-www-form-urlencoded`` in the body, and whatever stands in the query.

The document sends nothing else ("1.1.2 请求格式").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeface.api.dialects.baidu_v2.errors import refusal
from edgeface.api.dialects.percent import unescaped
from edgeface.api.submissions import Message
from edgeface.errors import EdgeFaceError, ErrorCode

MOST_FIELDS = 64
"""No call of the documents has a quarter of it."""
_KIND = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a call by name; ``twice``: those that were given more than once."""

    values: Mapping[str, str]
    twice: frozenset[str] = frozenset()

    def text(self, name: str) -> str | None:
        """The value, ``None`` where it is not given. 216100 where it is given twice: which counts?"""
        if name in self.twice:
            raise refusal(216100, f"{name} is given twice.")
        return self.values.get(name)

    def given(self, name: str) -> str | None:
        """As :meth:`text`; without surrounding blanks, and ``None`` where nothing is left."""
        return (self.text(name) or "").strip() or None


def read_form(message: Message) -> Form:
    """Body and query. Raises ``UNSUPPORTED_MEDIA_TYPE``, ``INVALID_REQUEST``."""
    pairs = list(message.query)
    if message.body:
        kind = message.content_type.partition(";")[0].strip().lower()
        if kind not in ("", _KIND):
            raise EdgeFaceError(ErrorCode.UNSUPPORTED_MEDIA_TYPE, f"Send {_KIND}.")
        if message.body.count(b"&") >= MOST_FIELDS:
            raise EdgeFaceError(ErrorCode.INVALID_REQUEST, f"The form has more than {MOST_FIELDS} fields.")
        for field in message.body.split(b"&"):
            name, _, value = field.partition(b"=")
            if name:
                pairs.append((_decoded(name), _decoded(value)))
    values: dict[str, str] = {}
    twice = set()
    for key, text in pairs:
        if key in values:
            twice.add(key)
        values[key] = text
    return Form(values, frozenset(twice))


def _decoded(raw: bytes) -> str:
    try:
        return unescaped(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise EdgeFaceError(ErrorCode.INVALID_REQUEST, "The form is not UTF-8.") from None
