"""A camera in its own process: killed, hung, unplugged, given up, stopped; and nothing is left of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from edgeface.capture.camera import CameraChange, CameraState
from edgeface.capture.process import CameraProcess
from edgeface.capture.report import Report
from edgeface.capture.ring import FrameRing, RingShape
from edgeface.config import CameraConfig
from tests.capture.conftest import PATIENCE_S, StartCamera, fill, gone, plain, wait_until


def states(changes: list[CameraChange]) -> list[str]:
    return [change.state.value for change in changes]


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def next_number(camera: CameraProcess, after: int = 0) -> int:
    frame = camera.latest(after, PATIENCE_S)
    assert frame is not None
    return frame.number


def test_frames_come_in_order_with_their_times(start_camera: StartCamera, changes: list[CameraChange]) -> None:
    camera = start_camera()
    number, captured_at, seen = 0, 0.0, set()
    for _ in range(12):
        frame = camera.latest(number, PATIENCE_S)
        assert frame is not None
        assert frame.number > number
        assert frame.captured_at > captured_at
        number, captured_at = frame.number, frame.captured_at
        seen.add(int(frame.image[0, 0, 0]))
        assert frame.small is frame.image  # no larger than detect_width
    assert seen <= {40, 80, 120, 160}
    assert len(seen) > 1
    wait_until(lambda: states(changes) == ["starting", "running"])
    facts = camera.facts
    assert facts.frames >= number
    assert (facts.width, facts.height) == (160, 120)
    assert facts.first_frame_s is not None


def test_pictures_are_turned_and_made_small_but_never_mirrored(start_camera: StartCamera, pictures: Path) -> None:
    import cv2

    image = plain(0)
    image[:60, :80] = 250  # bright above on the left
    for file in pictures.iterdir():
        cv2.imwrite(str(file), image)
    camera = start_camera(rotate=90, mirror=True, detect_width=96)
    frame = camera.latest(0, PATIENCE_S)
    assert frame is not None
    assert frame.image.shape == (160, 120, 3)
    assert frame.small.shape == (96, 72, 3)
    for picture in (frame.image, frame.small):
        assert picture[5, -5, 0] > 200  # clockwise: above on the right
        assert picture[5, 5, 0] < 50
        assert picture[-5, -5, 0] < 50


def test_killed_is_restarted_and_numbers_go_on(start_camera: StartCamera, changes: list[CameraChange]) -> None:
    camera = start_camera()
    number = next_number(camera)
    pid = camera.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: camera.facts.restarts == 1)
    assert next_number(camera, camera.facts.frames) > number
    wait_until(lambda: states(changes) == ["starting", "running", "restarting", "running"])
    assert "signal 9" in changes[2].reason
    assert "signal 9" in camera.facts.last_error
    assert camera.pid != pid


def test_hung_is_killed_by_the_heartbeat_and_restarted(
    start_camera: StartCamera, changes: list[CameraChange]
) -> None:
    camera = start_camera(heartbeat_s=0.5)
    next_number(camera)
    pid = camera.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: states(changes)[:4] == ["starting", "running", "restarting", "running"])
    assert "no frame for 0.5 s" in changes[2].reason
    assert gone(pid)


def test_unplugged_is_given_up_and_comes_back(
    start_camera: StartCamera, changes: list[CameraChange], pictures: Path
) -> None:
    camera = start_camera(restarts=1, retry_s=1.01)
    next_number(camera)
    shutil.move(pictures, pictures.with_name("drawer"))
    wait_until(lambda: camera.state is CameraState.GIVEN_UP)
    assert states(changes) == ["starting", "running", "restarting", "given_up"]
    assert "No such file" in changes[3].reason
    assert camera.latest(0, 0.0) is None  # nothing old is shown as new
    shutil.move(pictures.with_name("drawer"), pictures)
    wait_until(lambda: camera.state is CameraState.RUNNING)
    next_number(camera, camera.facts.frames)
    wait_until(lambda: states(changes)[-1] == "running")


def test_a_wrong_source_is_given_up_at_once_with_the_reason(start_camera: StartCamera) -> None:
    camera = start_camera(source="gramophone:1")
    wait_until(lambda: camera.state is CameraState.GIVEN_UP)
    assert camera.facts.restarts == 0
    assert "gramophone" in camera.facts.last_error


def test_the_end_is_an_end(start_camera: StartCamera, changes: list[CameraChange]) -> None:
    camera = start_camera(loop=False)
    wait_until(lambda: camera.state is CameraState.ENDED)
    wait_until(lambda: states(changes) == ["starting", "running", "ended"])
    frame = camera.latest(0, 0.0)
    assert frame is not None
    assert frame.number == 4
    assert (frame.image == 160).all()
    assert camera.latest(4, PATIENCE_S) is None
    assert camera.pid is None


def test_a_reader_that_waits_is_told_at_once_that_it_stopped(start_camera: StartCamera) -> None:
    camera = start_camera(fps=0.1)
    number = next_number(camera)
    answers: list[object] = []
    reader = threading.Thread(target=lambda: answers.append(camera.latest(number, PATIENCE_S)))
    reader.start()
    camera.stop()
    reader.join(PATIENCE_S / 2)
    assert answers == [None]


def test_stopped_leaves_nothing(start_camera: StartCamera, changes: list[CameraChange]) -> None:
    shared = set(Path("/dev/shm").iterdir())
    descriptors = open_descriptors()
    threads = threading.active_count()
    camera = start_camera()
    next_number(camera)
    pid = camera.pid
    assert pid is not None
    camera.stop()
    camera.stop()
    assert gone(pid)
    assert camera.state is CameraState.STOPPED
    assert states(changes)[-1] == "stopped"
    assert camera.latest(0, PATIENCE_S) is None
    assert open_descriptors() == descriptors
    assert threading.active_count() == threads
    assert set(Path("/dev/shm").iterdir()) == shared
    camera.start()
    assert next_number(camera) > 0


def test_a_stopped_process_does_not_keep_stop_waiting(start_camera: StartCamera) -> None:
    camera = start_camera(heartbeat_s=60)
    next_number(camera)
    pid = camera.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    camera.stop()
    assert gone(pid)


def test_signals_of_the_terminal_and_of_systemd_are_the_parents_business(start_camera: StartCamera) -> None:
    camera = start_camera()
    number = next_number(camera)
    pid = camera.pid
    assert pid is not None
    for number_of_signal in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(pid, number_of_signal)
    next_number(camera, number + 3)
    assert camera.pid == pid


def test_the_command_line_does_not_show_the_source(start_camera: StartCamera) -> None:
    camera = start_camera(source="rtsp://user:secret@127.0.0.1:1/stream")
    wait_until(lambda: camera.pid or camera.facts.last_error)
    pid = camera.pid
    if pid is not None:
        assert b"secret" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    wait_until(lambda: camera.facts.last_error)
    assert "rtsp://127.0.0.1:1/stream cannot be opened" in camera.facts.last_error
    assert "secret" not in camera.facts.last_error


def test_it_dies_with_its_parent(pictures: Path) -> None:
    code = (
        "import sys, time\n"
        "from edgeface.capture.process import CameraProcess\n"
        "from edgeface.config import CameraConfig\n"
        f"camera = CameraProcess(CameraConfig(source='folder:{pictures}', loop=True))\n"
        "camera.start()\n"
        "assert camera.latest(0, 30)\n"
        "print(camera.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    shared = set(Path("/dev/shm").iterdir())
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert not gone(child)
    parent.kill()
    parent.wait()
    wait_until(lambda: gone(child))
    assert set(Path("/dev/shm").iterdir()) == shared


class Unkillable:
    """A process in a system call that never returns: it says nothing, and cannot be ended."""

    pid = 0

    def __init__(self, log: list[str]) -> None:
        self.ring = FrameRing.create(RingShape(2, 300, 300))
        self.report_fd, self._writing = os.pipe()
        os.set_blocking(self.report_fd, False)
        self._log = log

    def hear(self) -> list[Report]:
        return []

    def end(self, *, orderly: bool) -> str:
        self._log.append("orderly" if orderly else "kill")
        os.close(self._writing)
        os.close(self.report_fd)
        return "cannot be killed"

    @property
    def gone(self) -> bool:
        return False


def test_a_process_that_cannot_be_killed_is_left_behind() -> None:
    log: list[str] = []
    config = CameraConfig(source="v4l2:/dev/video9", start_timeout_s=0.6, restarts=1)
    camera = CameraProcess(config, launch=lambda _config, _first: Unkillable(log))
    camera.start()
    wait_until(lambda: camera.state is CameraState.GIVEN_UP)
    assert log == ["kill", "kill"]
    assert camera.facts.last_error == "no first frame for 0.6 s"
    camera.stop()
    assert camera.state is CameraState.STOPPED


def test_a_process_that_cannot_be_started_is_a_failure_like_others() -> None:
    def launch(_config: CameraConfig, _first: int) -> Unkillable:
        raise OSError(12, "Cannot allocate memory")

    camera = CameraProcess(CameraConfig(source="v4l2:/dev/video9", restarts=0), launch=launch)
    camera.start()
    wait_until(lambda: camera.state is CameraState.GIVEN_UP)
    assert "Cannot allocate memory" in camera.facts.last_error
    camera.stop()


def test_a_listener_that_fails_does_not_stop_the_camera(pictures: Path) -> None:
    def complain(_: CameraChange) -> None:
        raise RuntimeError("listener")

    camera = CameraProcess(CameraConfig(source=f"folder:{pictures}", loop=True), complain)
    camera.start()
    try:
        assert next_number(camera) > 0
    finally:
        camera.stop()


def test_larger_pictures_than_configured_are_shrunk(start_camera: StartCamera, tmp_path: Path) -> None:
    import cv2

    folder = fill(tmp_path / "large", 1)
    cv2.imwrite(str(folder / "000.png"), np.zeros((400, 300, 3), np.uint8))
    camera = start_camera(source=f"folder:{folder}")
    frame = camera.latest(0, PATIENCE_S)
    assert frame is not None
    assert frame.image.shape == (160, 120, 3)


@pytest.mark.parametrize("fault", ["unplugged", "hung"])
def test_a_simulated_camera_fails_as_its_script_says(start_camera: StartCamera, tmp_path: Path, fault: str) -> None:
    script = tmp_path / "script.toml"
    script.write_text(f'seconds = 60\n[[faults]]\nat = 0.3\nkind = "{fault}"\n')
    camera = start_camera(source=f"simulated:{script}", heartbeat_s=0.5, restarts=0)
    wait_until(lambda: camera.state is CameraState.GIVEN_UP)
    assert camera.facts.frames == 9
    assert camera.facts.last_error.startswith("The simulated camera was" if fault == "unplugged" else "no frame for")
