from __future__ import annotations

from pathlib import Path

from edgeface.capture.camera import CameraState
from edgeface.capture.folder_source import FolderSource
from edgeface.capture.in_process import InProcessCamera


def test_no_frame_is_missed_and_times_are_the_streams(pictures: Path) -> None:
    camera = InProcessCamera(
        FolderSource(pictures, fps=4, loop=False), clock=lambda: 100.0, wall_clock=lambda: 1_700_000_000.0
    )
    assert camera.latest(0, 1.0) is None
    camera.start()
    assert camera.state is CameraState.RUNNING
    frames = [camera.latest(number, 1.0) for number in range(4)]
    assert [(frame.number, frame.captured_at, frame.wall_at) for frame in frames if frame] == [
        (1, 100.0, 1_700_000_000.0),
        (2, 100.25, 1_700_000_000.25),
        (3, 100.5, 1_700_000_000.5),
        (4, 100.75, 1_700_000_000.75),
    ]
    assert camera.latest(4, 1.0) is None
    assert camera.state is CameraState.ENDED
    assert camera.facts.frames == 4
    camera.stop()
    assert camera.state is CameraState.STOPPED


def test_a_failure_is_given_up_with_its_reason(pictures: Path, tmp_path: Path) -> None:
    nowhere = InProcessCamera(FolderSource(tmp_path / "nowhere", fps=4, loop=False))
    nowhere.start()
    assert nowhere.state is CameraState.GIVEN_UP
    camera = InProcessCamera(FolderSource(pictures, fps=4, loop=False))
    camera.start()
    assert camera.latest(0, 1.0) is not None
    (pictures / "001.png").write_bytes(b"damaged")
    assert camera.latest(1, 1.0) is None
    assert camera.state is CameraState.GIVEN_UP
    assert "001.png" in camera.facts.last_error
