"""Things worn over a face, drawn in the face's own frame.

The frame's origin is the middle between the eyes, its unit the interocular distance, x to the right eye of the
picture, y down the face; so one drawing fits every portrait.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import cv2
import numpy as np
import numpy.typing as npt

from edgeface.types import FloatArray, ImageArray

_SHIFT = 4  # cv2 draws with 1/16 pixel
_Points = Sequence[tuple[float, float]]


class Occluder(str, Enum):
    """What covers the face."""

    NONE = "none"
    MASK = "mask"
    SUNGLASSES = "sunglasses"


def cover(image: ImageArray, points: FloatArray, occluder: Occluder) -> ImageArray:
    """A copy of the picture in which the face of the five ``points`` (5, 2) wears the thing."""
    if occluder is Occluder.NONE:
        return image
    frame = _face_frame(points)
    covered = image.copy()
    if occluder is Occluder.MASK:
        _mask(covered, frame)
    else:
        _sunglasses(covered, frame)
    return covered


def _face_frame(points: FloatArray) -> npt.NDArray[np.float64]:
    """(2, 3) matrix from face units to pixels; y follows the mouth, so that a turned head's mask is turned too."""
    left, right = points[0].astype(np.float64), points[1].astype(np.float64)
    origin = (left + right) / 2
    across = right - left
    # In an average face the mouth is 1.15 interocular distances below the eyes.
    down = (points[3:5].mean(axis=0).astype(np.float64) - origin) / 1.15
    return np.column_stack((across, down, origin))


def _mask(image: ImageArray, frame: npt.NDArray[np.float64]) -> None:
    outline = _smooth(
        (
            (0.0, 0.34), (0.42, 0.48), (1.05, 0.58), (1.04, 1.15), (0.72, 1.68), (0.3, 1.98), (0.0, 2.04),
            (-0.3, 1.98), (-0.72, 1.68), (-1.04, 1.15), (-1.05, 0.58), (-0.42, 0.48),
        )
    )  # fmt: skip
    unit = float(np.linalg.norm(frame[:, 0]))
    for side in (-1, 1):
        for y, end in ((0.66, 0.2), (1.3, 0.62)):
            _line(image, frame, ((side * 1.0, y), (side * 1.32, end)), (232, 228, 222), max(1, round(unit * 0.04)))
    cloth = image.copy()
    cv2.fillPoly(cloth, [_pixels(frame, outline)], (214, 196, 168), cv2.LINE_AA, _SHIFT)
    for y, tone in (
        (0.85, (196, 176, 148)),
        (1.12, (196, 176, 148)),
        (1.4, (188, 168, 140)),
        (1.66, (188, 168, 140)),
    ):
        half = 0.98 - max(0.0, y - 1.1) * 0.75
        fold = [(x, y + 0.07 * (1 - (x / half) ** 2)) for x in np.linspace(-half, half, 17)]
        _line(cloth, frame, fold, tone, max(1, round(unit * 0.025)))
    # Light falls from above: the lower half of the cloth is darker.
    shade = np.zeros(image.shape[:2], dtype=np.uint8)
    cv2.fillPoly(shade, [_pixels(frame, outline)], 255, cv2.LINE_AA, _SHIFT)
    rows = np.arange(image.shape[0], dtype=np.float32)[:, None]
    top, bottom = float(_point(frame, 0, 0.34)[1]), float(_point(frame, 0, 2.04)[1])
    light = np.clip(1.04 - 0.3 * (rows - top) / max(bottom - top, 1.0), 0.7, 1.06)
    alpha = (shade.astype(np.float32) / 255)[:, :, None]
    image[:] = np.clip(image * (1 - alpha) + cloth * light[:, :, None] * alpha, 0, 255).astype(np.uint8)


def _sunglasses(image: ImageArray, frame: npt.NDArray[np.float64]) -> None:
    unit = float(np.linalg.norm(frame[:, 0]))
    for side in (-1, 1):
        lens = _smooth(
            tuple(
                (side * 0.5 + x, y)
                for x, y in ((-0.4, -0.2), (0.0, -0.26), (0.4, -0.2), (0.42, 0.08), (0.24, 0.34), (-0.24, 0.34),
                             (-0.42, 0.08))
            )
        )  # fmt: skip
        cv2.fillPoly(image, [_pixels(frame, lens)], (18, 16, 15), cv2.LINE_AA, _SHIFT)
        shine = ((side * 0.5 - 0.24, -0.12), (side * 0.5 - 0.05, -0.17))
        _line(image, frame, shine, (74, 66, 60), max(1, round(unit * 0.03)))
        _line(image, frame, ((side * 0.9, -0.14), (side * 1.25, -0.1)), (18, 16, 15), max(1, round(unit * 0.07)))
    _line(image, frame, ((-0.14, -0.12), (0.0, -0.17), (0.14, -0.12)), (18, 16, 15), max(1, round(unit * 0.06)))


def _smooth(outline: _Points, rounds: int = 3) -> list[tuple[float, float]]:
    """A closed polygon with its corners cut (Chaikin), so that it looks like cloth and not like paper."""
    points = np.asarray(outline, dtype=np.float64)
    for _ in range(rounds):
        following = np.roll(points, -1, axis=0)
        points = np.stack((0.75 * points + 0.25 * following, 0.25 * points + 0.75 * following), 1).reshape(-1, 2)
    return [(float(x), float(y)) for x, y in points]


def _line(
    image: ImageArray, frame: npt.NDArray[np.float64], points: _Points, colour: tuple[int, int, int], width: int
) -> None:
    cv2.polylines(image, [_pixels(frame, points)], False, colour, width, cv2.LINE_AA, _SHIFT)


def _point(frame: npt.NDArray[np.float64], x: float, y: float) -> npt.NDArray[np.float64]:
    return np.asarray(frame @ np.asarray((x, y, 1.0)), dtype=np.float64)


def _pixels(frame: npt.NDArray[np.float64], points: _Points) -> npt.NDArray[np.int32]:
    placed = np.stack([_point(frame, x, y) for x, y in points])
    return np.round(placed * (1 << _SHIFT)).astype(np.int32)
