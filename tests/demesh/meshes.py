"""Meshes as they are laid over ID photographs, drawn for tests: coverage float64 (height, width), 0 to 1."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgeface.types import ImageArray

Coverage = npt.NDArray[np.float64]


def lines(
    shape: tuple[int, int],
    *,
    period: float,
    width: float = 1.8,
    degrees: float = 0.0,
    amplitude: float = 0.0,
    wavelength: float = 64.0,
    drift: float = 0.0,
) -> Coverage:
    """One family of smooth-edged lines. ``amplitude`` and ``wavelength``: pixels of their waves; ``drift``: pixels
    by which they wander off their place across the picture."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float64)
    angle = np.radians(degrees)
    along, across = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
    height = across + amplitude * np.sin(2 * np.pi * along / wavelength)
    height += drift * np.sin(2 * np.pi * (0.6 * along + 0.8 * across) / (1.1 * max(shape)) + 1.0)
    slope = np.hypot(*np.gradient(height))
    distance = np.abs(np.mod(height + period / 2, period) - period / 2) / slope
    return np.clip(0.5 + width / 2 - distance, 0.0, 1.0)


def crossed(*families: Coverage) -> Coverage:
    """Several families in one colour."""
    free = np.ones_like(families[0])
    for family in families:
        free *= 1.0 - family
    return 1.0 - free


def lattice(shape: tuple[int, int], *, degrees: float = 0.0, **family: float) -> Coverage:
    """Two families at right angles: by default wavy, 20 pixels apart."""
    drawn = {"period": 20.0, "amplitude": 5.0, **family}
    return crossed(lines(shape, degrees=degrees, **drawn), lines(shape, degrees=degrees + 90.0, **drawn))


def laid(image: ImageArray, coverage: Coverage, *, colour: tuple[int, int, int], opacity: float) -> ImageArray:
    """The picture under a mesh of one colour (BGR)."""
    amount = (coverage * opacity)[..., None]
    return np.clip(np.rint(image * (1 - amount) + np.array(colour) * amount), 0, 255).astype(np.uint8)
