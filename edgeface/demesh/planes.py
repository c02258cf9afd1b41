"""Where lines show: planes of a picture in which a mesh stands out from what it was laid over.

A mesh is brighter than hair and darker than a wall, or grey like skin and only less colourful. No single plane
shows every mesh, so several are made and the one in which a pattern is clearest is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import cv2
import numpy as np

from edgeface.types import FloatArray, ImageArray

# Pixels. Lines of a mesh are 1 to 4 wide; what is broader than _NEAR is picture. _FAR is where contrast is
# evened out, so that a sharp collar does not drown the mesh over a cheek.
_NEAR, _FAR = 6.0, 12.0
# Grey levels below which contrast counts as noise. Colour is stored more coarsely (JPEG), in blocks of 8 and 16.
_NOISE, _COLOUR_NOISE = 2.0, 5.0
# Local contrasts beyond which a value is picture, not mesh.
_MOST = 2.0
_LINE_WIDTH = 7


def line_planes(image: ImageArray) -> Iterator[FloatArray]:
    """float32 (height, width) planes of a BGR picture, evened out to about unit contrast, from -2 to 2."""
    values: FloatArray = image.astype(np.float32)
    blue, green, red = values[..., 0], values[..., 1], values[..., 2]
    luma = cast(FloatArray, 0.114 * blue + 0.587 * green + 0.299 * red)  # BT.601
    yield evened(luma, _NOISE)
    yield evened(blue - red, _COLOUR_NOISE)
    yield evened(green - np.float32(0.5) * (blue + red), _COLOUR_NOISE)
    # Thin structures of either sign: a grey mesh is dark on a wall and bright on hair.
    kernel = np.ones((_LINE_WIDTH, _LINE_WIDTH), np.uint8)
    raised = cv2.morphologyEx(luma, cv2.MORPH_TOPHAT, kernel)
    sunken = cv2.morphologyEx(luma, cv2.MORPH_BLACKHAT, kernel)
    yield evened(cast(FloatArray, np.maximum(raised, sunken)), _NOISE)


def evened(plane: FloatArray, noise: float) -> FloatArray:
    """Fine detail of a plane, divided by its local contrast."""
    detail = without_shades(plane)
    contrast = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), _FAR)) + noise
    return cast(FloatArray, np.clip(detail / contrast, -_MOST, _MOST).astype(np.float32))


def without_shades(plane: FloatArray) -> FloatArray:
    """What is finer than a few pixels."""
    return cast(FloatArray, plane - cv2.GaussianBlur(plane, (0, 0), _NEAR))
