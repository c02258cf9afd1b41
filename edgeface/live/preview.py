"""What people may see of the camera: the newest frame as JPEG, made once for everybody who looks."""

from __future__ import annotations

import threading
from collections.abc import Callable

import cv2
import numpy as np

from edgeface.capture.frame import Frame
from edgeface.config import CameraConfig
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import ImageArray

_JPEG_QUALITY = 80


class Preview:
    """Off unless ``camera.preview``; then one frame is kept, and encoded when somebody asks. Thread-safe."""

    def __init__(self, config: CameraConfig, alive: Callable[[], bool]) -> None:
        self._config = config
        self._alive = alive
        self._lock = threading.Lock()
        self._frame: Frame | None = None
        self._encoded: tuple[int, bytes] | None = None

    def reconfigure(self, config: CameraConfig) -> None:
        """Take over ``preview`` and ``mirror``."""
        self._config = config
        self.clear()

    def show(self, frame: Frame) -> None:
        """The newest frame."""
        if self._config.preview:
            self._frame = frame

    def clear(self) -> None:
        """There is nothing to see any more."""
        self._frame = None
        with self._lock:
            self._encoded = None

    def snapshot(self) -> tuple[int, bytes]:
        """The newest frame's number and JPEG, mirrored where ``camera.mirror``.

        Raises ``FORBIDDEN`` unless ``camera.preview`` is on, ``CAMERA_UNAVAILABLE``.
        """
        if not self._config.preview:
            raise EdgeFaceError(ErrorCode.FORBIDDEN, "The preview is switched off (camera.preview).")
        frame = self._frame
        if frame is None or not self._alive():
            raise EdgeFaceError(ErrorCode.CAMERA_UNAVAILABLE)
        with self._lock:
            if self._encoded is None or self._encoded[0] != frame.number:
                self._encoded = frame.number, self._jpeg(frame.image)
            return self._encoded

    def _jpeg(self, image: ImageArray) -> bytes:
        shown = np.ascontiguousarray(image[:, ::-1]) if self._config.mirror else image
        return bytes(cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1])
