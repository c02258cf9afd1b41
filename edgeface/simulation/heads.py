"""A portrait whose head is turned, as far as one picture allows."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from edgeface.simulation.portraits import Portrait
from edgeface.types import ImageArray

# The head as an ellipsoid about the middle of the face, half axes in face widths; measured by what the pose model
# reads of it: about two thirds of the angle up to 40 degrees, beyond which the far side has no pixels.
_HALF_WIDTH = 0.6
_HALF_HEIGHT = 1.2
_SOFT_RIM = 4.0  # the outer quarter of the ellipsoid fades into the unmoved picture


def turned_head(portrait: Portrait, degrees: float) -> Portrait:
    """The portrait with its head turned about the neck; positive: to the person's own left (nose to larger x).

    degrees: -45 to 45. The picture is wrapped around an ellipsoid, so eyes and nose move as a head's do, while the
    room and the shoulders stay.
    """
    if not degrees:
        return portrait
    height, width = portrait.image.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = portrait.face_centre
    half_width, half_height = _HALF_WIDTH * portrait.face_width, _HALF_HEIGHT * portrait.face_width
    across, down = (columns - x) / half_width, (rows - y) / half_height
    inside = np.clip((1 - across**2 - down**2) * _SOFT_RIM, 0, 1)
    source = _turn(across, down, -degrees)
    from_x = x + half_width * (source * inside + across * (1 - inside))
    image = cv2.remap(
        portrait.image, from_x.astype(np.float32), rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    points = portrait.points.copy()
    moved = _turn((points[:, 0] - x) / half_width, (points[:, 1] - y) / half_height, degrees)
    points[:, 0] = x + half_width * moved
    upright: ImageArray = np.asarray(image, dtype=np.uint8)
    return Portrait(portrait.name, upright, points.astype(np.float32))


def _turn(across: npt.NDArray[np.float32], down: npt.NDArray[np.float32], degrees: float) -> npt.NDArray[np.float32]:
    """Where points of the unit ellipsoid's front are when it has turned; those from behind stop at the rim."""
    radius = np.sqrt(np.clip(1 - down**2, 1e-3, 1))
    angle = np.arcsin(np.clip(across / radius, -1, 1)) + np.radians(degrees)
    return np.asarray(np.sin(np.clip(angle, -np.pi / 2, np.pi / 2)) * radius, dtype=np.float32)
