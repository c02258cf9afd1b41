"""Random similarity transforms of aligned crops."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# ArcFace five-point template on a 112x112 crop (deepinsight/insightface, face_align.py): left eye, right
# eye, nose tip, left and right mouth corner; "left" is the smaller x in an upright frontal picture.
TEMPLATE_112: NDArray[np.float64] = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)


@dataclass(frozen=True, slots=True)
class Jitter:
    """How far a crop may move: standard deviations, and the share of crops that are mirrored."""

    rotation_deg: float = 4.0
    scale: float = 0.04
    shift_px: float = 2.0
    mirror_share: float = 0.5


NO_JITTER = Jitter(rotation_deg=0.0, scale=0.0, shift_px=0.0, mirror_share=0.0)


def similarity(
    centre: tuple[float, float], *, angle_deg: float, scale: float, shift: tuple[float, float]
) -> NDArray[np.float64]:
    """The 2x3 matrix that turns by `angle_deg` (counter-clockwise) and scales about `centre`, then shifts."""
    matrix = np.asarray(cv2.getRotationMatrix2D(centre, angle_deg, scale), np.float64)
    matrix[:, 2] += shift
    return matrix


def crop_matrix(
    margin: float, size: int, jitter: Jitter, rng: np.random.Generator
) -> tuple[NDArray[np.float64], bool]:
    """A jittered 2x3 matrix that cuts `margin` px off each side of a crop, and whether to mirror it first.

    The source is `size + 2 * margin` wide, the target `size`.
    """
    half = (size - 1) / 2 + margin
    shift = rng.normal(0.0, 1.0, 2) * jitter.shift_px - margin
    matrix = similarity(
        (half, half),
        angle_deg=float(rng.normal() * jitter.rotation_deg),
        scale=float(max(0.5, 1.0 + rng.normal() * jitter.scale)),
        shift=(float(shift[0]), float(shift[1])),
    )
    return matrix, bool(rng.random() < jitter.mirror_share)


def jittered_crop(
    picture: NDArray[np.uint8], *, size: int, jitter: Jitter, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Cut the central `size` x `size` window out of a square crop, moved, turned, scaled, mirrored at random.

    picture: SxSx3 uint8 BGR, S >= size. What lies outside is filled by reflection, so that no black wedge
    tells the network how the crop was moved.
    """
    matrix, mirrored = crop_matrix((picture.shape[0] - size) / 2, size, jitter, rng)
    source = np.ascontiguousarray(picture[:, ::-1]) if mirrored else picture
    warped = cv2.warpAffine(source, matrix, (size, size), borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(warped, np.uint8)


def centre_crop(picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """The central `size` x `size` window of a crop, as a copy."""
    top, left = (picture.shape[0] - size) // 2, (picture.shape[1] - size) // 2
    return picture[top : top + size, left : left + size].copy()
