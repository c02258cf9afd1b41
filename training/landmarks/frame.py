"""The crop that the network sees: the aligned face moved up and shrunk until brows and chin are inside."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.augment.geometry import TEMPLATE_112

SIDE = 112
# Aligned crops have 8 pixels around the ArcFace 112 template; the network sees all 128 pixels across, from 10
# pixels below the upper edge to 10 below the lower one: on labelled faces 99.8 % of all chins lie above that.
MARGIN = 8
_CROP_SIDE = 128
_DOWN = 10
_SCALE = SIDE / _CROP_SIDE

# Five points (left eye, right eye, nose tip, left and right mouth corner) of the 112 x 112 network input.
CROP_POINTS: NDArray[np.float64] = (TEMPLATE_112 + MARGIN - np.array([0.0, _DOWN])) * _SCALE


def frame_matrix(margin: float = 0.0) -> NDArray[np.float64]:
    """2x3 matrix from an aligned 128 x 128 crop with `margin` more pixels on each side to the network input."""
    return np.array([[_SCALE, 0.0, -margin * _SCALE], [0.0, _SCALE, -(margin + _DOWN) * _SCALE]])


def to_frame(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Points (..., 2) in pixels of the 128 x 128 crop as pixels of the network input."""
    return ((points - np.array([0, _DOWN], np.float32)) * np.float32(_SCALE)).astype(np.float32)
