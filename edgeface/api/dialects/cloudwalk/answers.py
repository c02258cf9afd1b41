"""How an answer is written.

Numbers are JSON numbers, as the tables say. Some examples have texts instead (``"result": "0"``, ``"x": "18"`` beside
``"width": 89``), others of the very same fields have numbers, and failures always do; a client that reads both kinds
of example reads numbers. ``age`` and ``gender`` are texts: the table says so, and so does the example.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import cv2
from aiohttp import web

from edgeface.api.dialects.cloudwalk.errors import OK, OK_TEXT, number_and_text
from edgeface.api.dialects.vendor import Reply
from edgeface.api.dialects.withheld import warning_header
from edgeface.api.failures import retry_after
from edgeface.attributes import Attributes
from edgeface.errors import EdgeFaceError
from edgeface.types import Face, ImageArray

NO_PICTURE = "null"
"""``img`` of a face where ``mode`` is false: the text, not JSON's null."""
_QUALITY = 95
# A face of 89 pixels has a picture of 127 in the example.
_MARGIN = 127 / 89
_DIGITS = 6
ATTRIBUTES = ("age", "gender")
"""What the manual tells of a face (2.3.4); the pack's roles have the same names."""
_GENDERS = {"female": "-1", "male": "1"}  # "性别 -1 表示女 , 1 表示男"


def success(reply: Reply) -> web.Response:
    """A use case's answer: its fields, ``result`` 0 and ``info``."""
    warning = warning_header(reply.withheld)
    return _response({**reply.result, "result": OK, "info": OK_TEXT}, {"Warning": warning} if warning else {})


def failure(error: EdgeFaceError) -> web.Response:
    """An entry of the catalogue: ``result`` and ``info``."""
    number, text = number_and_text(error)
    wait = retry_after(error.code)
    return _response({"result": number, "info": text}, {"Retry-After": wait} if wait else {})


def score(value: float) -> float:
    """``score`` 0 to 1: 0.8 at a false match rate of one in ten thousand."""
    return round(value / 100.0, _DIGITS)


def place(face: Face) -> dict[str, Any]:
    """``x``, ``y``, ``width`` and ``height`` in whole pixels."""
    box = face.box
    return {"x": round(box.left), "y": round(box.top), "width": round(box.width), "height": round(box.height)}


def attributes(face: Face) -> tuple[dict[str, str], tuple[str, ...]]:
    """``age`` in whole years and ``gender``, -1 for female and 1 for male, both as texts; and which of them no model
    told."""
    shown = face.attributes or Attributes()
    told = {
        "age": None if shown.age is None else str(round(shown.age)),
        "gender": None if shown.gender is None else _GENDERS[shown.gender.best[0]],
    }
    known = {name: text for name, text in told.items() if text is not None}
    return known, tuple(name for name in ATTRIBUTES if name not in known)


def face_picture(image: ImageArray, face: Face) -> str:
    """The face with some of what is around it, as a base64 JPEG."""
    height, width = image.shape[:2]
    x, y = face.box.centre
    half = max(face.box.width, face.box.height) * _MARGIN / 2
    top, bottom = max(0, round(y - half)), min(height, round(y + half))
    left, right = max(0, round(x - half)), min(width, round(x + half))
    return encoded(image[top:bottom, left:right])


def encoded(image: ImageArray) -> str:
    """A picture as a base64 JPEG."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return base64.b64encode(data.tobytes()).decode("ascii")


def _response(body: dict[str, Any], headers: dict[str, str]) -> web.Response:
    return web.Response(
        body=json.dumps(body, ensure_ascii=False).encode("utf-8", errors="replace"),
        content_type="application/json",
        charset="utf-8",
        headers=headers,
    )
