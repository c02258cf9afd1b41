"""Folders, videos, streams, devices: what they give, when they end, and what they say when they cannot."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface.capture.folder_source import FolderSource
from edgeface.capture.open_source import open_source, shown
from edgeface.capture.source import RawFrame, Source
from edgeface.capture.stream_source import GStreamerSource
from edgeface.capture.v4l2_source import V4l2Source
from edgeface.capture.video_source import VideoSource
from edgeface.config import CameraConfig
from edgeface.errors import EdgeFaceError, ErrorCode
from tests.capture.conftest import plain


def all_of(source: Source, most: int = 100) -> list[RawFrame]:
    source.open()
    frames = []
    while len(frames) < most and (frame := source.read()) is not None:
        frames.append(frame)
    source.close()
    return frames


def greys(frames: list[RawFrame]) -> list[int]:
    return [round(float(frame.image.mean()) / 40) * 40 for frame in frames]


def failure(source: Source) -> EdgeFaceError:
    with pytest.raises(EdgeFaceError) as caught:
        all_of(source)
    source.close()
    return caught.value


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Five frames at 10 a second: 40, 80, 120, 160, 200."""
    file = tmp_path / "video.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 10, (160, 120))
    for value in range(40, 201, 40):
        writer.write(plain(value))
    writer.release()
    return file


# ------------------------------------------------------------------ folder


def test_a_folder_is_shown_by_name_at_its_rate(pictures: Path) -> None:
    (pictures / "notes.txt").write_text("not a picture")
    frames = all_of(FolderSource(pictures, fps=4, loop=False))
    assert greys(frames) == [40, 80, 120, 160]
    assert [frame.due_s for frame in frames] == [0, 0.25, 0.5, 0.75]


def test_a_looped_folder_begins_again_with_what_is_there_then(pictures: Path) -> None:
    source = FolderSource(pictures, fps=4, loop=True)
    source.open()
    frames = [source.read() for _ in range(4)]
    (pictures / "000.png").unlink()
    frames += [source.read() for _ in range(4)]
    got = [frame for frame in frames if frame is not None]
    assert greys(got) == [40, 80, 120, 160, 80, 120, 160, 80]
    assert got[-1].due_s == 7 / 4


def test_a_folder_that_is_no_use_says_why(tmp_path: Path, pictures: Path) -> None:
    assert "No such file" in failure(FolderSource(tmp_path / "nowhere", fps=4, loop=False)).message
    (tmp_path / "empty").mkdir()
    assert "no picture" in failure(FolderSource(tmp_path / "empty", fps=4, loop=False)).message
    (pictures / "001.png").write_bytes(b"damaged")
    error = failure(FolderSource(pictures, fps=4, loop=False))
    assert error.code is ErrorCode.CAMERA_UNAVAILABLE
    assert "001.png" in error.message


# ------------------------------------------------------------------ video


def test_a_video_is_shown_by_its_own_timestamps(video: Path) -> None:
    frames = all_of(VideoSource(video, loop=False))
    assert greys(frames) == [40, 80, 120, 160, 200]
    times = [frame.due_s or 0.0 for frame in frames]
    assert np.allclose(np.diff(times), 0.1, atol=0.01)


def test_a_looped_video_goes_on_in_time(video: Path) -> None:
    frames = all_of(VideoSource(video, loop=True), most=12)
    assert greys(frames) == [40, 80, 120, 160, 200] * 2 + [40, 80]
    assert np.allclose(np.diff([frame.due_s or 0.0 for frame in frames]), 0.1, atol=0.06)


def test_a_video_that_disappears_is_not_an_end(video: Path) -> None:
    source = VideoSource(video, loop=True)
    source.open()
    source.read()
    video.unlink()
    with pytest.raises(EdgeFaceError) as caught:
        for _ in range(20):
            source.read()
    assert caught.value.code is ErrorCode.CAMERA_UNAVAILABLE
    assert "No such file" in caught.value.message


def test_what_is_no_video_says_so(tmp_path: Path) -> None:
    assert "No such file" in failure(VideoSource(tmp_path / "nowhere.mp4", loop=False)).message
    (tmp_path / "text.mp4").write_text("text")
    assert "not a video" in failure(VideoSource(tmp_path / "text.mp4", loop=False)).message


# ------------------------------------------------------------------ cameras


def test_a_missing_device_says_so(tmp_path: Path) -> None:
    error = failure(V4l2Source(CameraConfig(), tmp_path / "video0"))
    assert error.code is ErrorCode.CAMERA_UNAVAILABLE
    assert "camera list" in error.message


def test_a_device_that_is_no_camera_says_so() -> None:
    assert "cannot be opened" in failure(V4l2Source(CameraConfig(), Path("/dev/null"))).message


def test_gstreamer_says_when_this_opencv_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2.videoio_registry, "hasBackend", lambda _: False)
    error = failure(open_source(CameraConfig(source="gstreamer:videotestsrc ! appsink")))
    assert error.code is ErrorCode.CONFIG_INVALID
    assert "built without GStreamer" in error.message


def test_a_pipeline_gets_its_numbers_and_must_end_in_appsink(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    class Capture:
        def __init__(self, pipeline: str, _: int) -> None:
            opened.append(pipeline)

        def isOpened(self) -> bool:
            return True

        def get(self, _: int) -> float:
            return 0.0

        def read(self) -> tuple[bool, object]:
            return True, np.full((4, 6), 9, np.uint8)

        def release(self) -> None:
            pass

    monkeypatch.setattr(cv2.videoio_registry, "hasBackend", lambda _: True)
    monkeypatch.setattr(cv2, "VideoCapture", Capture)
    config = CameraConfig(width=1920, height=1080, fps=29.97)
    assert "appsink" in failure(GStreamerSource(config, "videotestsrc")).message
    source = GStreamerSource(config, "src ! w={width},h={height},r={fps}/1 ! appsink drop=true")
    source.open()
    assert opened == ["src ! w=1920,h=1080,r=30/1 ! appsink drop=true"]
    frame = source.read()
    assert frame.image.shape == (4, 6, 3)  # grey becomes BGR
    assert frame.due_s is None


@pytest.mark.parametrize("source", ["none", "webcam", "v4l2:", "file:", "picamera2:front", "http://host/video"])
def test_an_unknown_source_is_a_configuration_error(source: str) -> None:
    with pytest.raises(EdgeFaceError) as caught:
        open_source(CameraConfig(source=source))
    assert caught.value.code is ErrorCode.CONFIG_INVALID
    assert "simulated:SCRIPT.toml" in caught.value.message


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("rtsp://user:p@ss@10.0.0.2:554/live?x=1", "rtsp://10.0.0.2:554/live?x=1"),
        ("rtsp://10.0.0.2/live@home", "rtsp://10.0.0.2/live@home"),
        ("v4l2:/dev/video0", "v4l2:/dev/video0"),
        ("gstreamer:rtspsrc user-id=a user-pw=b ! appsink", "gstreamer:rtspsrc user-id=a user-pw=*** ! appsink"),
        (
            "gstreamer:rtspsrc location=rtsp://a:b@host/x ! appsink",
            "gstreamer:rtspsrc location=rtsp://host/x ! appsink",
        ),
    ],
)
def test_passwords_are_not_shown(source: str, expected: str) -> None:
    assert shown(source) == expected


@pytest.mark.skipif(not list(Path("/dev").glob("video*")), reason="this machine has no /dev/video*")
def test_a_real_camera_gives_pictures() -> None:
    from edgeface.capture.devices import v4l2_devices

    usable = [device for device in v4l2_devices() if device.usable]
    if not usable:
        pytest.skip("none of this machine's /dev/video* takes pictures")
    source = open_source(CameraConfig(source=usable[0].source, width=640, height=480))
    info = source.open()
    frames = [source.read() for _ in range(5)]
    source.close()
    assert info.live
    assert all(frame is not None and frame.image.shape[2] == 3 for frame in frames)
