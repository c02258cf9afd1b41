"""Faces of people who do not exist: the features of an aligned face moved against each other."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeface.geometry import invert, similarity
from training.augment.field import smooth_field
from training.augment.geometry import TEMPLATE_112

# The field of movement is drawn on this many by as many knots and is smooth between them: eyes, nose and mouth
# move and stretch as wholes, and no line breaks.
_KNOTS = 6
_CROP = 112


def reshaped(picture: NDArray[np.uint8], *, strength_px: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A square crop (SxSx3, the 112 px template in its middle) with its features moved, aligned anew.

    strength_px: standard deviation of the movement at the knots, in pixels of the crop. Aligning anew matters:
    the engine too aligns on the five points, wherever a person has them, so what remains is the person's shape.
    """
    size = picture.shape[0]
    field = smooth_field((size, size), _KNOTS, strength_px, rng)
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
