"""From a source's picture to the pair that travels on: fitted, turned and made small, once.

Nothing is mirrored here: a mirrored face is another face to a model, and its left is its right. Only the preview
that people see is (``camera.mirror``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import cv2

from edgeface.capture.source import RawFrame
from edgeface.config import CameraConfig
from edgeface.geometry import rotate_right_angle
from edgeface.types import ImageArray


@dataclass(frozen=True, slots=True)
class Framing:
    """How pictures are made ready. ``most_pixels``: a larger picture is shrunk to it; none is enlarged.

    ``detect_width``: pixels of the small picture's longer side. ``quarter_turns``: clockwise.
    """

    most_pixels: int
    detect_width: int
    quarter_turns: int

    @classmethod
    def of(cls, config: CameraConfig) -> Framing:
        """As configured."""
        return cls(config.width * config.height, config.detect_width, config.rotate // 90)

    @property
    def image_bytes(self) -> int:
        """The most bytes that a main picture can have."""
        return self.most_pixels * 3

    @property
    def small_bytes(self) -> int:
        """The most bytes that a small picture can have."""
        return min(self.most_pixels, self.detect_width**2) * 3

    def apply(self, raw: RawFrame) -> tuple[ImageArray, ImageArray]:
        """The main and the small picture; one and the same array where the main picture is no larger."""
        image = self._turned(self._fitted(raw.image))
        if max(image.shape[:2]) <= self.detect_width:
            return image, image
        if raw.small is None:
            return image, _shrunk(image, self.detect_width / max(image.shape[:2]))
        small = raw.small
        if max(small.shape[:2]) > self.detect_width:
            small = _shrunk(small, self.detect_width / max(small.shape[:2]))
        return image, self._turned(small)

    def _fitted(self, image: ImageArray) -> ImageArray:
        pixels = image.shape[0] * image.shape[1]
        return image if pixels <= self.most_pixels else _shrunk(image, math.sqrt(self.most_pixels / pixels))

    def _turned(self, image: ImageArray) -> ImageArray:
        return rotate_right_angle(image, self.quarter_turns)


def _shrunk(image: ImageArray, factor: float) -> ImageArray:
    # Rounded down, so that the result never has more pixels than there is room for.
    size = (max(1, int(image.shape[1] * factor + 1e-6)), max(1, int(image.shape[0] * factor + 1e-6)))
    return cast(ImageArray, cv2.resize(image, size, interpolation=cv2.INTER_AREA))
