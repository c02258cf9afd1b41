"""A camera that is not there: plays a script of people. The same script gives the same frames, however often."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np

from edgeface.capture.simulated_script import Appearance, Play, load_play
from edgeface.capture.source import RawFrame, SourceInfo
from edgeface.config import CameraConfig
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.simulation.camera import Shot, SimulatedCamera
from edgeface.simulation.heads import turned_head
from edgeface.simulation.portraits import Portrait
from edgeface.types import ImageArray

# A print shows this much about the face's centre (left and right, above, below) and has a border, in face widths.
_PRINT_SIDES = (1.3, 1.4, 1.7)
_BORDER = 0.08


class SimulatedSource:
    """Frames of the configured size and rate."""

    def __init__(self, config: CameraConfig, script: Path) -> None:
        self._width, self._height, self._fps = config.width, config.height, config.fps
        self._file = script
        self._loop = config.loop
        self._play: Play | None = None
        self._number = 0

    def open(self) -> SourceInfo:
        self._play = load_play(self._file)
        return SourceInfo(f"simulated {self._file}", self._width, self._height, self._fps, live=False)

    def read(self) -> RawFrame | None:
        if self._play is None:
            return None
        script = self._play.script
        in_pass = max(1, round(script.length_s * self._fps))
        if self._number >= in_pass and not self._loop:
            return None
        due_s = self._number / self._fps
        for fault in script.faults:
            if due_s >= fault.at:
                _fail(fault.kind)
        image = self._frame(self._play, self._number % in_pass)
        self._number += 1
        return RawFrame(image, due_s=due_s)

    def close(self) -> None:
        self._play = None

    def _frame(self, play: Play, number: int) -> ImageArray:
        seconds = number / self._fps
        # Each frame's noise has a seed of its own, so that a frame does not depend on those before it.
        camera = SimulatedCamera(self._width, self._height, seed=play.script.seed * 1_000_003 + number)
        present = [shot for shot in play.script.shots if shot.start <= seconds < shot.end]
        people = [
            (turned_head(play.portraits[shot.who], shot.turn), shot.shot_at(seconds))
            for shot in present
            if not shot.photograph
        ]
        image = camera.take(*people)
        for shot in present:
            if shot.photograph:
                image = _hold_up(image, play.portraits[shot.who], shot, seconds)
        return image


def _hold_up(frame: ImageArray, portrait: Portrait, appearance: Appearance, seconds: float) -> ImageArray:
    """The frame with a print of the portrait in it: flat, framed in white, turned and lit as its shot says."""
    shot: Shot = appearance.shot_at(seconds)
    height, width = frame.shape[:2]
    x, y = portrait.face_centre
    beside, above, below = (portrait.face_width * side for side in _PRINT_SIDES)
    left, top = max(0, round(x - beside)), max(0, round(y - above))
    part = portrait.image[top : round(y + below), left : round(x + beside)]
    border = max(1, round(portrait.face_width * _BORDER))
    sheet = cv2.copyMakeBorder(part, *(border,) * 4, cv2.BORDER_CONSTANT, value=(245, 245, 245))
    x, y = x - left + border, y - top + border
    scale = shot.face_width / portrait.face_width
    matrix = cv2.getRotationMatrix2D((x, y), -shot.roll, scale)
    matrix[:, 2] += (shot.centre[0] * width - x, shot.centre[1] * height - y)
    if scale < 1:  # a warp alone would alias
        sheet = cv2.GaussianBlur(sheet, (0, 0), 0.4 / scale)
    size = (width, height)
    layer = cv2.warpAffine(sheet, matrix, size, flags=cv2.INTER_LINEAR).astype(np.float32)
    alpha = cv2.warpAffine(np.ones(sheet.shape[:2], np.float32), matrix, size, flags=cv2.INTER_LINEAR)[:, :, None]
    mixed = frame * (1 - alpha) + np.clip(layer * shot.light, 0, 255) * alpha
    return np.asarray(mixed, dtype=np.uint8)


def _fail(kind: str) -> None:
    if kind == "unplugged":
        raise EdgeFaceError(ErrorCode.CAMERA_UNAVAILABLE, "The simulated camera was unplugged, as its script says.")
    threading.Event().wait()
