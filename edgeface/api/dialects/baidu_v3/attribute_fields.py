"""Attributes in the form of versions 3 and 4: a number, or ``{"type", "probability"}`` of the likeliest class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeface.api.dialects.baidu_attributes import AttributeField, Form
from edgeface.attributes import EyeStatus, Likelihoods

_DIGITS = 4


def _age(years: float) -> dict[str, Any]:
    return {"age": round(years, _DIGITS)}


def _beauty(beauty: float) -> dict[str, Any]:
    """``int64`` in both tables (their examples have fractions, which no reader of whole numbers could take)."""
    return {"beauty": round(beauty)}


def _eye_status(eyes: EyeStatus) -> dict[str, Any]:
    return {"eye_status": {"left_eye": round(eyes.left, _DIGITS), "right_eye": round(eyes.right, _DIGITS)}}


def _spoofing(spoofing: float) -> dict[str, Any]:
    return {"spoofing": round(spoofing, _DIGITS)}


def _likeliest(key: str) -> Form:
    def form(likelihoods: Likelihoods) -> dict[str, Any]:
        kind, share = likelihoods.best
        return {key: {"type": kind, "probability": round(share, _DIGITS)}}

    return form


_FACE_SHAPE = AttributeField("face_shape", _likeliest("face_shape"))
_FACE_TYPE = AttributeField("face_type", _likeliest("face_type"))

FACE_FIELDS: Mapping[str, AttributeField] = {
    "age": AttributeField("age", _age),
    "beauty": AttributeField("beauty", _beauty),
    "expression": AttributeField("expression", _likeliest("expression")),
    "face_shape": _FACE_SHAPE,
    "gender": AttributeField("gender", _likeliest("gender")),
    "glasses": AttributeField("glasses", _likeliest("glasses")),
    "eye_status": AttributeField("eye_status", _eye_status),
    "emotion": AttributeField("emotion", _likeliest("emotion")),
    "face_type": _FACE_TYPE,
    "spoofing": AttributeField("spoofing", _spoofing),
    # v3/faceverify asks for two of them in one word; its answer has the names of detect.
    "faceshape": _FACE_SHAPE,
    "facetype": _FACE_TYPE,
}
"""Names of ``face_field`` that ask for an attribute."""
