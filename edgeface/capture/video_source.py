"""A video file, by its own timestamps."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import cv2

from edgeface.capture.source import RawFrame, SourceInfo
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import ImageArray

# Of a file that does not say: the most usual rate.
_USUAL_FPS = 25.0


class VideoSource:
    """Whatever FFmpeg reads. ``loop``: begin again at the end."""

    def __init__(self, file: Path, *, loop: bool) -> None:
        self._file = file
        self._loop = loop
        self._capture: cv2.VideoCapture | None = None
        self._step_s = 1 / _USUAL_FPS
        self._pass_began_s = 0.0
        self._next_s = 0.0
        self._in_this_pass = 0

    def open(self) -> SourceInfo:
        self._require_file()
        capture = cv2.VideoCapture(str(self._file), cv2.CAP_FFMPEG)
        self._capture = capture
        if not capture.isOpened():
            raise EdgeFaceError(ErrorCode.CAMERA_UNAVAILABLE, f"{self._file} is not a video that can be read.")
        fps = float(capture.get(cv2.CAP_PROP_FPS))
        if fps > 0:
            self._step_s = 1 / fps
        width, height = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
        return SourceInfo(f"video {self._file}", int(width), int(height), max(0.0, fps), live=False)

    def read(self) -> RawFrame | None:
        image = self._decoded()
        if image is None and self._loop and self._in_this_pass:
            self.close()
            self.open()
            self._pass_began_s, self._in_this_pass = self._next_s, 0
            image = self._decoded()
        if image is None or self._capture is None:
            return None
        stamp_s = float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000
        # Broken files have timestamps that stand still or go back: then by the rate.
        due_s = max(self._pass_began_s + stamp_s, self._next_s - self._step_s / 2)
        self._next_s = due_s + self._step_s
        self._in_this_pass += 1
        return RawFrame(image, due_s=due_s)

    def _decoded(self) -> ImageArray | None:
        done, image = self._capture.read() if self._capture is not None else (False, None)
        if done and image is not None:
            return cast(ImageArray, image)
        self._require_file()  # OpenCV tells an end from a drive that was pulled out by nothing
        return None

    def close(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _require_file(self) -> None:
        try:
            with self._file.open("rb") as file:
                file.seek(-1, os.SEEK_END)
                file.read(1)
        except OSError as error:
            raise EdgeFaceError(ErrorCode.CAMERA_UNAVAILABLE, f"{self._file}: {error.strerror or error}.") from error
