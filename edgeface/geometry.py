"""Plane geometry of faces: alignment, overlap, right-angle turns, and a pose from five points.

Coordinates are pixels, x to the right, y down; the centre of the top-left pixel is (0, 0). Angles are degrees,
clockwise as seen in the picture positive (Baidu v3 ``location.rotation``, ``angle.roll``).
"""

from __future__ import annotations

import math
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt

from edgeface.types import FloatArray, ImageArray, Pose

PointArray = npt.NDArray[np.floating[Any]]
"""(n, 2) points or (2, 3) affine matrices, float32 or float64."""

# Five points of a mean adult face in millimetres: x to the picture's right, y down, z away from the camera, origin
# between the eyes; the points in the order of `Face.points`. Proportions of the generic head model of
# K. Zhang et al. / the OpenCV head pose example, scaled to a 63 mm interocular distance.
_HEAD = np.array([[-31.5, 0.0, 0.0], [31.5, 0.0, 0.0], [0.0, 36.0, -30.0], [-25.0, 66.0, -3.0], [25.0, 66.0, -3.0]])


def similarity(source: PointArray, target: PointArray) -> npt.NDArray[np.float64]:
    """The (2, 3) float64 similarity (turn, uniform scale, shift) that best maps `source` onto `target`, both (n, 2).

    Least squares after Umeyama (1991), in closed form for the plane; no reflection. Points that all coincide give
    a shift only.
    """
    source = np.asarray(source, np.float64)
    target = np.asarray(target, np.float64)
    source_centre, target_centre = source.mean(axis=0), target.mean(axis=0)
    a, b = source - source_centre, target - target_centre
    spread = float((a * a).sum())
    if spread > 0.0:
        cosine = float((a * b).sum()) / spread
        sine = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / spread
    else:
        cosine, sine = 1.0, 0.0
    linear = np.array([[cosine, -sine], [sine, cosine]])
    matrix = np.empty((2, 3))
    matrix[:, :2] = linear
    matrix[:, 2] = target_centre - linear @ source_centre
    return matrix


def box_similarity(
    left: float, top: float, width: float, height: float, expand: float, size: int
) -> npt.NDArray[np.float64]:
    """The (2, 3) matrix that maps the square about a box's centre, `expand` times its longer side, onto a
    `size` x `size` crop."""
    side = max(width, height, 1e-6) * expand
    scale = size / side
    x, y = left + width / 2 - side / 2, top + height / 2 - side / 2
    # Half-pixel terms: the square's edge meets the crop's edge, not its first pixel's centre.
    return np.array([[scale, 0.0, (0.5 - x) * scale - 0.5], [0.0, scale, (0.5 - y) * scale - 0.5]])


def transform_points(matrix: PointArray, points: PointArray) -> FloatArray:
    """`points` (..., 2) mapped by a (2, 3) affine matrix, as float32."""
    return cast(FloatArray, (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32))


def invert(matrix: PointArray) -> npt.NDArray[np.float64]:
    """The inverse of a (2, 3) affine matrix."""
    return cast("npt.NDArray[np.float64]", cv2.invertAffineTransform(np.asarray(matrix, np.float64)))


def turn_of(matrix: PointArray) -> float:
    """The clockwise turn in degrees (-180 to 180) of the face that a similarity makes upright."""
    return math.degrees(math.atan2(-float(matrix[1, 0]), float(matrix[0, 0])))


def warp(image: ImageArray, matrix: PointArray, size: int) -> ImageArray:
    """The (size, size, 3) crop that `matrix` (picture to crop) cuts out; black where the picture ends.

    A face much larger than the crop is first shrunk by area, because bilinear sampling would skip pixels and a
    sharp picture would alias.
    """
    scale = math.hypot(float(matrix[0, 0]), float(matrix[1, 0]))
    step = int(0.75 / scale) if scale > 0 else 1
    if step >= 2:
        image, matrix = _shrunk(image, np.asarray(matrix, np.float64), size, step)
    return cast(
        ImageArray,
        cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT),
    )


def iou(boxes: PointArray, others: PointArray) -> FloatArray:
    """Intersection over union of (n, 4) and (m, 4) boxes (left, top, right, bottom): (n, m) float32, 0 to 1."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = np.clip(high - low, 0.0, None).prod(axis=2)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    other_area = (others[:, 2:] - others[:, :2]).prod(axis=1)
    union = area[:, None] + other_area[None, :] - shared
    return cast(FloatArray, (shared / np.maximum(union, 1e-9)).astype(np.float32))


def rotate_right_angle(image: ImageArray, quarter_turns: int) -> ImageArray:
    """The picture turned clockwise by `quarter_turns` times 90 degrees."""
    codes = {1: cv2.ROTATE_90_CLOCKWISE, 2: cv2.ROTATE_180, 3: cv2.ROTATE_90_COUNTERCLOCKWISE}
    turns = quarter_turns % 4
    return cast(ImageArray, cv2.rotate(image, codes[turns])) if turns else image


def rotate_points_back(points: PointArray, quarter_turns: int, width: int, height: int) -> FloatArray:
    """Points (..., 2) of a picture that :func:`rotate_right_angle` turned, in the picture before.

    width, height: of the picture before. Points are continuous (edges of the picture are 0 and its size).
    """
    x, y = points[..., 0], points[..., 1]
    turns = quarter_turns % 4
    if turns == 1:
        x, y = y, height - x
    elif turns == 2:
        x, y = width - x, height - y
    elif turns == 3:
        x, y = width - y, x
    return np.stack([x, y], axis=-1).astype(np.float32)


def rotation_of(points: PointArray) -> float:
    """The face's clockwise rotation in degrees (-180 to 180) from its eyes' line: atan2(yr - yl, xr - xl).

    `points`: (5, 2) or (2, 2) with the left and the right eye first.
    """
    across = points[1] - points[0]
    return math.degrees(math.atan2(float(across[1]), float(across[0])))


def pose_from_points(points: PointArray) -> Pose:
    """Head pose from the five points (5, 2), by fitting a mean head under weak perspective (POS).

    Coarse: five points carry an individual's nose length and eye height as pose. On 250 portraits it differs from a
    trained model (FSA-Net) by 4.8 degrees of yaw and 5.9 of pitch on average. Signs as in :class:`Pose`, read as
    the person's own left and right: yaw is positive when the face looks towards smaller x, pitch when it looks down.
    """
    turn = rotation_of(points)
    upright = points - points.mean(axis=0)
    angle = math.radians(-turn)
    upright = upright @ np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    head = _HEAD - _HEAD.mean(axis=0)
    rows, *_ = np.linalg.lstsq(head, upright, rcond=None)
    first, second = rows[:, 0], rows[:, 1]
    scale = (np.linalg.norm(first) + np.linalg.norm(second)) / 2 or 1.0
    first, second = first / scale, second / scale
    u, _, vt = np.linalg.svd(np.stack([first, second]), full_matrices=False)
    first, second = u @ vt
    third = np.cross(first, second)
    # `third` is the viewing direction in the head's frame; a head seen frontally has it along its own z.
    yaw = math.degrees(math.asin(float(np.clip(-third[0], -1.0, 1.0))))
    pitch = math.degrees(math.atan2(float(third[1]), float(third[2])))
    return Pose(yaw=yaw, pitch=float(np.clip(pitch, -90.0, 90.0)), roll=turn)


def _shrunk(
    image: ImageArray, matrix: npt.NDArray[np.float64], size: int, step: int
) -> tuple[ImageArray, npt.NDArray[np.float64]]:
    """The part of the picture that a crop sees, shrunk `step` times by area, and the matrix from there."""
    corners = transform_points(invert(matrix), np.array([[0, 0], [size, 0], [0, size], [size, size]], np.float64))
    height, width = image.shape[:2]
    left, top = (max(0, int(v) - step) for v in corners.min(axis=0))
    right = min(width, int(corners[:, 0].max()) + 1 + step)
    bottom = min(height, int(corners[:, 1].max()) + 1 + step)
    if right - left < step or bottom - top < step:
        return image, matrix
    columns, rows = (right - left) // step, (bottom - top) // step
    part = image[top : top + rows * step, left : left + columns * step]
    small = cast(ImageArray, cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA))
    # Pixel (u, v) of `small` is centred on pixel (left + u * step + (step - 1) / 2, ...) of the picture.
    moved = matrix.copy()
    moved[:, :2] *= step
    moved[:, 2] += matrix[:, :2] @ np.array([left + (step - 1) / 2, top + (step - 1) / 2])
    return small, moved
