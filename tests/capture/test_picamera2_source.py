"""The Raspberry Pi camera against a stand-in for picamera2: every buffer goes back, times and colours are right."""

from __future__ import annotations

import contextlib
import sys
import time
import types
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest

from edgeface.capture.open_source import open_source
from edgeface.capture.picamera2_source import Picamera2Source
from edgeface.config import CameraConfig
from edgeface.errors import EdgeFaceError, ErrorCode

STRIDE = 384  # the ISP pads rows of 320 pixels


class Request:
    def __init__(self, camera: FakePicamera2) -> None:
        self.camera = camera

    def make_array(self, name: str) -> Any:
        if self.camera.breaks:
            raise RuntimeError("no memory to copy")
        width, height = self.camera.configuration[name]["size"]
        if name == "main":
            return np.full((height, width, 3), (200, 100, 50), np.uint8)
        yuv = cv2.cvtColor(np.full((height, STRIDE, 3), (200, 100, 50), np.uint8), cv2.COLOR_BGR2YUV_I420)
        return yuv.reshape(height * 3 // 2, STRIDE)

    def get_metadata(self) -> dict[str, Any]:
        boot = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        return {"SensorTimestamp": boot - self.camera.age_ns}

    def release(self) -> None:
        self.camera.held -= 1


class FakePicamera2:
    """What of picamera2 the source uses, with the signatures of picamera2 0.3.19 and later."""

    made: FakePicamera2 | None = None

    def __init__(self, camera_num: int = 0) -> None:
        if camera_num > 1:
            raise IndexError("list index out of range")
        self.number = camera_num
        self.held = self.most_held = 0
        self.breaks = False
        self.age_ns = 40_000_000
        self.configuration: dict[str, Any] = {}
        self.running = self.closed = False
        type(self).made = self

    def create_video_configuration(
        self,
        main: Any,
        lores: Any,
        raw: Any,
        transform: Any = None,
        colour_space: Any = None,
        buffer_count: int = 6,
        controls: Any = None,
        display: Any = "main",
        encode: Any = "main",
        queue: bool = True,
    ) -> dict[str, Any]:
        return {"main": main, "lores": lores, "raw": raw, "buffer_count": buffer_count, "controls": controls}

    def configure(self, configuration: dict[str, Any]) -> None:
        self.configuration = configuration

    def camera_configuration(self) -> dict[str, Any]:
        return self.configuration

    def start(self) -> None:
        self.running = True

    @contextlib.contextmanager
    def captured_request(self, wait: Any = None, flush: Any = None) -> Iterator[Request]:
        self.held += 1
        self.most_held = max(self.most_held, self.held)
        request = Request(self)
        try:
            yield request
        finally:
            request.release()

    def stop(self) -> None:
        self.running = False

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> type[FakePicamera2]:
    module = types.ModuleType("picamera2")
    module.Picamera2 = FakePicamera2  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    monkeypatch.setattr(FakePicamera2, "made", None)
    return FakePicamera2


def camera_of(library: type[FakePicamera2]) -> FakePicamera2:
    assert library.made is not None
    return library.made


CONFIG = CameraConfig(source="picamera2:1", width=1280, height=720, detect_width=320, fps=20)


def test_two_streams_of_one_view_are_configured(library: type[FakePicamera2]) -> None:
    source = open_source(CONFIG)
    info = source.open()
    camera = camera_of(library)
    assert camera.number == 1
    assert (info.width, info.height, info.live) == (1280, 720, True)
    assert camera.configuration["main"] == {"size": (1280, 720), "format": "RGB888"}
    assert camera.configuration["lores"] == {"size": (320, 180), "format": "YUV420"}
    assert camera.configuration["raw"] is None
    assert camera.configuration["buffer_count"] == 4
    assert camera.configuration["controls"]["FrameDurationLimits"] == (50_000, 50_000)


def test_pictures_are_bgr_without_the_padding(library: type[FakePicamera2]) -> None:
    source = Picamera2Source(CONFIG, 0)
    source.open()
    frame = source.read()
    assert frame.image.shape == (720, 1280, 3)
    assert frame.small is not None
    assert frame.small.shape == (180, 320, 3)
    assert tuple(frame.image[0, 0]) == (200, 100, 50)
    assert np.abs(frame.small.astype(int) - (200, 100, 50)).max() <= 4


def test_every_buffer_goes_back(library: type[FakePicamera2]) -> None:
    source = Picamera2Source(CONFIG, 0)
    source.open()
    camera = camera_of(library)
    for _ in range(20):
        source.read()
    camera.breaks = True
    with pytest.raises(RuntimeError, match="no memory"):
        source.read()
    assert (camera.held, camera.most_held) == (0, 1)
    source.close()
    source.close()
    assert camera.closed
    assert not camera.running


def test_the_time_is_the_sensors_on_our_clock(library: type[FakePicamera2]) -> None:
    source = Picamera2Source(CONFIG, 0)
    source.open()
    before = time.monotonic()
    taken = source.read().captured_at
    assert taken is not None
    assert before - 0.041 < taken < time.monotonic()
    camera_of(library).age_ns = 3_600_000_000_000  # a clock that is not ours
    assert source.read().captured_at is None


def test_no_small_stream_where_the_main_one_is_small(library: type[FakePicamera2]) -> None:
    source = Picamera2Source(CONFIG.model_copy(update={"detect_width": 1280}), 0)
    source.open()
    assert camera_of(library).configuration["lores"] is None
    assert source.read().small is None


def test_a_camera_that_is_not_there_says_so(library: type[FakePicamera2]) -> None:
    with pytest.raises(EdgeFaceError) as caught:
        Picamera2Source(CONFIG, 7).open()
    assert caught.value.code is ErrorCode.CAMERA_UNAVAILABLE


@pytest.mark.parametrize(
    "error", [ImportError("No module named 'picamera2'"), ValueError("numpy.dtype size changed")]
)
def test_a_library_that_cannot_be_imported_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    class Finder:
        def find_spec(self, name: str, *_: Any) -> None:
            if name == "picamera2":
                raise error

    monkeypatch.delitem(sys.modules, "picamera2", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    with pytest.raises(EdgeFaceError) as caught:
        Picamera2Source(CONFIG, 0).open()
    assert caught.value.code is ErrorCode.CONFIG_INVALID
    assert "--system-site-packages" in caught.value.message
    assert str(error) in caught.value.message
