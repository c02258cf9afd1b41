"""One look at a face, and how good it is as a picture to recognise somebody by."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgeface.types import REGIONS, Face, Match

# ISO/IEC 29794-5 as OFIQ computes it: inter-eye distance enters as a sigmoid about 70 px of width 20.
_EYES_PX, _EYES_WIDTH_PX = 70.0, 20.0
# OFIQ LuminanceMean: sigmoids about .2 and .8 of full scale, width .05.
_DARK, _BRIGHT, _LIGHT_WIDTH = 0.2, 0.8, 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """An embedded look at a track's face. ``matches``: whom it is like at the threshold, best first."""

    face: Face
    quality: float
    taken_at: float
    matches: tuple[Match, ...]


def shot_quality(face: Face) -> float:
    """0 useless to 1 perfect: the product of how well each measure is, because one bad measure spoils a template.

    Head pose as cos² of each angle (OFIQ), eyes' distance and luminance as OFIQ's sigmoids, blur and the mean
    covered share as they are. Measures that were not taken count as good. Raises ValueError without ``quality``.
    """
    measured = face.quality
    if measured is None:
        raise ValueError("a shot needs quality measures")
    value = _sigmoid(measured.interocular_distance, _EYES_PX, _EYES_WIDTH_PX)
    light = measured.illumination / 255
    value *= _sigmoid(light, _DARK, _LIGHT_WIDTH) * (1 - _sigmoid(light, _BRIGHT, _LIGHT_WIDTH))
    if face.pose is not None:
        for angle in (face.pose.yaw, face.pose.pitch, face.pose.roll):
            value *= max(0.0, math.cos(math.radians(angle))) ** 2
    if measured.blur is not None:
        value *= 1 - measured.blur
    if measured.occlusion is not None:
        covered = sum(getattr(measured.occlusion, region) for region in REGIONS) / len(REGIONS)
        value *= 1 - covered
    return value


def _sigmoid(value: float, middle: float, width: float) -> float:
    return 1 / (1 + math.exp(max(-60.0, min(60.0, (middle - value) / width))))
