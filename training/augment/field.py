"""Smooth random movements of a picture's pixels: what bends and reshapes pictures."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def smooth_field(
    size: tuple[int, int], knots: int, strength_px: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """height x width x 2 movements (across, down), smooth between `knots` by `knots` random ones.

    size: (width, height). strength_px: standard deviation of the movement at the knots, in pixels.
    """
    moves = rng.normal(0.0, strength_px, (knots, knots, 2)).astype(np.float32)
    return cv2.resize(moves, size, interpolation=cv2.INTER_CUBIC).astype(np.float32, copy=False)
