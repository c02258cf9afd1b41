"""The document's face ("faceItem"): its place, how it is turned, and what the pack's models say of it."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from edgeface.analysis import Wants
from edgeface.attributes import Attributes
from edgeface.types import Face

ATTRIBUTES = ("gender", "age", "expression", "beauty")
"""Attributes that take a model of their own; the pack's roles have the document's names."""
_POSE = ("pitch", "yaw", "roll")
OF_THE_PICTURE = ("x", "y", "width", "height", "glass", *_POSE)
"""What a face has in its picture and what an enrolled face has no more: only its template is kept."""
_GLASSES, _NO_GLASSES = "glasses", "none"
_MOST_AGE = 100  # Tencent's page of detect: age "[0~100]"
_PERCENT = 100
# Tencent's page of detect: expression "0(normal)~50(smile)~100(laugh)".
_EXPRESSIONS = {"none": 0, "smile": 50, "laugh": 100}


def wants(features: Set[str]) -> Wants:
    """What a face item is made of, as far as a pack with these roles has it."""
    return Wants(pose=True, quality=True, attributes=frozenset({*ATTRIBUTES, _GLASSES}) & frozenset(features))


def face_item(face: Face) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The document's description of a face, and the attributes that it lacks here.

    ``x``, ``y`` and the attributes are integers, ``width`` and ``height`` floats, ``glass`` is a boolean; angles are
    whole degrees with this project's signs.
    """
    told: dict[str, int | bool | None] = {**_attributes(face.attributes or Attributes()), "glass": _glass(face)}
    told.update({name: None if face.pose is None else round(getattr(face.pose, name)) for name in _POSE})
    item = {**place_of(face), **{name: value for name, value in told.items() if value is not None}}
    return item, tuple(name for name, value in told.items() if value is None)


def place_of(face: Face) -> dict[str, Any]:
    """``face_id`` and where the face is."""
    return {
        "face_id": face.token,
        "x": round(face.box.left),
        "y": round(face.box.top),
        "width": round(float(face.box.width), 2),
        "height": round(float(face.box.height), 2),
    }


def _attributes(shown: Attributes) -> dict[str, int | None]:
    """Whole numbers on the document's scales, 0 to 100; None without a model.

    gender: 0 (female) to 100 (male) is the share of "male". expression: 0 (normal), 50 (smile), 100 (laugh) is what
    the shares of the three classes come to on the average, so that a faint smile is between the first two.
    """
    gender, expression = shown.gender, shown.expression
    return {
        "gender": None if gender is None else round(_PERCENT * gender.of("male")),
        "age": None if shown.age is None else min(round(shown.age), _MOST_AGE),
        "expression": None
        if expression is None
        else round(sum(value * expression.of(name) for name, value in _EXPRESSIONS.items())),
        "beauty": None if shown.beauty is None else round(shown.beauty),
    }


def _glass(face: Face) -> bool | None:
    """Whether glasses are worn, common ones or sunglasses: from a model for them, else from what covers the face."""
    glasses = face.attributes.glasses if face.attributes else None
    # A model that only tells one kind of glasses from the other does not know faces without any.
    if glasses is not None and _NO_GLASSES in dict(glasses.shares):
        return glasses.of(_NO_GLASSES) < 0.5
    covering = face.quality.covering if face.quality else None
    # What is behind a mask is not known: the model says "mask" for a face with both.
    if covering is None or covering.mask >= max(covering.none, covering.glasses):
        return None
    return covering.glasses > covering.none
