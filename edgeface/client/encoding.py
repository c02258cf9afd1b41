"""Options and pictures written for the wire."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, TypedDict
from urllib.parse import quote

from edgeface.config import QualityThresholds
from edgeface.types import FaceOrder, QualityLevel


def faces_path(group_id: str, user_id: str) -> str:
    """Where a user's faces live."""
    return f"/v1/groups/{quote(group_id, safe='')}/users/{quote(user_id, safe='')}/faces"


class Judging(TypedDict, total=False):
    """How a face is chosen and judged.

    order: which face is the first. quality_control: level of the gate, ``None`` for the daemon's own. thresholds: of
    one's own, with level CUSTOM. liveness_control: NONE, LOW, NORMAL or HIGH; any but NONE needs a pack with a
    liveness model.
    """

    order: FaceOrder | None
    quality_control: QualityLevel | None
    thresholds: QualityThresholds | None
    liveness_control: QualityLevel | None


def judged(judging: Judging) -> dict[str, Any]:
    """How a face is chosen and judged, as options."""
    options: dict[str, Any] = {
        name: value.value
        for name, value in (
            ("order", judging.get("order")),
            ("quality_control", judging.get("quality_control")),
            ("liveness_control", judging.get("liveness_control")),
        )
        if value is not None
    }
    if (thresholds := judging.get("thresholds")) is not None:
        options["thresholds"] = thresholds.model_dump(exclude_none=True)
    return options


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that have a value."""
    return {name: value for name, value in options.items() if value is not None}


def texts(options: Mapping[str, Any]) -> dict[str, str]:
    """Options as the texts of a query or a form."""
    found = {}
    for name, value in given(options).items():
        if isinstance(value, bool):
            found[name] = "true" if value else "false"
        elif isinstance(value, list):
            if value:
                found[name] = ",".join(value)
        else:
            found[name] = str(value)
    return found


def base64(picture: bytes) -> str:
    """A picture for JSON."""
    return b64encode(picture).decode("ascii")


def multipart(texts: Mapping[str, str], pictures: Mapping[str, bytes]) -> tuple[bytes, str]:
    """A form with pictures: body and content type."""
    boundary = secrets.token_hex(16)
    pieces = []
    for name, text in texts.items():
        pieces.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode())
    for name, picture in pictures.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n'
        pieces += [head.encode(), picture, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    return b"".join(pieces), f"multipart/form-data; boundary={boundary}"
