"""What version 4 takes from the vendor's capture SDK: encrypted pictures and device risk. Neither exists here.

The pictures are encrypted to the vendor's own key, so they cannot be opened: 222203. A risk service is none of a
device's business: its fields are left out.
"""

from __future__ import annotations

from edgeface.api.dialects.baidu_v3.errors import refusal
from edgeface.api.dialects.baidu_v3.parameters import INVALID, Parameters
from edgeface.errors import ErrorCode

_APPS = ("ios", "android")
_SECURITY_LEVELS = ("common", "lite")
# "使用5.2版本SDK请求时必填"; the two below are what v4/faceverify calls skey and x_device_id.
_OF_THE_SDK = ("skey", "x_device_id", "data", "s_key", "device_id")


def refuse_encrypted(parameters: Parameters, *, encrypted: bool = False) -> None:
    """222203 where the picture is encrypted. ``encrypted``: the call says so in another way."""
    if parameters.text("app", INVALID) is not None:
        parameters.choice("app", _APPS, INVALID)
    level = parameters.choice("sec_level", _SECURITY_LEVELS, INVALID, default="common")
    if encrypted or level == "lite" or any(parameters.values.get(name) for name in _OF_THE_SDK):
        raise refusal(222203, code=ErrorCode.IMAGE_FORMAT)


def withheld_risk(parameters: Parameters) -> tuple[str, ...]:
    """The fields that a caller asks for with ``risk_identify``."""
    asked = parameters.values.get("risk_identify")
    return ("risk_level", "risk_tag") if asked in (True, 1, "1", "true") else ()
