"""Network cameras (RTSP) and GStreamer pipelines, both through OpenCV."""

from __future__ import annotations

import re
from typing import cast

import cv2

from edgeface.capture.open_source import shown
from edgeface.capture.source import RawFrame, SourceInfo
from edgeface.config import CameraConfig
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import ImageArray

# Below the supervision's start timeout (20 s), so that the reason is told before the process is killed.
_OPEN_WITHIN_MS = 10_000
_READ_WITHIN_MS = 10_000


class RtspSource:
    """``rtsp://[user:password@]host[:port]/path``, decoded by FFmpeg; transport is TCP (OpenCV's default)."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stream = _Stream(shown(url))

    def open(self) -> SourceInfo:
        timeouts = (cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _OPEN_WITHIN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, _READ_WITHIN_MS)
        return self._stream.opened(cv2.VideoCapture(self._url, cv2.CAP_FFMPEG, list(timeouts)))

    def read(self) -> RawFrame:
        return self._stream.read()

    def close(self) -> None:
        self._stream.close()


class GStreamerSource:
    """A pipeline that ends in ``appsink``, as for ``gst-launch-1.0``.

    ``{width}``, ``{height}`` and ``{fps}`` in it are replaced by the configured numbers (fps rounded to a whole one).
    """

    def __init__(self, config: CameraConfig, pipeline: str) -> None:
        numbers = {"width": config.width, "height": config.height, "fps": max(1, round(config.fps))}
        self._pipeline = re.sub(r"\{(width|height|fps)\}", lambda found: str(numbers[found[1]]), pipeline)
        self._stream = _Stream("GStreamer pipeline")

    def open(self) -> SourceInfo:
        if not cv2.videoio_registry.hasBackend(cv2.CAP_GSTREAMER):
            raise EdgeFaceError(
                ErrorCode.CONFIG_INVALID,
                f"camera.source: this OpenCV ({cv2.__version__}) is built without GStreamer, as the wheels of PyPI "
                "are; use the system's OpenCV (docs/camera.md, 'GStreamer').",
            )
        if not re.search(r"!\s*appsink\b", self._pipeline):
            raise EdgeFaceError(ErrorCode.CONFIG_INVALID, "camera.source: the pipeline must end in '! appsink'.")
        return self._stream.opened(cv2.VideoCapture(self._pipeline, cv2.CAP_GSTREAMER))

    def read(self) -> RawFrame:
        return self._stream.read()

    def close(self) -> None:
        self._stream.close()


class _Stream:
    """An OpenCV capture that has no end of its own: when it gives nothing, it has failed."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._capture: cv2.VideoCapture | None = None

    def opened(self, capture: cv2.VideoCapture) -> SourceInfo:
        self._capture = capture
        if not capture.isOpened():
            raise EdgeFaceError(ErrorCode.CAMERA_UNAVAILABLE, f"{self._name} cannot be opened.")
        width, height, fps = (
            float(capture.get(item))
            for item in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS)
        )
        return SourceInfo(self._name, int(width), int(height), max(0.0, fps), live=True)

    def read(self) -> RawFrame:
        done, image = self._capture.read() if self._capture is not None else (False, None)
        if not done or image is None:
            raise EdgeFaceError(ErrorCode.CAMERA_UNAVAILABLE, f"{self._name} gives no pictures any more.")
        if image.ndim == 2:  # a pipeline that was not told video/x-raw,format=BGR
            image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
        return RawFrame(cast(ImageArray, image))

    def close(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None
