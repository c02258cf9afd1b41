"""Exposure, colour casts, uneven light, darkness and sensor noise."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
_LEVELS = np.arange(256, dtype=np.float32)


def _clipped(values: NDArray[np.float32]) -> Picture:
    return np.asarray(np.clip(values + 0.5, 0, 255), np.uint8)


def _looked_up(picture: Picture, levels: NDArray[np.float32]) -> Picture:
    """Replace each level by `levels`, 256 values or 256x3; far quicker than arithmetic on the picture."""
    table = _clipped(levels).reshape(1, 256, -1)
    return np.asarray(cv2.LUT(picture, table), np.uint8)


def exposure(picture: Picture, *, contrast: float, brightness: float) -> Picture:
    """Scale the contrast about the picture's mean and add `brightness` (grey levels)."""
    mean = float(np.mean(cv2.mean(picture)[:3]))
    return _looked_up(picture, (_LEVELS - mean) * contrast + mean + brightness)


def colour_cast(picture: Picture, gains: tuple[float, float, float]) -> Picture:
    """Multiply blue, green and red by their gains (white balance errors)."""
    return _looked_up(picture, _LEVELS[:, None] * np.asarray(gains, np.float32))


def grey(picture: Picture) -> Picture:
    """The picture without colour, still three channels (infrared and monochrome cameras)."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8)


def side_light(picture: Picture, *, first: float, last: float, upright: bool) -> Picture:
    """Multiply by a ramp from `first` to `last`, left to right, or top to bottom if `upright`."""
    height, width = picture.shape[:2]
    ramp = np.linspace(first, last, height if upright else width, dtype=np.float32)
    return _clipped(picture.astype(np.float32) * (ramp[:, None, None] if upright else ramp[None, :, None]))


def sensor_noise(picture: Picture, *, sigma: float, rng: np.random.Generator) -> Picture:
    """Add Gaussian noise of `sigma` grey levels, independent per pixel and channel."""
    noise = rng.standard_normal(picture.shape, dtype=np.float32) * np.float32(sigma)
    return _clipped(picture.astype(np.float32) + noise)


def low_light(picture: Picture, *, exposure_share: float, full_well: float, rng: np.random.Generator) -> Picture:
    """The picture with `exposure_share` (0, 1] of the light, brought back half-way by the camera's gain.

    `full_well` is the number of photons that makes level 255 at full light: shot noise grows as either
    falls. 400 is a small sensor at night, 4000 a good one indoors.
    """
    linear = (picture.astype(np.float32) / 255.0) ** 2.2
    photons = rng.poisson(linear * exposure_share * full_well).astype(np.float32)
    gain = 1.0 / np.sqrt(exposure_share)
    restored = np.clip(photons / full_well * gain, 0.0, 1.0) ** (1 / 2.2)
    return _clipped(restored * np.float32(255.0))


def random_light(picture: Picture, rng: np.random.Generator) -> Picture:
    """The mild changes of light that a face recogniser must not notice; often several at once."""
    result = picture
    if rng.random() < 0.6:
        result = exposure(result, contrast=float(rng.uniform(0.6, 1.3)), brightness=float(rng.uniform(-45, 45)))
    if rng.random() < 0.3:
        blue, green, red = rng.uniform(0.85, 1.15, 3)
        result = colour_cast(result, (float(blue), float(green), float(red)))
    if rng.random() < 0.2:
        result = side_light(
            result,
            first=float(rng.uniform(0.4, 1.2)),
            last=float(rng.uniform(0.4, 1.2)),
            upright=bool(rng.random() < 0.4),
        )
    if rng.random() < 0.15:
        result = grey(result)
    return result
