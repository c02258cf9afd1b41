"""Boxes around a face and the crops that the landmark and pose teachers take from them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class FaceBox:
    """An upright rectangle in picture pixels: its centre and its sides."""

    x: float
    y: float
    width: float
    height: float

    def scaled(self, factor: float) -> FaceBox:
        """The rectangle about the same centre with `factor` times the sides."""
        return FaceBox(self.x, self.y, self.width * factor, self.height * factor)

    def square(self) -> FaceBox:
        """The square about the same centre with the longer side."""
        side = max(self.width, self.height)
        return FaceBox(self.x, self.y, side, side)

    @property
    def corner(self) -> NDArray[np.float32]:
        """The left upper corner, (2,) float32."""
        return np.array([self.x - self.width / 2, self.y - self.height / 2], np.float32)

    @property
    def sides(self) -> NDArray[np.float32]:
        """Width and height, (2,) float32."""
        return np.array([self.width, self.height], np.float32)


def box_around(points: NDArray[np.float32]) -> FaceBox:
    """The smallest rectangle that holds the points (N x 2)."""
    low, high = points.min(axis=0), points.max(axis=0)
    centre, sides = (low + high) / 2, high - low
    return FaceBox(float(centre[0]), float(centre[1]), float(sides[0]), float(sides[1]))


def cut(image: NDArray[np.uint8], box: FaceBox, size: int) -> NDArray[np.uint8]:
    """The part of `image` (h x w x 3 uint8) in the box as size x size x 3; what lies outside repeats the edge."""
    scale = size / box.sides
    # Pixel centres: crop pixel u shows picture position (u + .5) / scale + corner - .5.
    shift = (0.5 - box.corner) * scale - 0.5
    matrix = np.array([[scale[0], 0.0, shift[0]], [0.0, scale[1], shift[1]]], np.float64)
    flags = cv2.INTER_AREA if float(scale.min()) < 1 else cv2.INTER_LINEAR
    crop = cv2.warpAffine(image, matrix, (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return crop.astype(np.uint8, copy=False)


def to_picture(points: NDArray[np.float32], box: FaceBox, size: float) -> NDArray[np.float32]:
    """Points (N x 2) in pixels of a `size` wide crop of `box` as picture pixels."""
    return (points * (box.sides / np.float32(size)) + box.corner).astype(np.float32)
