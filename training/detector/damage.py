"""What happens to a picture between the face and the detector: light, blur, noise, JPEG, masks, occluders."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
_NOISE_SIDE = 1024


def _noise_bank() -> NDArray[np.int16]:
    values = np.random.default_rng(7).normal(0, 64, (_NOISE_SIDE, _NOISE_SIDE, 3))
    return values.astype(np.int16)


class Damage:
    """Random damage to whole pictures; keeps a bank of noise, since drawing noise is slow."""

    def __init__(self) -> None:
        self._bank = _noise_bank()

    def apply(self, image: Image, rng: np.random.Generator) -> Image:
        """Return a damaged copy of `image` (h x w x 3 BGR uint8, sides up to 1024)."""
        steps: list[tuple[float, Callable[[Image, np.random.Generator], Image]]] = [
            (0.6, _light),
            (0.12, _grey),
            (0.12, _shrink),
            (0.15, _defocus),
            (0.10, _motion),
            (0.25, self._noise),
            (0.35, _jpeg),
        ]
        for chance, step in steps:
            if rng.random() < chance:
                image = step(image, rng)
        return image

    def _noise(self, image: Image, rng: np.random.Generator) -> Image:
        height, width = image.shape[:2]
        y = int(rng.integers(0, _NOISE_SIDE - height + 1))
        x = int(rng.integers(0, _NOISE_SIDE - width + 1))
        sigma = rng.uniform(2, 16)
        noise = self._bank[y : y + height, x : x + width]
        return cv2.addWeighted(image, 1.0, noise, sigma / 64, 0.0, dtype=cv2.CV_8U).astype(np.uint8, copy=False)


def _light(image: Image, rng: np.random.Generator) -> Image:
    level = np.arange(256, dtype=np.float32)[:, None] / 255
    gain = rng.uniform(0.2, 0.6) if rng.random() < 0.25 else rng.uniform(0.6, 1.4)
    cast = rng.uniform(0.85, 1.15, 3)
    curve = 255 * (level ** rng.uniform(0.6, 1.6) * gain * cast + rng.uniform(-0.08, 0.08))
    table = np.clip(curve, 0, 255).astype(np.uint8)[:, None, :]
    return cv2.LUT(image, table).astype(np.uint8, copy=False)


def _grey(image: Image, _: np.random.Generator) -> Image:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)


def _shrink(image: Image, rng: np.random.Generator) -> Image:
    height, width = image.shape[:2]
    share = rng.uniform(0.4, 0.9)
    small = cv2.resize(image, (int(width * share), int(height * share)), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def _defocus(image: Image, rng: np.random.Generator) -> Image:
    return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 2.0)).astype(np.uint8, copy=False)


def _motion(image: Image, rng: np.random.Generator) -> Image:
    length = int(rng.integers(3, 10))
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, np.pi)
    middle = (length - 1) / 2
    reach = np.array([np.cos(angle), np.sin(angle)]) * middle
    start = (round(middle - reach[0]), round(middle - reach[1]))
    end = (round(middle + reach[0]), round(middle + reach[1]))
    cv2.line(kernel, start, end, 1.0, 1)
    return cv2.filter2D(image, -1, kernel / kernel.sum()).astype(np.uint8, copy=False)


def _jpeg(image: Image, rng: np.random.Generator) -> Image:
    quality = int(rng.integers(25, 90))
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return image if decoded is None else decoded.astype(np.uint8, copy=False)


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    plain = [(235, 235, 235), (200, 170, 110), (30, 30, 30), (190, 190, 150)]
    if rng.random() < 0.7:
        shade = np.array(plain[int(rng.integers(len(plain)))]) + rng.integers(-20, 21, 3)
    else:
        shade = rng.integers(0, 256, 3)
    blue, green, red = (int(value) for value in np.clip(shade, 0, 255))
    return blue, green, red


def draw_mask(image: Image, points: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Draw a cloth mask over the lower face given by its five points (5 x 2, pixels), in place."""
    eyes = (points[0] + points[1]) / 2
    mouth = (points[3] + points[4]) / 2
    across, down = (points[1] - points[0]) / 2, mouth - eyes
    top = eyes + down * rng.uniform(0.3, 0.6)
    shape = [
        top,
        top + across * 0.9 + down * 0.1,
        mouth + across * 1.5 - down * 0.35,
        mouth + across * 1.2 + down * 0.35,
        mouth + across * 0.5 + down * rng.uniform(0.6, 0.85),
        mouth - across * 0.5 + down * rng.uniform(0.6, 0.85),
        mouth - across * 1.2 + down * 0.35,
        mouth - across * 1.5 - down * 0.35,
        top - across * 0.9 + down * 0.1,
    ]
    cv2.fillPoly(image, [np.array(shape).round().astype(np.int32)], _colour(rng), cv2.LINE_AA)


def draw_glasses(image: Image, points: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Draw dark glasses over the eyes, in place."""
    across = points[1] - points[0]
    radius = max(1, int(np.linalg.norm(across) * rng.uniform(0.25, 0.38)))
    dark = int(rng.integers(0, 60))
    for eye in points[:2]:
        cv2.circle(image, (round(float(eye[0])), round(float(eye[1]))), radius, (dark, dark, dark), -1, cv2.LINE_AA)
    left, right = points[0].round().astype(int).tolist(), points[1].round().astype(int).tolist()
    cv2.line(image, left, right, (dark, dark, dark), max(1, radius // 4), cv2.LINE_AA)


def lay_in(place: Image, piece: Image, weight: NDArray[np.float32]) -> None:
    """Blend `piece` into `place` (both h x w x 3), in place. weight: h x w x 1, the piece's share in [0, 1]."""
    place[...] = (place + weight * (piece.astype(np.float32) - place)).astype(np.uint8)


def lay_patch(image: Image, box: NDArray[np.float32], patch: Image, rng: np.random.Generator) -> None:
    """Lay a piece of another picture over up to two fifths of the face in `box` (x1, y1, x2, y2), in place.

    It is cut to an ellipse, as a head or a shoulder in front would be.
    """
    size = box[2:] - box[:2]
    extent = np.maximum(size * rng.uniform(0.4, 0.7, 2), 3)
    corner = box[:2] + (size - extent) * rng.uniform(-0.3, 1.3, 2)
    reach = np.concatenate([corner, corner + extent])
    x1, y1, x2, y2 = np.clip(reach.round(), 0, np.tile(image.shape[1::-1], 2)).astype(int).tolist()
    if x2 <= x1 or y2 <= y1:
        return
    across, down = (corner + extent / 2).round().astype(int).tolist()
    axes = (int(extent[0] / 2), int(extent[1] / 2))
    weight = np.zeros((y2 - y1, x2 - x1, 1), np.float32)
    cv2.ellipse(weight, (across - x1, down - y1), axes, rng.uniform(-30, 30), 0, 360, 1.0, -1, cv2.LINE_AA)
    piece = cv2.resize(patch, (x2 - x1, y2 - y1), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    lay_in(image[y1:y2, x1:x2], piece, weight)


def draw_bar(image: Image, box: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Draw a filled rectangle over up to a third of the face in `box` (x1, y1, x2, y2), in place."""
    size = box[2:] - box[:2]
    extent = size * rng.uniform(0.25, 0.55, 2)
    corner = box[:2] + (size - extent) * rng.uniform(-0.1, 1.1, 2)
    start, end = corner.round().astype(int).tolist(), (corner + extent).round().astype(int).tolist()
    cv2.rectangle(image, start, end, _colour(rng), -1)
