"""What the documents show of a face, in their names and types; what was not measured is left out and named.

Where the documents contradict themselves: places are whole numbers (``uint32`` in every table; examples of 2018 have
fractions), and ``completeness`` is 1 for a face wholly inside the picture and 0 for one that is cut off, as in all
answers of 2018 that the document shows and in its tables of user/add and person/verify.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from edgeface.api.dialects.baidu_attributes import written
from edgeface.api.dialects.baidu_v2.attribute_fields import DIGITS, FACE_FIELDS, QUALITIES_TYPE
from edgeface.api.dialects.landmark_subsets import LANDMARK_4, LANDMARK_72, Subset, points_of
from edgeface.types import BoundingBox, Face, Landmarks, Match

# Withdrawn by the vendor: no model of ours sorts people by it.
_NOT_OFFERED = "race"
# The SDK chapters of 2017 write it with a hyphen.
_OTHER_SPELLINGS = {"face-shape": "faceshape"}
_PLACE_DIGITS = 2


@dataclass(slots=True)
class Withheld:
    """Names of what had to be left out, each once, in the call's own words."""

    names: dict[str, None] = field(default_factory=dict)

    def add(self, *names: str) -> None:
        self.names.update((name, None) for name in names)

    def __iter__(self) -> Any:
        return iter(self.names)


def fields_of(words: Iterable[str]) -> frozenset[str]:
    """``face_fields`` as the tables spell them; words that are none of the document's are ignored."""
    return frozenset(_OTHER_SPELLINGS.get(word, word) for word in words)


def face(found: Face, wanted: frozenset[str], withheld: Withheld) -> dict[str, Any]:
    """One item of ``result`` of detect and faceverify."""
    answer: dict[str, Any] = {
        "location": location(found.box),
        "face_probability": round(found.score, DIGITS),
        "rotation_angle": round(found.box.rotation),
    }
    if found.pose is None:
        withheld.add("yaw", "pitch", "roll")
    else:
        answer |= {name: round(angle, DIGITS) for name, angle in asdict(found.pose).items()}
    if "landmark" in wanted:
        if found.landmarks is None:
            withheld.add("landmark")
        else:
            answer["landmark"] = points(found.landmarks, LANDMARK_4)
            answer["landmark72"] = points(found.landmarks, LANDMARK_72)
    if "qualities" in wanted:
        answer["qualities"] = qualities(found, withheld)
    for word, attribute in FACE_FIELDS.items():
        if word in wanted:
            _add(answer, written(attribute, found), word, withheld)
    if _NOT_OFFERED in wanted:
        withheld.add(_NOT_OFFERED)
    return answer


def location(box: BoundingBox) -> dict[str, int]:
    """``uint32``: a face that leaves the picture begins at its edge."""
    left, top = max(0, round(box.left)), max(0, round(box.top))
    return {
        "left": left,
        "top": top,
        "width": max(0, round(box.right) - left),
        "height": max(0, round(box.bottom) - top),
    }


def position(found: Face) -> dict[str, Any]:
    """``position`` of multi-identify, in the types of its example."""
    box = found.box
    return {
        "left": round(max(0.0, box.left), _PLACE_DIGITS),
        "top": round(max(0.0, box.top), _PLACE_DIGITS),
        "width": round(box.width),
        "height": round(box.height),
        "degree": round(box.rotation),
        "prob": round(found.score, DIGITS),
    }


def points(landmarks: Landmarks, subset: Subset) -> list[dict[str, int]]:
    """Points as ``uint32``."""
    return [{"x": max(0, round(float(x))), "y": max(0, round(float(y)))} for x, y in points_of(landmarks, subset)]


def qualities(found: Face, withheld: Withheld) -> dict[str, Any]:
    """``qualities`` of a face whose quality was asked for; ``type`` needs a model of its own."""
    quality = found.quality
    assert quality is not None  # noqa: S101 - it was asked for
    answer: dict[str, Any] = {}
    if quality.occlusion is None:
        withheld.add("qualities.occlusion")
    else:
        answer["occlusion"] = {name: round(share, DIGITS) for name, share in asdict(quality.occlusion).items()}
    if quality.blur is None:
        withheld.add("qualities.blur")
    else:
        answer["blur"] = round(quality.blur, DIGITS)
    answer["illumination"] = round(quality.illumination)
    answer["completeness"] = quality.completeness
    _add(answer, written(QUALITIES_TYPE, found), "qualities.type", withheld)
    return answer


def _add(answer: dict[str, Any], fields: dict[str, Any] | None, word: str, withheld: Withheld) -> None:
    if fields is None:
        withheld.add(word)
    else:
        answer |= fields


def candidate(match: Match, scores: Sequence[float]) -> dict[str, Any]:
    """One user of identify and multi-identify."""
    return {
        "group_id": match.group_id,
        "uid": match.user_id,
        "user_info": match.user_info,
        "scores": [score(value) for value in scores],
    }


def score(value: float) -> float:
    """``double``, 0 to 100."""
    return round(float(value), DIGITS)
