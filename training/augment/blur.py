"""Motion and defocus blur of known strength, lost resolution and JPEG artefacts."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

# Sub-pixel samples per pixel when a kernel is drawn: enough that a 1.5 px motion differs from a 1 px one.
_OVERSAMPLING = 8


def motion_kernel(length_px: float, angle_deg: float) -> NDArray[np.float32]:
    """The point spread of a straight motion of `length_px` along `angle_deg` (0 = along x); sums to 1."""
    reach = int(np.ceil(length_px / 2)) + 1
    side = 2 * reach + 1
    kernel = np.zeros((side, side), np.float32)
    count = max(2, int(length_px * _OVERSAMPLING))
    along = np.linspace(-length_px / 2, length_px / 2, count)
    xs = reach + along * np.cos(np.deg2rad(angle_deg))
    ys = reach - along * np.sin(np.deg2rad(angle_deg))
    left, top = np.floor(xs).astype(int), np.floor(ys).astype(int)
    right_share, low_share = xs - left, ys - top
    for down, right, weight in (
        (0, 0, (1 - right_share) * (1 - low_share)),
        (0, 1, right_share * (1 - low_share)),
        (1, 0, (1 - right_share) * low_share),
        (1, 1, right_share * low_share),
    ):
        inside = (top + down < side) & (left + right < side)
        np.add.at(kernel, ((top + down)[inside], (left + right)[inside]), weight[inside].astype(np.float32))
    return kernel / np.float32(kernel.sum())


def defocus_kernel(radius_px: float) -> NDArray[np.float32]:
    """The disc that a point becomes when the lens is out of focus by `radius_px`; sums to 1."""
    reach = int(np.ceil(radius_px)) + 1
    fine = np.arange(-reach * _OVERSAMPLING, reach * _OVERSAMPLING + _OVERSAMPLING) + 0.5
    position = (fine - _OVERSAMPLING / 2) / _OVERSAMPLING
    disc = (position[None, :] ** 2 + position[:, None] ** 2 <= max(radius_px, 0.05) ** 2).astype(np.float32)
    side = 2 * reach + 1
    kernel = disc.reshape(side, _OVERSAMPLING, side, _OVERSAMPLING).sum(axis=(1, 3))
    return np.asarray(kernel / kernel.sum(), np.float32)


def _filtered(picture: Picture, kernel: NDArray[np.float32]) -> Picture:
    return np.asarray(cv2.filter2D(picture, -1, kernel, borderType=cv2.BORDER_REFLECT_101), np.uint8)


def motion_blur(picture: Picture, *, length_px: float, angle_deg: float) -> Picture:
    """Blur by a straight motion of `length_px` pixels."""
    return _filtered(picture, motion_kernel(length_px, angle_deg))


def defocus_blur(picture: Picture, *, radius_px: float) -> Picture:
    """Blur by a disc of `radius_px` pixels."""
    return _filtered(picture, defocus_kernel(radius_px))


def gaussian_blur(picture: Picture, *, sigma_px: float) -> Picture:
    """Blur by a Gaussian of `sigma_px` pixels."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma_px), np.uint8)


def low_resolution(picture: Picture, *, side_px: int) -> Picture:
    """Shrink so that the shorter side has `side_px` pixels and enlarge again (a face far away)."""
    height, width = picture.shape[:2]
    scale = side_px / min(height, width)
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def jpeg(picture: Picture, *, quality: int) -> Picture:
    """Encode as JPEG of `quality` (1-100) and decode again."""
    encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)


def random_blur(picture: Picture, rng: np.random.Generator) -> Picture:
    """One kind of lost sharpness at random, or none (60 %), then JPEG in 30 % of the cases.

    Strengths are pixels of a 112 px aligned crop.
    """
    result = picture
    kind = rng.random()
    if kind < 0.2:
        result = low_resolution(result, side_px=int(rng.integers(24, 80)))
    elif kind < 0.27:
        result = gaussian_blur(result, sigma_px=float(rng.uniform(0.5, 2.2)))
    elif kind < 0.31:
        result = defocus_blur(result, radius_px=float(rng.uniform(0.8, 3.0)))
    elif kind < 0.4:
        result = motion_blur(result, length_px=float(rng.uniform(2, 9)), angle_deg=float(rng.uniform(0, 180)))
    if rng.random() < 0.3:
        result = jpeg(result, quality=int(rng.integers(25, 85)))
    return result
