"""Cameras of coloured pictures, and waiting for what a process does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface.capture.camera import CameraChange
from edgeface.capture.process import CameraProcess
from edgeface.config import CameraConfig
from edgeface.types import ImageArray

PATIENCE_S = 30.0
"""Far more than anything here takes: only a test that fails waits so long."""

StartCamera = Callable[..., CameraProcess]


def wait_until(happens: Callable[[], object]) -> None:
    """Wait until it is true; fails the test when it never is."""
    deadline = time.monotonic() + PATIENCE_S
    while not happens():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


def plain(value: int, width: int = 160, height: int = 120) -> ImageArray:
    """A picture of one grey."""
    return np.full((height, width, 3), value, np.uint8)


def gone(pid: int) -> bool:
    """Whether the process is no more (a zombie is no more, either)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True
    return stat.rpartition(")")[2].split()[0] in ("Z", "X")


def fill(folder: Path, count: int = 4) -> Path:
    """A folder of plain pictures: 40, 80, 120 ..."""
    folder.mkdir()
    for number in range(count):
        cv2.imwrite(str(folder / f"{number:03}.png"), plain(40 * (number + 1)))
    return folder


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return fill(tmp_path / "pictures")


@pytest.fixture
def changes() -> list[CameraChange]:
    """What the camera of ``start_camera`` told."""
    return []


@pytest.fixture
def start_camera(pictures: Path, changes: list[CameraChange]) -> Iterator[StartCamera]:
    """``start_camera(heartbeat_s=1)``: a camera of the folder of pictures, looped; stopped afterwards."""
    started: list[CameraProcess] = []

    def start(**fields: object) -> CameraProcess:
        settings = {"source": f"folder:{pictures}", "loop": True, "fps": 30, "width": 160, "height": 120}
        camera = CameraProcess(CameraConfig.model_validate(settings | fields), changes.append)
        started.append(camera)
        camera.start()
        return camera

    yield start
    for camera in started:
        camera.stop()
