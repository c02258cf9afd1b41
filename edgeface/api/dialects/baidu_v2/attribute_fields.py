"""Attributes in the form of version 2: flat fields, and numbers for the kinds of expression and glasses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from edgeface.api.dialects.baidu_attributes import AttributeField
from edgeface.attributes import CLASSES, Likelihoods

DIGITS = 6


def _age(years: float) -> dict[str, Any]:
    return {"age": round(years, DIGITS)}


def _beauty(beauty: float) -> dict[str, Any]:
    return {"beauty": round(beauty, DIGITS)}


def _expression(expression: Likelihoods) -> dict[str, Any]:
    """ "0,不笑;1,微笑;2,大笑". All tables write ``expression_probability``, the answer of 2018 ``..._probablity``."""
    number, share = _numbered("expression", expression)
    return {"expression": number, "expression_probability": share, "expression_probablity": share}


def _face_shape(shape: Likelihoods) -> dict[str, Any]:
    """``object[]``: every shape with its likelihood."""
    shapes = [{"type": name, "probability": round(shape.of(name), DIGITS)} for name in CLASSES["face_shape"]]
    return {"faceshape": shapes}


def _gender(gender: Likelihoods) -> dict[str, Any]:
    name, share = gender.best
    return {"gender": name, "gender_probability": round(share, DIGITS)}


def _glasses(glasses: Likelihoods) -> dict[str, Any]:
    """ "0-无眼镜,1-普通眼镜,2-墨镜"."""
    number, share = _numbered("glasses", glasses)
    return {"glasses": number, "glasses_probability": share}


def _qualities_type(face_type: Likelihoods) -> dict[str, Any]:
    """A part of ``qualities``: "真实人脸/卡通人脸置信度"."""
    return {"type": {name: round(face_type.of(name), DIGITS) for name in CLASSES["face_type"]}}


def _numbered(attribute: str, likelihoods: Likelihoods) -> tuple[int, float]:
    """The documents count the classes in the order of :data:`edgeface.attributes.CLASSES`."""
    name, share = likelihoods.best
    return CLASSES[attribute].index(name), round(share, DIGITS)


FACE_FIELDS: Mapping[str, AttributeField] = {
    "age": AttributeField("age", _age),
    "beauty": AttributeField("beauty", _beauty),
    "expression": AttributeField("expression", _expression),
    "faceshape": AttributeField("face_shape", _face_shape),
    "gender": AttributeField("gender", _gender),
    "glasses": AttributeField("glasses", _glasses),
}
"""Words of ``face_fields`` that ask for an attribute."""

QUALITIES_TYPE = AttributeField("face_type", _qualities_type)


def attributes_of(words: Iterable[str]) -> frozenset[str]:
    """What must be measured to answer ``face_fields``."""
    asked = frozenset(words)
    measured = {field.attribute for word, field in FACE_FIELDS.items() if word in asked}
    return frozenset(measured | ({QUALITIES_TYPE.attribute} if "qualities" in asked else set()))
