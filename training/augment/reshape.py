"""Faces of people who do not exist: the features of an aligned face moved against each other."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeface.geometry import invert, similarity
from training.augment.geometry import TEMPLATE_112

# The field of movement is drawn on this many by as many knots and is smooth between them: eyes, nose and mouth
# move and stretch as wholes, and no line breaks.
_KNOTS = 6
_CROP = 112


def _smooth_field(size: int, strength_px: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """size x size x 2 movements whose standard deviation at the knots is `strength_px`."""
    knots = rng.normal(0.0, strength_px, (_KNOTS, _KNOTS, 2)).astype(np.float32)
    return np.asarray(cv2.resize(knots, (size, size), interpolation=cv2.INTER_CUBIC), np.float32)


def reshaped(picture: NDArray[np.uint8], *, strength_px: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A square crop (SxSx3, the 112 px template in its middle) with its features moved, aligned anew.

    strength_px: standard deviation of the movement at the knots, in pixels of the crop. Aligning anew matters:
    the engine too aligns on the five points, wherever a person has them, so what remains is the person's shape.
    """
    size = picture.shape[0]
    field = _smooth_field(size, strength_px, rng)
    points = TEMPLATE_112 + (size - _CROP) / 2
    at = np.clip(np.round(points).astype(int), 0, size - 1)
    # dst(p) = src(p + field(p)): to first order a feature at p comes to lie at p - field(p).
    moved = points - field[at[:, 1], at[:, 0]]
    back = invert(similarity(moved, points))
    grid = np.stack(np.meshgrid(np.arange(size), np.arange(size)), -1).astype(np.float32)
    aligned = (grid @ back[:, :2].T + back[:, 2]).astype(np.float32)
    across, down = aligned[..., 0], aligned[..., 1]
    movement = cv2.remap(field, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    across, down = across + movement[..., 0], down + movement[..., 1]
    return np.asarray(cv2.remap(picture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101), np.uint8)
