"""Faces in the document's form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgeface.api.dialects.baidu_attributes import written
from edgeface.api.dialects.baidu_v3.attribute_fields import FACE_FIELDS
from edgeface.api.dialects.baidu_v3.errors import refusal
from edgeface.api.dialects.baidu_v3.landmark_names import LANDMARK_150_NAMES
from edgeface.api.dialects.baidu_v3.parameters import Parameters
from edgeface.api.dialects.landmark_subsets import LANDMARK_4, LANDMARK_72, points_of
from edgeface.types import Face, FloatArray, Match, Quality

_DIGITS = 2  # pixels and degrees, as in the document's version 4 examples
_SHARE_DIGITS = 4
_SCORE_DIGITS = 4

_LANDMARKS = frozenset({"landmark", "landmark150"})
# In earlier editions and still asked for: race, which its vendor withdrew, and parsing, whose answer (parsing_info)
# this edition still lists. Nobody here measures them.
_NOT_OFFERED = frozenset({"race", "parsing"})
_KNOWN = _LANDMARKS | {"quality"} | FACE_FIELDS.keys() | _NOT_OFFERED


@dataclass(frozen=True, slots=True)
class FaceFields:
    """What ``face_field`` asks for, in its order. ``chin_keys``: what the call's table and example call the chin."""

    names: tuple[str, ...]
    chin_keys: tuple[str, ...]

    @classmethod
    def read(cls, parameters: Parameters, *, chin_keys: tuple[str, ...]) -> FaceFields:
        """222017 for a name that the document does not have."""
        text = parameters.text("face_field", 222017) or ""
        names = tuple(dict.fromkeys(name for item in text.split(",") if (name := item.strip())))
        if not set(names) <= _KNOWN:
            raise refusal(222017)
        return cls(names, chin_keys)


@dataclass(frozen=True, slots=True)
class Described:
    """One entry of ``face_list``, and what had to be left out of it."""

    entry: dict[str, Any]
    withheld: tuple[str, ...]


def describe(face: Face, fields: FaceFields) -> Described:
    """``face_token``, ``location``, ``face_probability``, ``angle`` and what ``face_field`` asks for.

    Of a face that is known by its template only, the place in its picture is not known: it has a token and no more.
    """
    entry: dict[str, Any] = {"face_token": face.token}
    withheld: list[str] = []
    if face.located:
        entry["location"] = location(face)
        entry["face_probability"] = round(face.score, _SHARE_DIGITS)
    if face.pose is not None:
        entry["angle"] = {
            "yaw": round(face.pose.yaw, _DIGITS),
            "pitch": round(face.pose.pitch, _DIGITS),
            "roll": round(face.pose.roll, _DIGITS),
        }
    for name in fields.names:
        if name == "quality":
            withheld += _add_quality(entry, face.quality, fields.chin_keys)
        elif name in _LANDMARKS:
            withheld += _add_landmarks(entry, name, face)
        elif name in FACE_FIELDS and (answer := written(FACE_FIELDS[name], face)) is not None:
            entry |= answer
        else:
            withheld.append(name)
    return Described(entry, tuple(withheld))


def location(face: Face) -> dict[str, Any]:
    """``location``: doubles, and ``rotation`` an integer in [-180, 180]."""
    box = face.box
    return {
        "left": round(float(box.left), _DIGITS),
        "top": round(float(box.top), _DIGITS),
        "width": round(float(box.width), _DIGITS),
        "height": round(float(box.height), _DIGITS),
        "rotation": round(box.rotation),
    }


def token_and_location(face: Face) -> dict[str, Any]:
    """The beginning of several answers; a face recalled from the gallery has no location."""
    return {"face_token": face.token, "location": location(face)} if face.located else {"face_token": face.token}


def user_list(matches: tuple[Match, ...]) -> list[dict[str, Any]]:
    """Matched users, best first."""
    return [
        {
            "group_id": match.group_id,
            "user_id": match.user_id,
            "user_info": match.user_info,
            "score": score(match.score),
        }
        for match in matches
    ]


def score(value: float) -> float:
    """0 to 100; 80 is a false match rate of 1e-4."""
    return round(float(value), _SCORE_DIGITS)


def _add_landmarks(entry: dict[str, Any], name: str, face: Face) -> list[str]:
    """Add the points; what of it no model measured."""
    if face.landmarks is None:
        return [name]
    if name == "landmark150":
        entry[name] = dict(zip(LANDMARK_150_NAMES, _points(face.landmarks.points), strict=True))
    else:
        entry["landmark"] = _points(points_of(face.landmarks, LANDMARK_4))
        entry["landmark72"] = _points(points_of(face.landmarks, LANDMARK_72))
    return []


def _points(points: FloatArray) -> list[dict[str, float]]:
    return [{"x": round(float(x), _DIGITS), "y": round(float(y), _DIGITS)} for x, y in points]


def _add_quality(entry: dict[str, Any], quality: Quality | None, chin_keys: tuple[str, ...]) -> list[str]:
    """Add ``quality``; what of it no model measured."""
    if quality is None:
        return ["quality"]
    answer: dict[str, Any] = {}
    withheld = []
    if quality.occlusion is None:
        withheld.append("quality.occlusion")
    else:
        parts = ("left_eye", "right_eye", "nose", "mouth", "left_cheek", "right_cheek")
        shares = {part: round(float(getattr(quality.occlusion, part)), _SHARE_DIGITS) for part in parts}
        chin = round(float(quality.occlusion.chin), _SHARE_DIGITS)
        answer["occlusion"] = shares | dict.fromkeys(chin_keys, chin)
    if quality.blur is None:
        withheld.append("quality.blur")
    else:
        answer["blur"] = round(float(quality.blur), _SHARE_DIGITS)
    answer["illumination"] = round(float(quality.illumination), _DIGITS)
    answer["completeness"] = int(quality.completeness)
    entry["quality"] = answer
    return withheld
