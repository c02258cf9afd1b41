"""Pictures for tests: two public-domain portraits and three non-faces from ordinary packages, and what can be done
to them. All pictures are (height, width, 3) uint8 BGR."""

from __future__ import annotations

import functools
from typing import Any, cast

import cv2
import numpy as np
import pytest

from edgeface.types import ImageArray

# Face boxes (left, top, width, height) of the portraits, by eye.
ASTRONAUT_FACE = (180.0, 68.0, 88.0, 110.0)
HOPPER_FACE = (180.0, 125.0, 175.0, 210.0)

NON_FACES = ("chelsea", "clock", "coffee", "coins", "gravel", "moon", "rocket")


@functools.cache
def _loaded(name: str) -> ImageArray:
    data = pytest.importorskip("skimage.data")
    image = getattr(data, name)()
    return np.ascontiguousarray(np.stack([image] * 3, axis=-1) if image.ndim == 2 else image[..., ::-1])


def astronaut() -> ImageArray:
    """Eileen Collins, NASA portrait, 512 x 512; the face is about 90 x 110 pixels."""
    return _loaded("astronaut").copy()


@functools.cache
def _hopper() -> ImageArray:
    cbook = pytest.importorskip("matplotlib.cbook")
    with cbook.get_sample_data("grace_hopper.jpg") as file:
        return cast(ImageArray, cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR))


def hopper() -> ImageArray:
    """Grace Hopper, US Navy portrait, 600 x 512; the face is about 175 x 210 pixels."""
    return _hopper().copy()


def non_face(name: str) -> ImageArray:
    """One of :data:`NON_FACES`: a cat, a clock, coins, the moon."""
    return _loaded(name).copy()


def encoded(image: Any, suffix: str, *parameters: int) -> bytes:
    """The picture as a file, e.g. ``encoded(image, ".jpg", cv2.IMWRITE_JPEG_QUALITY, 90)``."""
    done, buffer = cv2.imencode(suffix, image, list(parameters))
    assert done
    return bytes(buffer)


def moved(
    image: ImageArray, *, x: float = 0.0, y: float = 0.0, scale: float = 1.0, degrees: float = 0.0
) -> ImageArray:
    """The picture turned clockwise about its centre, scaled about it, then shifted; the canvas stays, grey."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, scale)
    matrix[:, 2] += (x, y)
    return cast(
        ImageArray, cv2.warpAffine(image, matrix, (width, height), borderValue=(110, 110, 110), flags=cv2.INTER_AREA)
    )


def resized(image: ImageArray, factor: float) -> ImageArray:
    """The picture and its canvas, `factor` times as large."""
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return cast(ImageArray, cv2.resize(image, None, fx=factor, fy=factor, interpolation=method))


def turned(image: ImageArray, quarters: int) -> ImageArray:
    """The picture turned clockwise by `quarters` times 90 degrees."""
    return cast(ImageArray, np.ascontiguousarray(np.rot90(image, -quarters)))


def blurred(image: ImageArray, sigma: float) -> ImageArray:
    """The picture out of focus."""
    return cast(ImageArray, cv2.GaussianBlur(image, (0, 0), sigma))


def darkened(image: ImageArray, factor: float) -> ImageArray:
    """The picture with so much of its light."""
    return cast(ImageArray, (image.astype(np.float32) * factor).astype(np.uint8))


def occluded(image: ImageArray, left: float, top: float, width: float, height: float) -> ImageArray:
    """The picture with a dark blue rectangle over it (pixels)."""
    copy = image.copy()
    cv2.rectangle(copy, (round(left), round(top)), (round(left + width), round(top + height)), (90, 40, 30), -1)
    return copy


def side_by_side(*images: ImageArray, height: int = 400) -> ImageArray:
    """One picture of several, each scaled to that height."""
    return cast(ImageArray, np.hstack([resized(image, height / image.shape[0])[:height] for image in images]))
