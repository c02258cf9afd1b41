"""A USB or other V4L2 camera through OpenCV."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import cv2

from edgeface.capture.source import RawFrame, SourceInfo
from edgeface.config import CameraConfig
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import ImageArray


class V4l2Source:
    """``/dev/videoN``, or a stable name such as ``/dev/v4l/by-id/...``."""

    def __init__(self, config: CameraConfig, device: Path) -> None:
        self._config = config
        self._device = device
        self._capture: cv2.VideoCapture | None = None

    def open(self) -> SourceInfo:
        if not self._device.exists():
            raise self._unavailable("is not there; 'edgeface camera list' names those that are")
        if not os.access(self._device, os.R_OK | os.W_OK):
            raise self._unavailable("may not be opened by this user; add the user to the group 'video'")
        capture = cv2.VideoCapture(str(self._device), cv2.CAP_V4L2)
        self._capture = capture
        if not capture.isOpened():
            raise self._unavailable("cannot be opened: it takes no pictures, or another program uses it")
        # Motion JPEG first, then the size: uncompressed pictures of 720 lines do not fit through USB 2.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._config.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._config.height)
        capture.set(cv2.CAP_PROP_FPS, self._config.fps)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # older frames are worth nothing
        width, height, fps = (
            capture.get(item) for item in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS)
        )
        return SourceInfo(f"V4L2 {self._device}", int(width), int(height), max(0.0, float(fps)), live=True)

    def read(self) -> RawFrame:
        if self._capture is None:
            raise self._unavailable("is not open")
        done, image = self._capture.read()
        if not done or image is None:
            raise self._unavailable("gives no pictures any more" if self._device.exists() else "was unplugged")
        return RawFrame(cast(ImageArray, image))

    def close(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _unavailable(self, what: str) -> EdgeFaceError:
        return EdgeFaceError(ErrorCode.CAMERA_UNAVAILABLE, f"{self._device} {what}.")
