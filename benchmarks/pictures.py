"""The benchmark's picture: a public-domain portrait on a 640x480 canvas, one face."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import skimage.data

Image = npt.NDArray[np.uint8]


def portrait(width: int = 640, height: int = 480) -> Image:
    """BGR uint8 (height, width, 3): ``skimage.data.astronaut`` scaled to the height, grey at the sides."""
    source = cv2.cvtColor(skimage.data.astronaut(), cv2.COLOR_RGB2BGR)
    scale = height / source.shape[0]
    scaled = cv2.resize(source, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:, :width]
    canvas = np.full((height, width, 3), 127, np.uint8)
    left = (width - scaled.shape[1]) // 2
    canvas[: scaled.shape[0], left : left + scaled.shape[1]] = scaled
    return canvas


def jpeg(image: Image, quality: int = 90) -> bytes:
    """The picture as JPEG bytes."""
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise RuntimeError("JPEG encoding failed")
    return data.tobytes()
