"""A Raspberry Pi camera through picamera2: two streams of one exposure, the small one made by the ISP."""

from __future__ import annotations

import contextlib
import time
from typing import Any, cast

import cv2

from edgeface.capture.source import RawFrame, SourceInfo
from edgeface.config import CameraConfig
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import ImageArray

# One buffer is held by us, one is picamera2's newest, two are the camera's. picamera2's default for video, six, costs
# contiguous memory (CMA) that small boards do not have (picamera2 issues 972, 1125).
_BUFFERS = 4
# A timestamp farther back than this is not of this frame: the sensor's clock is not what it should be.
_OLDEST_S = 1.0


class Picamera2Source:
    """Camera number ``index`` of libcamera. The library is loaded by :meth:`open` only."""

    def __init__(self, config: CameraConfig, index: int) -> None:
        self._config = config
        self._index = index
        self._camera: Any = None
        self._small_width = 0

    def open(self) -> SourceInfo:
        try:
            from picamera2 import Picamera2  # noqa: PLC0415 - comes from apt, on a Raspberry Pi only
        except Exception as error:  # a NumPy of another ABI raises ValueError while importing
            raise EdgeFaceError(
                ErrorCode.CONFIG_INVALID,
                f"picamera2 cannot be imported ({type(error).__name__}: {error}): apt install python3-picamera2, and "
                "a virtual environment made with --system-site-packages.",
            ) from error
        try:
            self._camera = Picamera2(self._index)
            size = self._configure()
            self._camera.start()
        except Exception as error:  # libcamera raises RuntimeError, IndexError and others
            raise EdgeFaceError(
                ErrorCode.CAMERA_UNAVAILABLE,
                f"picamera2 camera {self._index}: {error}. Is it connected, and does no other program use it?",
            ) from error
        return SourceInfo(f"picamera2 camera {self._index}", *size, fps=self._config.fps, live=True)

    def _configure(self) -> tuple[int, int]:
        config = self._config
        main = (config.width - config.width % 2, config.height - config.height % 2)
        lores = None
        if config.detect_width < main[0]:
            lores_width = config.detect_width - config.detect_width % 2
            lores = (lores_width, round(lores_width * main[1] / main[0] / 2) * 2)
        frame_us = round(1e6 / config.fps)
        camera = self._camera
        camera.configure(
            camera.create_video_configuration(
                main={"size": main, "format": "RGB888"},  # libcamera's name for bytes in the order B, G, R
                lores={"size": lores, "format": "YUV420"} if lores else None,  # the Pi 4's ISP makes no other
                raw=None,
                buffer_count=_BUFFERS,
                controls={"FrameDurationLimits": (frame_us, frame_us)},
                display=None,
                encode=None,
            )
        )
        chosen = camera.camera_configuration()
        self._small_width = chosen["lores"]["size"][0] if lores else 0
        width, height = chosen["main"]["size"]
        return width, height

    def read(self) -> RawFrame:
        """Waits for ever when the camera locks up (picamera2 issue 1090): the process around is killed then."""
        lores = None
        # The context manager gives the buffers back also when copying fails; a lost one stalls the camera.
        with self._camera.captured_request() as request:
            image = cast(ImageArray, request.make_array("main"))
            if self._small_width:
                lores = request.make_array("lores")
            taken_ns = request.get_metadata().get("SensorTimestamp")
        small = None
        if lores is not None:
            # Rows are padded to the ISP's stride; the planes are too, so it is cut off behind the conversion.
            small = cast(ImageArray, cv2.cvtColor(lores, cv2.COLOR_YUV2BGR_I420)[:, : self._small_width])
        return RawFrame(image, small, captured_at=_on_our_clock(taken_ns))

    def close(self) -> None:
        camera, self._camera = self._camera, None
        if camera is not None:
            with contextlib.suppress(Exception):
                camera.stop()
            camera.close()


def _on_our_clock(taken_ns: int | None) -> float | None:
    """libcamera's SensorTimestamp is of CLOCK_BOOTTIME, which goes on while the machine sleeps."""
    if taken_ns is None:
        return None
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - taken_ns / 1e9
    return time.monotonic() - age if 0 <= age <= _OLDEST_S else None
