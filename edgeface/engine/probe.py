"""What a caller hands over: a picture in any of its forms, and how strictly its faces are judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from edgeface.config import QualityThresholds
from edgeface.types import (
    FaceToken,
    ImageArray,
    QualityLevel,
)

Picture: TypeAlias = "bytes | ImageArray | FaceToken"
"""Encoded bytes, a BGR array, or the token of a face that :meth:`Engine.detect` remembered or that is enrolled."""


@dataclass(frozen=True, slots=True)
class Gate:
    """How strictly a call judges a face: a level, and thresholds of one's own for level CUSTOM."""

    level: QualityLevel
    thresholds: QualityThresholds | None = None
