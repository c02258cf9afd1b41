"""Reading parameters: text that is an id, a list of ids, a count, a picture or a list of words.

The documents call counts uint32 in one place and string in another; in a form they are text anyway.
"""

from __future__ import annotations

import re

from edgeface.api.dialects.baidu_v2.errors import refusal
from edgeface.api.dialects.baidu_v2.form import Form

# "由数字、字母、下划线组成，长度限制128B"
_ID = re.compile(r"[A-Za-z0-9_]+")
MOST_ID = 128
# "需要用多个逗号分隔，每个group_id长度限制为48个英文字符"
MOST_LISTED_GROUP_ID = 48
MOST_USER_INFO_BYTES = 256  # "用户资料，长度限制256B"

_M = 1024 * 1024
# "1.1.4 请求限制", sizes of the base64 text. The calls of 2018 have no size of their own: that of identify.
MOST_DETECT = 2 * _M
MOST_PICTURE = 10 * _M
MOST_MATCH = 20 * _M

# "人脸比对" compares two pictures, its samples four; 216103 is for "图片个数超过系统限制" without saying which limit.
MOST_MATCHED = 10
# Groups of one change; 216631 is for too many users added at once, and every group gets one.
MOST_CHANGED_GROUPS = 10

DEFAULT_PAGE = 100  # "默认值100，最大值1000"
MOST_PAGE = 1000
_MOST_DIGITS = 10  # uint32


def required(form: Form, name: str) -> str:
    """Raises 216101 where it is missing or empty."""
    value = form.given(name)
    if value is None:
        raise refusal(216101, f"{name} is missing.")
    return value


def user_id(form: Form) -> str:
    """``uid``. 216111 for anything but an id."""
    value = required(form, "uid")
    if len(value) > MOST_ID or not _ID.fullmatch(value):
        raise refusal(216111)
    return value


def group_id(form: Form, name: str) -> str:
    """One group. 216100 for other characters than an id's, 216103 beyond 128."""
    return _group_id(required(form, name), name, MOST_ID)


def group_ids(form: Form, *, most: int, too_many: int = 216103) -> tuple[str, ...]:
    """``group_id``: one group, or several separated by commas, each once; 216101 where there is none."""
    items = [item.strip() for item in required(form, "group_id").split(",")]
    if len(items) > most:
        raise refusal(too_many)
    longest = MOST_ID if len(items) == 1 else MOST_LISTED_GROUP_ID
    return tuple(dict.fromkeys(_group_id(item, "group_id", longest) for item in items))


def group_ids_if_given(form: Form, *, most: int) -> tuple[str, ...] | None:
    """As :func:`group_ids`; ``None`` where the parameter is not given."""
    return None if form.given("group_id") is None else group_ids(form, most=most)


def user_info(form: Form) -> str | None:
    """``None`` where it is not given. 216103 beyond 256 bytes of UTF-8."""
    text = form.text("user_info")
    if text is None:
        return None
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        raise refusal(216100, "user_info is not valid Unicode.") from None
    if size > MOST_USER_INFO_BYTES:
        raise refusal(216103)
    return text


def count(form: Form, name: str, default: int, *, least: int = 1) -> int:
    """A whole number from ``least`` on; 216100 for anything else."""
    value = form.given(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdecimal()) or len(value) > _MOST_DIGITS or int(value) < least:
        raise refusal(216100, f"{name} must be a whole number from {least} on.")
    return int(value)


def page(form: Form) -> tuple[int, int]:
    """``start``, and how many: the SDKs call it ``num``, the REST chapter ``end``. 216100 beyond 1000."""
    name = "num" if form.given("num") is not None else "end"
    length = count(form, name, DEFAULT_PAGE)
    if length > MOST_PAGE:
        raise refusal(216100, f"{name} must be at most {MOST_PAGE}.")
    return count(form, "start", 0, least=0), length


def words(form: Form, name: str) -> tuple[str, ...]:
    """A list of words separated by commas, each once."""
    given = (word.strip() for word in (form.given(name) or "").split(","))
    return tuple(dict.fromkeys(word for word in given if word))


def choice(form: Form, name: str, among: tuple[str, ...]) -> str | None:
    """One of the documents' words; 216100 for another."""
    value = form.given(name)
    if value is not None and value not in among:
        raise refusal(216100, f"{name} must be {' or '.join(among)}.")
    return value


def image(form: Form, most: int = MOST_PICTURE) -> str:
    """The base64 text of the only picture: ``image``, or ``images`` as the REST chapter has it.

    216101 where there is none, 216200 where it is empty, 216103 for several, 216202 where it is too long.
    """
    text = form.text("image")
    if text is None:
        (text,) = images(form, most=most, number=1)
    if len(text) > most:
        raise refusal(216202)
    return text


def images(form: Form, *, most: int, number: int) -> tuple[str, ...]:
    """``images``: base64 texts separated by commas; ``most`` characters together, at most ``number`` of them."""
    text = form.text("images")
    if text is None:
        text = form.text("image")
    if text is None:
        raise refusal(216101, "image is missing.")
    if len(text) > most:
        raise refusal(216202)
    if text.count(",") >= number:
        raise refusal(216103)
    return tuple(text.split(","))


def _group_id(text: str, name: str, longest: int) -> str:
    if len(text) > longest:
        raise refusal(216103)
    if not _ID.fullmatch(text):
        raise refusal(216100, f"{name} consists of digits, letters and underscores.")
    return text
