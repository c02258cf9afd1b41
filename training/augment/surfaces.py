"""Outlines, colours and surfaces that occluders are drawn from, in a face's own axes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FaceFrame:
    """The face's own axes: origin between the eyes, `across` to the right eye, `down` to the mouth.

    Both are in units of the interocular distance, so the mouth lies near (0, 1) and the chin near (0, 1.75).
    """

    origin: Points
    across: Points
    down: Points

    @property
    def unit(self) -> float:
        """The interocular distance in pixels."""
        return float(np.linalg.norm(self.across))

    def at(self, places: list[tuple[float, float]] | Points) -> Points:
        """Pixels of places given in the face's own units."""
        grid = np.asarray(places, np.float64)
        return np.asarray(self.origin + grid[:, :1] * self.across + grid[:, 1:] * self.down, np.float64)


def face_frame(points: Points) -> FaceFrame:
    """The axes of a face from its five points (5x2 pixels)."""
    left, right = points[0], points[1]
    origin = (left + right) / 2
    across = right - left
    down = (points[3] + points[4]) / 2 - origin
    floor = 0.5 * float(np.linalg.norm(down))  # a profile's eyes nearly meet: keep the frame from collapsing
    length = float(np.linalg.norm(across))
    if length < floor:
        across = across * (floor / max(length, 1e-6))
    return FaceFrame(origin, across, down)


def texture(shape: tuple[int, int], colour: Points, rng: np.random.Generator, *, patterned: bool = True) -> Picture:
    """A HxWx3 surface around `colour` (BGR), cloudy, with light from one side; often striped or dotted."""
    height, width = shape
    rough = max(2, int(rng.integers(2, 9)))
    cloud = cv2.resize(
        rng.normal(0, 1, (rough, rough, 1)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    ).reshape(height, width, 1)
    surface = np.asarray(colour, np.float32) + cloud * np.float32(rng.uniform(2, 22))
    kind = rng.random() if patterned else 1.0
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    if kind < 0.2:
        angle, period = rng.uniform(0, np.pi), rng.uniform(3, 16)
        wave = np.sin((xs * np.cos(angle) + ys * np.sin(angle)) * (2 * np.pi / period))
        surface += np.sign(wave)[..., None].astype(np.float32) * rng.uniform(-60, 60, 3).astype(np.float32)
    elif kind < 0.35:
        period = rng.uniform(5, 14)
        dots = (np.sin(xs * 2 * np.pi / period) * np.sin(ys * 2 * np.pi / period)) > 0.5
        surface += dots[..., None].astype(np.float32) * rng.uniform(-90, 90, 3).astype(np.float32)
    slope = rng.uniform(-0.25, 0.25, 2)
    surface *= (1 + slope[0] * (xs / width - 0.5) + slope[1] * (ys / height - 0.5))[..., None]
    surface += rng.standard_normal(surface.shape, dtype=np.float32) * np.float32(rng.uniform(0, 5))
    return np.clip(surface, 0, 255).astype(np.uint8)


def any_colour(rng: np.random.Generator) -> Points:
    """A random BGR colour, often white, grey or black."""
    if rng.random() < 0.4:  # much cloth and plastic is white, grey or black
        return np.full(3, rng.uniform(0, 255)) + rng.normal(0, 6, 3)
    return rng.uniform(0, 255, 3)


def skin_colour(rng: np.random.Generator) -> Points:
    """A random BGR colour of skin."""
    dark, light = np.array([45.0, 60.0, 95.0]), np.array([175.0, 195.0, 235.0])
    return np.asarray(dark + (light - dark) * rng.uniform(0, 1) + rng.normal(0, 8, 3), np.float64)


def filled(shape: tuple[int, int], outlines: list[Points], *, soft_px: float) -> NDArray[np.float32]:
    """HxW alpha in [0, 1]: 1 inside the outlines, with edges softened by `soft_px` pixels."""
    alpha = np.zeros(shape, np.uint8)
    for outline in outlines:
        cv2.fillPoly(alpha, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    if soft_px > 0:
        alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), soft_px), np.uint8)
    return alpha.astype(np.float32) / np.float32(255)


def smooth_outline(corners: Points, *, per_edge: int = 8) -> Points:
    """A closed Catmull-Rom curve through the corners."""
    t = np.linspace(0, 1, per_edge, endpoint=False)[:, None]
    before, here = np.roll(corners, 1, axis=0), corners
    after, later = np.roll(corners, -1, axis=0), np.roll(corners, -2, axis=0)
    parts = [
        0.5 * ((2 * b) + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(before, here, after, later, strict=True)
    ]
    return np.concatenate(parts)


def ellipse(centre: Points, along: Points, beside: Points, *, squareness: float = 2.0) -> Points:
    """A closed outline with the half axes `along` and `beside`; squareness 2 is an ellipse, more is boxier."""
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)[:, None]
    power = 2.0 / squareness
    cos = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** power
    sin = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** power
    return np.asarray(centre + cos * along + sin * beside, np.float64)


def bezier(three: Points) -> Points:
    """A curve of 12 points from the first to the last of three, bent by the middle one."""
    t = np.linspace(0, 1, 12)[:, None]
    return np.asarray((1 - t) ** 2 * three[0] + 2 * t * (1 - t) * three[1] + t**2 * three[2], np.float64)
