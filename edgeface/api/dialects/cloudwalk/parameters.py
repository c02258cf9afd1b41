"""What a call brings: a form, parts, a JSON object or the query, read into one set of fields.

The manual sends commands "by the HTTP protocol" and pictures "by POST (base64)" and names no body format; its
clients of 2017 posted forms. All four are read, a field of the body before one of the query. Unknown fields are
ignored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgeface.api.dialects.cloudwalk.errors import invalid, missing
from edgeface.api.dialects.percent import unescaped
from edgeface.api.dialects.pictures import Pictures
from edgeface.api.multipart import parts_of
from edgeface.api.submissions import Message
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.image import sniff

MOST_FIELDS = 64
MOST_TAG_BYTES = 128  # "额外信息(128 字节限制)"
_FORM = "application/x-www-form-urlencoded"
_PICTURES = frozenset({"img", "imgA", "imgB"})
_FORMATS = ("jpeg", "png", "bmp")  # 2.11: "输入图片支持 jpg、png、bmp 格式"
_ALNUM = re.compile(r"[A-Za-z0-9]+")  # "只支持数字或字母"
_WHOLE = re.compile(r"[0-9]{1,18}")
_MOST_ID = 128


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a call; ``files``: pictures sent as they are, in parts of their own."""

    texts: Mapping[str, str]
    files: Mapping[str, bytes]

    def optional(self, name: str) -> str | None:
        """A text; ``None`` where it is absent or empty."""
        return self.texts.get(name, "").strip() or None

    def text(self, name: str) -> str:
        """A text that must be there. Raises 4097."""
        value = self.optional(name)
        if value is None:
            raise missing(name)
        return value

    def number(self, name: str, least: int, most: int) -> int:
        """A whole number that must be there, as digits or as a JSON number. Raises 4097, 4101."""
        text = self.text(name)
        if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
            raise invalid(name, f"must be a whole number from {least} to {most}")
        return int(text)

    def flag(self, name: str) -> bool:
        """``true`` or ``false``; false where it is absent. Raises 4101."""
        text = (self.optional(name) or "false").lower()
        if text not in ("true", "false"):
            raise invalid(name, "must be true or false")
        return text == "true"

    def face_id(self) -> int:
        """``faceId``. Raises 4097, 4101; whether a face has the number is for the gallery to say."""
        return self.number("faceId", 0, 10**18 - 1)

    def new_group_id(self) -> str:
        """``groupId`` of a group to be made: letters and digits. Raises 4097, 4101."""
        group_id = self.text("groupId")
        if not _ALNUM.fullmatch(group_id) or len(group_id) > _MOST_ID:
            raise invalid("groupId", f"must be 1 to {_MOST_ID} letters and digits")
        return group_id

    def group_tag(self) -> str:
        """``tag`` of a group: at most 128 letters and digits; empty where it is absent. Raises 4101."""
        tag = self.optional("tag") or ""
        if tag and (not _ALNUM.fullmatch(tag) or len(tag) > MOST_TAG_BYTES):
            raise invalid("tag", f"must be at most {MOST_TAG_BYTES} letters and digits")
        return tag

    def face_tag(self) -> str | None:
        """``tag`` of a face: any text of at most 128 bytes (UTF-8); ``None`` where it is absent. Raises 4101."""
        tag = self.texts.get("tag")
        if tag is not None and len(tag.encode("utf-8")) > MOST_TAG_BYTES:
            raise invalid("tag", f"must have at most {MOST_TAG_BYTES} bytes")
        return tag

    def has_picture(self, which: str = "") -> bool:
        """Whether ``img`` or ``url`` is given; ``which``: A or B of two."""
        return bool(self.files.get(f"img{which}") or self.optional(f"img{which}") or self.optional(f"url{which}"))

    def picture(self, pictures: Pictures, which: str = "") -> bytes:
        """The encoded picture ``img``, else that at ``url``.

        Raises 4097 (neither), 8497 (no base64; neither JPEG nor PNG nor BMP), 4102 (the URL was not fetched).
        """
        data = self.files.get(f"img{which}")
        if not data:
            if (text := self.optional(f"img{which}")) is not None:
                data = pictures.base64(text)
            elif (address := self.optional(f"url{which}")) is not None:
                data = pictures.url(address)
            else:
                raise EdgeFaceError(ErrorCode.IMAGE_MISSING, f"Give img{which} or url{which}.")
        if sniff(data) not in _FORMATS:
            raise EdgeFaceError(ErrorCode.IMAGE_FORMAT, "JPEG, PNG and BMP are.")
        return data


def fields_of(message: Message) -> Fields:
    """The fields of a request. Raises ``INVALID_REQUEST``, ``UNSUPPORTED_MEDIA_TYPE``, 4101."""
    texts = {name: text.replace(" ", "+") if _is_base64(name) else text for name, text in message.query}
    files: dict[str, bytes] = {}
    kind = message.content_type.partition(";")[0].strip().lower()
    if not message.body:
        pass
    elif kind == "application/json":
        texts.update(_from_json(message.body))
    elif kind == "multipart/form-data":
        for part in parts_of(message.content_type, message.body):
            if part.name in _PICTURES and (part.filename is not None or sniff(part.data) != "unknown"):
                files[part.name] = part.data
            else:
                texts[part.name] = _utf8(part.name, part.data)
    elif kind in ("", _FORM):
        texts.update(_from_form(message.body))
    else:
        raise EdgeFaceError(ErrorCode.UNSUPPORTED_MEDIA_TYPE, f"Send {_FORM}, multipart/form-data or JSON.")
    for text in texts.values():
        _check_unicode(text)
    return Fields(texts, files)


def credentials(headers: Mapping[str, str], message: Message) -> tuple[str, str]:
    """``app_id`` and ``app_secret`` of 2.1, from the headers, the query or the body; empty where there are none.

    A request that cannot be read has none: who calls is asked before what.
    """
    names = ("app_id", "app_secret")
    if any(name in headers for name in names):
        return headers.get(names[0], ""), headers.get(names[1], "")
    try:
        texts = fields_of(message).texts
    except EdgeFaceError:
        texts = dict(message.query)
    return texts.get(names[0], ""), texts.get(names[1], "")


def _from_form(body: bytes) -> dict[str, str]:
    if body.count(b"&") >= MOST_FIELDS:
        raise EdgeFaceError(ErrorCode.INVALID_REQUEST, f"The form has more than {MOST_FIELDS} fields.")
    texts = {}
    for field in body.split(b"&"):
        raw_name, _, raw = field.partition(b"=")
        name = _utf8("name", unescaped(raw_name.replace(b"+", b" ")))
        texts[name] = _utf8(name, unescaped(raw if _is_base64(name) else raw.replace(b"+", b" ")))
    return texts


def _is_base64(name: str) -> bool:
    """Pictures and features have no blanks: their "+" was sent without an escape, as many clients do."""
    return name in _PICTURES or name.startswith("feature")


def _from_json(body: bytes) -> dict[str, str]:
    try:
        value = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise EdgeFaceError(ErrorCode.INVALID_REQUEST, "The body is not JSON in UTF-8.") from None
    if not isinstance(value, dict):
        raise EdgeFaceError(ErrorCode.INVALID_REQUEST, "The JSON body must be an object.")
    return {name: text for name, item in value.items() if (text := _scalar(name, item)) is not None}


def _scalar(name: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    raise invalid(name[:64], "must be a text, a whole number, true or false")


def _utf8(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise invalid(name[:64], "is not UTF-8") from None


def _check_unicode(text: str) -> None:
    # JSON can write half a character, and so can a query.
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise invalid("A field", "is not valid Unicode") from None
