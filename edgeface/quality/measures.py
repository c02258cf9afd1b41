"""Measures of a face that need no model: pure functions of the picture and the face's place in it."""

from __future__ import annotations

import cv2
import numpy as np

from edgeface.types import BoundingBox, FloatArray, ImageArray

# ITU-R BT.601: Y = 0.299 R + 0.587 G + 0.114 B, here in BGR order.
_LUMA = (0.114, 0.587, 0.299)
# A detector's box edge is uncertain by a few per cent of the face; so much may leave the picture while the face
# itself (its points) is inside.
_EDGE_SHARE = 0.05


def illumination(image: ImageArray, box: BoundingBox) -> float:
    """Mean luma (BT.601) of the part of the box inside the picture, 0 to 255; 0 where none of it is inside."""
    height, width = image.shape[:2]
    left, top = max(0, round(box.left)), max(0, round(box.top))
    right, bottom = min(width, round(box.right)), min(height, round(box.bottom))
    if right <= left or bottom <= top:
        return 0.0
    means = cv2.mean(image[top:bottom, left:right])
    return float(sum(weight * mean for weight, mean in zip(_LUMA, means[:3], strict=True)))


def completeness(box: BoundingBox, points: FloatArray, width: int, height: int) -> int:
    """1 where the face is wholly inside a picture of that size, 0 where it is cut off (Baidu v3 ``completeness``).

    Wholly inside: every point of `points` (n, 2) is, and the box leaves the picture by at most 5 % of its side.
    """
    slack_x, slack_y = box.width * _EDGE_SHARE, box.height * _EDGE_SHARE
    if box.left < -slack_x or box.top < -slack_y or box.right > width + slack_x or box.bottom > height + slack_y:
        return 0
    low, high = points.min(axis=0), points.max(axis=0)
    inside = low[0] >= 0 and low[1] >= 0 and high[0] <= width and high[1] <= height
    return int(inside)


def interocular_distance(points: FloatArray) -> float:
    """Pixels between the eye centres; `points`: (5, 2) or more rows with the left and the right eye first."""
    return float(np.hypot(*(points[1] - points[0])))
