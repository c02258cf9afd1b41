"""The liveness of a group of pictures, in the form of both ``faceverify`` calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgeface.api.dialects.baidu_attributes import measured
from edgeface.api.dialects.baidu_v3.answers import Described
from edgeface.api.dialects.vendor import Reply
from edgeface.attributes import LIVENESS
from edgeface.engine import Engine
from edgeface.types import Face, QualityLevel

# What the examples have in each face's "liveness". Version 3 shows two scores; here one model serves both names.
SCORES_V3 = ("faceliveness", "livemapscore")
SCORES_V4 = ("livemapscore",)

# "万分之一误拒率的阈值" and so on: the share of living faces that each level of liveness_control refuses.
_THRESHOLDS = {
    "frr_1e-4": QualityLevel.LOW,
    "frr_1e-3": QualityLevel.NORMAL,
    "frr_1e-2": QualityLevel.HIGH,
}
_DIGITS = 10  # as many as the examples have: a comparison with a threshold ends as liveness_control does


def liveness_reply(
    engine: Engine, faces: Sequence[Face], described: Sequence[Described], names: tuple[str, ...]
) -> Reply:
    """``face_liveness`` (the best of the group), ``thresholds`` and ``face_list``; what had to be left out.

    names: of the score in each face's ``liveness``. A face that is known by its template only has no score.
    """
    result: dict[str, Any] = {}
    withheld: list[str] = []
    scores = [measured(face, LIVENESS) for face in faces]
    known = [score for score in scores if score is not None]
    if known:  # "后端会选择每组照片中的最高分数作为整体分数"
        result["face_liveness"] = round(max(known), _DIGITS)
    else:
        withheld.append("face_liveness")
    role = engine.pack.role(LIVENESS)
    if role is not None:
        result["thresholds"] = {name: role.liveness[level] for name, level in _THRESHOLDS.items()}
    else:
        withheld.append("thresholds")
    if len(known) < len(scores):
        withheld.append("liveness")
    result["face_list"] = [
        item.entry if score is None else item.entry | {"liveness": dict.fromkeys(names, round(score, _DIGITS))}
        for item, score in zip(described, scores, strict=True)
    ]
    return Reply(result, (*withheld, *(name for item in described for name in item.withheld)))
