"""``faceliveness``: the calls answer the score and decide nothing by it; person/verify alone has a limit.

It is the pack's own score, 0 to 1. That a face should have 100 x 100 pixels and a third of the picture ("注:需要用于
判断活体的图片...") is advice; smaller ones are judged too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from edgeface.analysis import Wants
from edgeface.api.dialects.baidu_attributes import measured, tells_liveness
from edgeface.api.dialects.baidu_v2 import parameters
from edgeface.api.dialects.baidu_v2.attribute_fields import DIGITS
from edgeface.api.dialects.baidu_v2.form import Form
from edgeface.attributes import LIVENESS
from edgeface.engine import Engine

FACELIVENESS = "faceliveness"
_NOT_LOOKED_AT = "0"
"""A picture of a match whose liveness nobody asked for: "“0,0.9999”（表示第一个图不做活体检测…）"."""


def lowest(engine: Engine, picture: bytes, faces: int = 1) -> float | None:
    """The score of the first face, or the lowest of the first ``faces``: one number answers for all of them, and
    must not say more than is true of each. ``None`` without a model or a face."""
    if not tells_liveness(engine):
        return None
    found = engine.detect(picture, Wants(attributes=frozenset({LIVENESS})), max_faces=faces).faces
    return min((measured(face, LIVENESS) for face in found), default=None)


def ext_info(engine: Engine, form: Form, picture: bytes, faces: int = 1) -> tuple[dict[str, Any], tuple[str, ...]]:
    """``ext_info`` of identify, multi-identify and verify where ``ext_fields`` asks for it; what is withheld."""
    if FACELIVENESS not in parameters.words(form, "ext_fields"):
        return {}, ()
    score = lowest(engine, picture, faces)
    if score is None:
        return {}, (FACELIVENESS,)
    return {"ext_info": {FACELIVENESS: _text(score)}}, ()


def of_pictures(engine: Engine, pictures: Iterable[bytes | None]) -> str | None:
    """One text for all pictures of a match; ``None`` among them: not asked for, or without a face."""
    if not tells_liveness(engine):
        return None
    scores = (None if picture is None else lowest(engine, picture) for picture in pictures)
    return ",".join(_NOT_LOOKED_AT if score is None else _text(score) for score in scores)


def _text(score: float) -> str:
    """ "string 活体分数,如0.49999"."""
    return str(round(score, DIGITS))
