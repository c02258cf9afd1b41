"""What a caller submitted: three wire forms, one frozen value.

A raw body (the picture itself, options in the query), ``multipart/form-data`` (pictures and options as fields)
and JSON (pictures as base64) become the same :class:`Submission`. Everything here is a pure function of bytes, so
the parser can be fuzzed without a server.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NoReturn, TypeVar

from pydantic import ValidationError

from edgeface.api.multipart import parts_of
from edgeface.api.options import Options
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.image import decode_base64

O = TypeVar("O", bound=Options)  # noqa: E741 - the options' type

_SHOWN_NAME = 64
"""Characters of a caller's own field name that an error repeats."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request as it arrived: everything that the parser may look at."""

    content_type: str = ""
    query: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    path: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Submission(Generic[O]):
    """The checked request: options, encoded pictures by field name, and the ids of the path."""

    options: O
    images: Mapping[str, bytes]
    path: Mapping[str, str]

    def image(self, name: str = "image") -> bytes:
        """An encoded picture. Raises ``IMAGE_MISSING``."""
        data = self.images.get(name)
        if not data:
            raise EdgeFaceError(ErrorCode.IMAGE_MISSING, f"Field: {name}.", parameter=name)
        return data


def parse(message: Message, options: type[O], images: Sequence[str] = ()) -> Submission[O]:
    """Read a message. ``images``: the names of the picture fields that this endpoint has.

    Raises ``INVALID_REQUEST`` (malformed), ``INVALID_PARAMETER`` (naming the field), ``UNSUPPORTED_MEDIA_TYPE``,
    ``IMAGE_BASE64``.
    """
    kind = message.content_type.partition(";")[0].strip().lower()
    query = _unique(message.query)
    if not message.body:
        return Submission(_from_strings(options, query), {}, message.path)
    if kind == "application/json" or kind.endswith("+json"):
        if query:
            _refuse(next(iter(query)), "belongs into the JSON body, not into the query")
        fields = _json_object(message.body)
        pictures = {name: _base64(name, fields.pop(name)) for name in images if fields.get(name) is not None}
        return Submission(
            _validated(options, {k: v for k, v in fields.items() if k not in images}), pictures, message.path
        )
    if kind == "multipart/form-data":
        return _from_multipart(message, query, options, images)
    if images and (kind.startswith("image/") or kind in ("application/octet-stream", "")):
        return Submission(_from_strings(options, query), {images[0]: message.body}, message.path)
    accepted = "application/json or multipart/form-data" + (", or the picture itself as image/jpeg" if images else "")
    raise EdgeFaceError(ErrorCode.UNSUPPORTED_MEDIA_TYPE, f"Send {accepted}.")


def _from_multipart(
    message: Message, query: dict[str, str], options: type[O], images: Sequence[str]
) -> Submission[O]:
    texts: list[tuple[str, str]] = list(query.items())
    pictures: dict[str, bytes] = {}
    for part in parts_of(message.content_type, message.body):
        if part.name in images:
            if part.name in pictures:
                _refuse(part.name, "is given twice")
            pictures[part.name] = part.data
            continue
        try:
            texts.append((part.name, part.data.decode("utf-8")))
        except UnicodeDecodeError:
            _refuse(part.name, "is not UTF-8")
    return Submission(_from_strings(options, _unique(texts)), pictures, message.path)


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            _refuse(name, "is given twice")
        found[name] = value
    return found


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite
        )
    except UnicodeDecodeError:
        raise EdgeFaceError(ErrorCode.INVALID_REQUEST, "The JSON is not UTF-8.") from None
    except RecursionError:
        raise EdgeFaceError(ErrorCode.INVALID_REQUEST, "The JSON is nested too deeply.") from None
    except ValueError as error:
        # JSONDecodeError's message names a place, never the content; other ValueErrors are numbers of absurd length.
        place = (
            f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else "a number"
        )
        raise EdgeFaceError(ErrorCode.INVALID_REQUEST, f"The body is not JSON ({place}).") from None
    if not isinstance(value, dict):
        raise EdgeFaceError(ErrorCode.INVALID_REQUEST, "The JSON body must be an object.")
    return value


def _no_constant(name: str) -> NoReturn:
    raise EdgeFaceError(ErrorCode.INVALID_REQUEST, f"{name} is not JSON.")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("a number beyond the range of a double")
    return value


def _base64(name: str, value: object) -> bytes:
    if not isinstance(value, str):
        _refuse(name, "must be base64 text")
    return decode_base64(value) if value else b""


def _from_strings(options: type[O], values: dict[str, str]) -> O:
    try:
        return options.model_validate_strings(values)
    except ValidationError as error:
        raise _problems(error) from None


def _validated(options: type[O], values: dict[str, Any]) -> O:
    try:
        return options.model_validate(values)
    except ValidationError as error:
        raise _problems(error) from None


def _problems(error: ValidationError) -> EdgeFaceError:
    problems = [
        {
            "parameter": ".".join(str(step)[:_SHOWN_NAME] for step in item["loc"]) or "body",
            "message": item["msg"].removeprefix("Value error, "),
        }
        for item in error.errors(include_url=False, include_context=False, include_input=False)[:20]
    ]
    first = problems[0]
    return EdgeFaceError(
        ErrorCode.INVALID_PARAMETER,
        f"{first['parameter']}: {first['message']}.",
        parameter=first["parameter"],
        problems=problems,
    )


def _refuse(name: str, why: str) -> NoReturn:
    shown = name[:_SHOWN_NAME]
    raise EdgeFaceError(
        ErrorCode.INVALID_PARAMETER,
        f"{shown}: {why}.",
        parameter=shown,
        problems=[{"parameter": shown, "message": why}],
    )
