"""What a call brings: JSON with URLs, or multipart with pictures, read into one set of fields.

The document: "application/json with the parameter url, multipart/form-data with the parameter image". Its client
sends lists in multipart as ``name[0]``, ``name[1]``..., and URLs in multipart too where one picture of a comparison
has one and the other has not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edgeface.api.dialects.pictures import Pictures
from edgeface.api.dialects.tencent_v1 import ids
from edgeface.api.dialects.tencent_v1.errors import invalid, missing
from edgeface.api.multipart import parts_of
from edgeface.api.submissions import Message
from edgeface.errors import EdgeFaceError, ErrorCode

_PICTURE = re.compile(r"image[AB]?|images\[[0-9]{1,4}\]")
_ITEM = re.compile(r"(?P<name>[a-z_]+)\[(?P<index>[0-9]{1,4})\]")


@dataclass(frozen=True, slots=True)
class Fields:
    """The parameters of a call. ``values``: JSON values, or texts; ``files``: pictures as sent."""

    values: Mapping[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A text that must be there. Raises -1301 (absent or empty), 21 (no text)."""
        value = self.optional_text(name)
        if not value:
            raise missing(name)
        return value

    def optional_text(self, name: str) -> str:
        """A text; empty where it is absent. A JSON number is taken as its digits: ids often are."""
        value = self.values.get(name)
        if value is None:
            return ""
        return _text(name, value)

    def gallery_id(self, name: str) -> str:
        """The gallery's id of an id that must be there. Raises -1301, -1304, -1313, 21."""
        return ids.checked(self.text(name), name)

    def gallery_ids(self, name: str) -> tuple[str, ...]:
        """As :meth:`gallery_id` for a list: a JSON array, or the parts ``name[0]``, ``name[1]``..."""
        return tuple(ids.checked(item, name) for item in self.texts(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts that must have one at least."""
        found = self._list(name)
        if not found:
            raise missing(name)
        texts = tuple(_text(name, item) for item in found)
        if not all(texts):
            raise missing(name)
        return texts

    def choice(self, name: str, allowed: Sequence[int]) -> int:
        """One of a few integers, as JSON number or digits; the first where it is absent. Raises 21."""
        value = self.values.get(name)
        if value is None or value == "":
            return allowed[0]
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
            raise invalid(name, f"must be {' or '.join(str(item) for item in allowed)}")
        return value

    def picture(self, pictures: Pictures, image: str = "image", url: str = "url") -> bytes:
        """The picture of a call: "if both are given, only the url is used". Raises -1300, -1308."""
        if address := self.optional_text(url):
            return pictures.url(address)
        data = self.files.get(image)
        if not data:
            raise EdgeFaceError(ErrorCode.IMAGE_MISSING, f"Give {image} or {url}.", parameter=image)
        return data

    def sources(self) -> tuple[str | bytes, ...]:
        """The pictures of ``addface``: every URL of ``urls``, else every ``images[n]`` in its order."""
        if addresses := self._list("urls"):
            return tuple(_text("urls", item) for item in addresses)
        return tuple(self.files[name] for name in sorted(self.files, key=_index) if name.startswith("images["))

    def _list(self, name: str) -> Sequence[Any]:
        value = self.values.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise invalid(name, "must be a list")
        return value


def fields_of(message: Message) -> Fields:
    """The parameters of a request. Raises ``INVALID_REQUEST``, ``UNSUPPORTED_MEDIA_TYPE``, ``INVALID_PARAMETER``."""
    kind = message.content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return Fields(_json_object(message.body))
    if kind == "multipart/form-data":
        return _from_multipart(message)
    raise EdgeFaceError(
        ErrorCode.UNSUPPORTED_MEDIA_TYPE, "Send application/json with a url, or multipart/form-data with an image."
    )


def app_id_of(message: Message) -> str:
    """``appid``; empty where there is none, or the request cannot be read: who calls is asked before what."""
    try:
        return fields_of(message).optional_text("appid")
    except EdgeFaceError:
        return ""


def _from_multipart(message: Message) -> Fields:
    values: dict[str, Any] = {}
    items: dict[str, dict[int, str]] = {}
    files: dict[str, bytes] = {}
    for part in parts_of(message.content_type, message.body):
        if _PICTURE.fullmatch(part.name):
            if part.name in files:
                raise invalid(part.name, "is given twice")
            files[part.name] = part.data
            continue
        try:
            text = part.data.decode("utf-8")
        except UnicodeDecodeError:
            raise invalid(part.name[:64], "is not UTF-8") from None
        if item := _ITEM.fullmatch(part.name):
            numbered = items.setdefault(item["name"], {})
            if int(item["index"]) in numbered:
                raise invalid(part.name, "is given twice")
            numbered[int(item["index"])] = text
        elif part.name in values:
            raise invalid(part.name[:64], "is given twice")
        else:
            values[part.name] = text
    for name, numbered in items.items():
        values[name] = [numbered[index] for index in sorted(numbered)]
    return Fields(values, files)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise EdgeFaceError(ErrorCode.INVALID_REQUEST, "The body is not JSON in UTF-8.") from None
    if not isinstance(value, dict):
        raise EdgeFaceError(ErrorCode.INVALID_REQUEST, "The JSON body must be an object.")
    return value


def _text(name: str, value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise invalid(name, "must be text")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise invalid(name, "is not valid Unicode") from None
    return value


def _index(name: str) -> int:
    item = _ITEM.fullmatch(name)
    return int(item["index"]) if item else -1
