"""Reading parameters: the document calls nearly all of them strings, and its own clients send numbers too."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgeface.api.dialects.baidu_v3.errors import refusal
from edgeface.errors import EdgeFaceError

_INTEGER = re.compile(r"[+-]?[0-9]{1,12}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,32})?")
# "由数字、字母、下划线组成,长度限制128B"; face_token: 64B.
_ID = re.compile(r"[A-Za-z0-9_]{1,128}")
_FACE_TOKEN = re.compile(r"[A-Za-z0-9_]{1,64}")
MOST_USER_INFO_BYTES = 256  # "用户资料,长度限制256B"
# "用逗号分隔,上限10个"
MOST_GROUPS = 10
EVERY_GROUP = "@ALL"
"""Instead of a group id: every group. Not in the document; the vendor's clients use it with ``user/get``."""

INVALID = 216100
"""Wrong value of a parameter that has no number of its own."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """A call's parameters. Missing, null and empty are the same. ``wrong`` is the number of a wrong value."""

    values: Mapping[str, Any]

    def text(self, name: str, wrong: int) -> str | None:
        """Text, or a whole number as text."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            try:
                return str(value)
            except ValueError:  # more digits than Python writes
                raise invalid(wrong, name) from None
        raise invalid(wrong, name)

    def required(self, name: str, wrong: int) -> str:
        """Raises 222001 where it is missing."""
        value = self.text(name, wrong)
        if value is None:
            raise refusal(222001, name)
        return value

    def choice(self, name: str, among: tuple[str, ...], wrong: int, *, default: str | None = None) -> str:
        """One of the document's words, as it writes them; 222001 where it is missing and has no default."""
        value = self.text(name, wrong)
        if value is None and default is not None:
            return default
        if value is None:
            raise refusal(222001, name)
        if value not in among:
            raise invalid(wrong, name)
        return value

    def integer(self, name: str, wrong: int, *, default: int, least: int, most: int) -> int:
        """A whole number within its range."""
        text = self.text(name, wrong)
        if text is None:
            return default
        if not _INTEGER.fullmatch(text) or not least <= int(text) <= most:
            raise invalid(wrong, name)
        return int(text)

    def number(self, name: str, wrong: int, *, default: float, least: float, most: float) -> float:
        """A number within its range."""
        raw = self.values.get(name)
        if isinstance(raw, float):
            value = raw
        else:
            text = self.text(name, wrong)
            if text is None:
                return default
            if not _NUMBER.fullmatch(text):
                raise invalid(wrong, name)
            value = float(text)
        if not math.isfinite(value) or not least <= value <= most:
            raise invalid(wrong, name)
        return value

    def group_id(self, name: str = "group_id") -> str:
        """222006 for anything but an id."""
        return _checked(self.required(name, 222006), _ID, 222006, name)

    def group_or_every(self) -> str | None:
        """``None`` for every group."""
        value = self.required("group_id", 222006)
        return None if value == EVERY_GROUP else _checked(value, _ID, 222006, "group_id")

    def user_id(self) -> str:
        """222018 for anything but an id."""
        return _checked(self.required("user_id", 222018), _ID, 222018, "user_id")

    def user_id_if_given(self) -> str | None:
        """As :meth:`user_id`."""
        return self.user_id() if self.text("user_id", 222018) is not None else None

    def face_token(self, name: str = "face_token") -> str:
        """222025 for anything but a token."""
        return _checked(self.required(name, 222025), _FACE_TOKEN, 222025, name)

    def group_id_list(self) -> tuple[str, ...]:
        """222005 for a wrong id in the list, 223104 for too many."""
        groups = [group.strip() for group in self.required("group_id_list", 222005).split(",")]
        if len(groups) > MOST_GROUPS:
            raise refusal(223104)
        return tuple(dict.fromkeys(_checked(group, _ID, 222005, "group_id_list") for group in groups))

    def user_info(self) -> str | None:
        """``None`` where it is not given: then what is there is kept. 222010 beyond 256 bytes of UTF-8."""
        if self.values.get("user_info") == "":
            return ""
        text = self.text("user_info", 222010)
        if text is None:
            return None
        try:
            size = len(text.encode("utf-8"))
        except UnicodeEncodeError:  # half a character
            raise refusal(222010) from None
        if size > MOST_USER_INFO_BYTES:
            raise refusal(222010)
        return text


def invalid(number: int, name: str) -> EdgeFaceError:
    """A wrong value. 216100 names the parameter as the texts of the other numbers do."""
    return refusal(number, text=f"param[{name}] format error" if number == INVALID else "")


def _checked(value: str, pattern: re.Pattern[str], wrong: int, name: str) -> str:
    if not pattern.fullmatch(value):
        raise invalid(wrong, name)
    return value
