"""Which way up a face is.

A detector fires, less surely, on a face that lies on its side or on its head, and then puts an upright face's points
on it: wrong landmarks, a wrong template, and nothing that tells. So where turned faces are asked for, a face found
with less than certainty is looked at again, alone and small, in eight directions, and once more in the direction
between them in which it should be surest. (Sureness is the better guide: points on a tilted face tell too little
tilt.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeface.geometry import box_similarity, invert, rotation_of, transform_points, warp
from edgeface.inference.detections import Detections
from edgeface.inference.detector import Detector
from edgeface.types import FloatArray, ImageArray

# The square about a face is so many times its box's longer side, shown in so many pixels.
_EXPAND, _PIXELS = 2.0, 96
_STEP = 45.0
_DIRECTIONS = 8
# Degrees: what was found first stays where the surest look differs by less.
_SAME = 12.0
# How much surer (difference of log odds) another direction must be than upright: a poor picture of an upright face
# looks about equally unlike a face in every direction.
_MARGIN = 0.5
_UPRIGHT = 60.0
# Log odds of a direction in which nothing is seen.
_UNSEEN = -3.0


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """A face as it is seen in a crop turned by `angle`: log odds, box (4,) and points (5, 2) in the picture."""

    log_odds: float
    rotation: float
    score: float
    box: FloatArray
    points: FloatArray


def righted(image: ImageArray, found: Detections, detector: Detector) -> Detections:
    """The same faces, each the way up in which it looks most like a face.

    `found`: faces that `detector` found in `image`; those with at least the pack's ``sure_score`` stay as they are.
    """
    boxes, points, scores = found.boxes.copy(), found.points.copy(), found.scores.copy()
    for index in np.flatnonzero(found.scores < detector.spec.sure_score):
        best = _best_look(image, found.boxes[index], detector)
        if best is not None and _apart(best.rotation, rotation_of(found.points[index])) > _SAME:
            boxes[index], points[index], scores[index] = best.box, best.points, best.score
    return Detections(boxes, scores, points)


def _best_look(image: ImageArray, box: FloatArray, detector: Detector) -> _Look | None:
    """The surest look at a face; upright ones have a head start."""
    looks = [_look(image, box, _STEP * index, detector) for index in range(_DIRECTIONS)]
    odds = [_UNSEEN if look is None else look.log_odds for look in looks]
    started = [
        value + (_MARGIN if _apart(_STEP * index, 0.0) < _UPRIGHT else 0.0) for index, value in enumerate(odds)
    ]
    top = max(range(_DIRECTIONS), key=started.__getitem__)
    if looks[top] is None:
        return None
    peak = _STEP * (top + _peak(odds[top - 1], odds[top], odds[(top + 1) % _DIRECTIONS]))
    candidates = (looks[top], _look(image, box, peak, detector))
    return max((look for look in candidates if look is not None), key=lambda look: look.log_odds)


def _peak(before: float, here: float, after: float) -> float:
    """Where the parabola through three equally spaced values is highest, in steps from the middle one."""
    bend = before - 2.0 * here + after
    return min(0.5, max(-0.5, 0.5 * (before - after) / bend)) if bend < 0.0 else 0.0


def _look(image: ImageArray, box: FloatArray, angle: float, detector: Detector) -> _Look | None:
    """The face in `box`, seen as if the picture were turned counter-clockwise by `angle` degrees."""
    matrix = _turned_crop(box, angle)
    seen = detector.look(warp(image, matrix, _PIXELS))
    middle = _PIXELS / 2
    centres = (seen.boxes[:, :2] + seen.boxes[:, 2:]) / 2
    near = np.flatnonzero(np.abs(centres - middle).max(axis=1, initial=0.0) < middle / _EXPAND / 2)
    if not len(near):
        return None
    first = near[0]
    back = invert(matrix)
    points = transform_points(back, seen.points[first])
    score = min(float(seen.scores[first]), 0.9999)
    return _Look(
        log_odds=math.log(score / (1.0 - score)),
        rotation=rotation_of(points),
        score=score,
        box=_turned_box(seen.boxes[first], back, angle),
        points=points,
    )


def _turned_crop(box: FloatArray, angle: float) -> npt.NDArray[np.float64]:
    left, top, right, bottom = (float(value) for value in box)
    matrix = box_similarity(left, top, right - left, bottom - top, _EXPAND, _PIXELS)
    radians = math.radians(angle)
    turn = np.array([[math.cos(radians), math.sin(radians)], [-math.sin(radians), math.cos(radians)]])
    middle = np.array([(_PIXELS - 1) / 2, (_PIXELS - 1) / 2])
    turned = np.empty((2, 3))
    turned[:, :2] = turn @ matrix[:, :2]
    turned[:, 2] = turn @ (matrix[:, 2] - middle) + middle
    return turned


def _turned_box(box: FloatArray, back: npt.NDArray[np.float64], angle: float) -> FloatArray:
    """The upright rectangle about the ellipse in a box of a turned crop, in the picture."""
    scale = math.hypot(float(back[0, 0]), float(back[1, 0]))
    centre = transform_points(back, (box[:2] + box[2:])[None] / 2)[0]
    across, down = (float(side) * scale / 2 for side in box[2:] - box[:2])
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    half = np.array([math.hypot(across * cosine, down * sine), math.hypot(across * sine, down * cosine)])
    return np.concatenate([centre - half, centre + half]).astype(np.float32)


def _apart(one: float, other: float) -> float:
    """The angle between two directions, 0 to 180 degrees."""
    return abs((one - other + 180.0) % 360.0 - 180.0)
