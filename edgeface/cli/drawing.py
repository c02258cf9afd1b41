"""Faces drawn into pictures: box, five points, 150 landmarks, pose axes, name. Geometry only, no layout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import Face, FloatArray, ImageArray, Pose

if TYPE_CHECKING:
    from edgeface.results import Detection

Colour = tuple[int, int, int]
"""BGR."""

GREEN: Colour = (129, 199, 60)
AMBER: Colour = (60, 170, 250)
RED: Colour = (84, 84, 235)
GREY: Colour = (170, 160, 150)
CYAN: Colour = (235, 206, 92)
WHITE: Colour = (250, 250, 250)

_SHIFT = 4  # cv2 draws with 1/16 pixel
# docs/landmarks.md: ranges of the 150 points that form a line, and whether it closes.
_LINES: tuple[tuple[int, int, bool], ...] = (
    (0, 25, False),  # outline
    (25, 35, True),  # brows
    (35, 45, True),
    (45, 61, True),  # eyelids
    (64, 80, True),
    (83, 87, False),  # nose bridge and contour
    (87, 102, False),
    (102, 126, True),  # lips, outer and inner
    (126, 150, True),
)


@dataclass(frozen=True, slots=True)
class View:
    """From pixels of the picture to pixels of what is drawn: ``(point - origin) * scale``."""

    scale: float = 1.0
    origin: tuple[float, float] = (0.0, 0.0)

    def fixed(self, points: npt.ArrayLike) -> npt.NDArray[np.int32]:
        """(n, 2) points as cv2's fixed-point coordinates."""
        moved = (np.asarray(points, np.float64).reshape(-1, 2) - self.origin) * self.scale
        return np.round(moved * (1 << _SHIFT)).astype(np.int32)


def draw_box(canvas: ImageArray, face: Face, colour: Colour, view: View, width: int = 2) -> None:
    """A thin rectangle with strong corners."""
    box = face.box
    corners = np.asarray(
        [(box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom)], np.float64
    )
    _polyline(canvas, view.fixed(corners), colour, 1, closed=True)
    centre = corners.mean(axis=0)
    for corner in corners:
        for axis in (0, 1):
            end = corner.copy()
            end[axis] += 0.22 * 2 * (centre[axis] - corner[axis])
            _polyline(canvas, view.fixed([corner, end]), colour, width + 1, closed=False)


def draw_points(
    canvas: ImageArray, points: FloatArray, view: View, colour: Colour = WHITE, radius: float = 3.0
) -> None:
    """The five points as rings."""
    for x, y in view.fixed(points):
        centre = (int(x), int(y))
        cv2.circle(canvas, centre, round((radius + 1.2) * (1 << _SHIFT)), (40, 30, 25), -1, cv2.LINE_AA, _SHIFT)
        cv2.circle(canvas, centre, round(radius * (1 << _SHIFT)), colour, -1, cv2.LINE_AA, _SHIFT)


def draw_landmarks(canvas: ImageArray, points: FloatArray, view: View, *, radius: float = 1.3) -> None:
    """The 150 points: a veil of lines through each feature, and a dot for every point."""
    veil = canvas.copy()
    for start, stop, closed in _LINES:
        _polyline(veil, view.fixed(points[start:stop]), CYAN, 1, closed=closed)
    cv2.addWeighted(veil, 0.55, canvas, 0.45, 0, dst=canvas)
    for x, y in view.fixed(points):
        cv2.circle(canvas, (int(x), int(y)), round(radius * (1 << _SHIFT)), CYAN, -1, cv2.LINE_AA, _SHIFT)


def draw_pose(canvas: ImageArray, face: Face, pose: Pose, view: View, width: int = 2) -> None:
    """Three axes at the nose: right of the head red, down green, out of the face blue."""
    length = 0.55 * face.box.width
    origin = face.points[2].astype(np.float64)
    for axis, colour in zip(pose_axes(pose), ((90, 90, 240), (110, 200, 90), (250, 160, 70)), strict=True):
        line = view.fixed([origin, origin + length * axis])
        cv2.arrowedLine(canvas, _pair(line[0]), _pair(line[1]), colour, width, cv2.LINE_AA, _SHIFT, tipLength=0.18)


def pose_axes(pose: Pose) -> npt.NDArray[np.float64]:
    """(3, 2): where the head's x (to larger x), y (down) and z (out of the face) axes point in the picture.

    Signs as documented: yaw negative to the left, pitch negative up, roll clockwise positive.
    """
    yaw, pitch, roll = np.radians((pose.yaw, pose.pitch, pose.roll))
    # Head axes before the roll, as seen by the camera (x right, y down, z towards the camera).
    x = np.asarray((np.cos(yaw), 0.0))
    y = np.asarray((np.sin(yaw) * np.sin(pitch), np.cos(pitch)))
    z = np.asarray((np.sin(yaw) * np.cos(pitch), np.sin(pitch)))
    turn = np.asarray(((np.cos(roll), -np.sin(roll)), (np.sin(roll), np.cos(roll))))
    return np.stack([turn @ axis for axis in (x, y, z)])


def verdict_colour(face: Face) -> Colour:
    """Green: passed, amber: refused by the gate, grey: not judged."""
    if face.verdict is None:
        return GREY
    return GREEN if face.verdict.passed else AMBER


def draw_face(canvas: ImageArray, face: Face, colour: Colour, view: View) -> None:
    """Everything that is known of a face."""
    size = max(1, round(face.box.width * view.scale / 140))
    if face.landmarks is not None:
        draw_landmarks(canvas, face.landmarks.points, view, radius=0.9 + 0.3 * size)
    draw_box(canvas, face, colour, view, width=1 + size)
    draw_points(canvas, face.points, view, radius=1.2 + 0.8 * size)
    if face.pose is not None:
        draw_pose(canvas, face, face.pose, view, width=1 + size)


def draw_detection(picture: bytes, found: Detection, file: Path) -> None:
    """Write a picture with its faces. Raises ``INVALID_PARAMETER`` when the file cannot be written."""
    from edgeface.config import ImageLimits
    from edgeface.image import decode

    image = decode(picture, ImageLimits(max_bytes=max(1024, len(picture)), max_width=65500, max_height=65500))
    canvas = image.copy()
    for number, face in enumerate(found.faces, start=1):
        colour = verdict_colour(face) if face.verdict else GREEN
        draw_face(canvas, face, colour, View())
        _label(canvas, face, f"{number}  {face.score:.2f}", colour)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        written = cv2.imwrite(str(file), canvas)
    except (OSError, cv2.error) as error:
        raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"--draw {file}: {error}") from error
    if not written:
        raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"--draw {file}: cannot be written.")


def _label(canvas: ImageArray, face: Face, text: str, colour: Colour) -> None:
    scale = max(0.4, min(1.2, face.box.width / 260))
    (width, height), base = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, scale, 1)
    left = max(0, round(face.box.left))
    bottom = max(height + base + 4, round(face.box.top) - 4)
    cv2.rectangle(canvas, (left, bottom - height - base - 4), (left + width + 10, bottom), colour, -1, cv2.LINE_AA)
    place = (left + 5, bottom - base - 1)
    cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_DUPLEX, scale, (30, 25, 20), 1, cv2.LINE_AA)


def _polyline(canvas: ImageArray, points: npt.NDArray[np.int32], colour: Colour, width: int, *, closed: bool) -> None:
    cv2.polylines(canvas, [points], closed, colour, width, cv2.LINE_AA, _SHIFT)


def _pair(point: npt.NDArray[np.int32]) -> tuple[int, int]:
    return int(point[0]), int(point[1])
