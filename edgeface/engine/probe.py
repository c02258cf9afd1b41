"""What a caller hands over: a picture in any of its forms, and how strictly its faces are judged."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    """How strictly a call judges a face: a level (``None``: the configured one), and thresholds for level CUSTOM.

    ``liveness``: how sure it must be that a living face was before the camera, at the documents' levels (NONE, LOW,
    NORMAL, HIGH). Any but NONE raises ``LIVENESS`` where the pack has no model for it.
    """

    level: QualityLevel | None = None
    thresholds: QualityThresholds | None = None
    liveness: QualityLevel = QualityLevel.NONE

    def at(self, configured: QualityLevel) -> Gate:
        """This gate with a level."""
        return self if self.level else replace(self, level=configured)
