"""Calls at the camera, through a daemon that watches a simulated one."""

from __future__ import annotations

import http.client
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edgeface.api.services import MOST_AT_CAMERA
from edgeface.client import Client
from edgeface.config import Config
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.event import EventKind
from tests.api.running import Running, make_config

PATIENCE_S = 60.0
EILEEN = 'who = "eileen"\nstart = 0\nend = 4\nface_width = 130\n'
NOBODY = 'who = "eileen"\nstart = 0\nend = 0.01\nface_width = 1\n'


@contextmanager
def terminal(shots: str, **sections: dict[str, Any]) -> Iterator[Running]:
    """A daemon with a camera that shows one person, or nobody, for ever."""
    pytest.importorskip("skimage")
    folder = Path(tempfile.mkdtemp(prefix="ef"))
    try:
        script = folder / "crowd.toml"
        people = '[[people]]\nname = "eileen"\nportrait = "eileen_collins"\n'
        script.write_text(f"seconds = 4\n{people}[[shots]]\n{shots}", encoding="utf-8")
        camera = {"source": f"simulated:{script}", "loop": True, "width": 320, "height": 240, "fps": 5}
        config = Config.model_validate(
            {
                **make_config(folder).model_dump(),
                "live": {"gate": "LOW", "max_distance_m": 5, "liveness": "none", **sections.pop("live", {})},
                "camera": {**camera, **sections.pop("camera", {})},
                **sections,
            }
        )
        running = Running(config)
        try:
            yield running
        finally:
            running.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait_until(happens: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := happens()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def watched() -> Iterator[Running]:
    """Eileen stands before the camera; the preview is on."""
    with terminal(EILEEN, camera={"preview": True}) as running:
        client = Client(running.socket)
        wait_until(lambda: client.camera().state == "running")
        yield running
        client.close()


@pytest.fixture(scope="module")
def deserted() -> Iterator[Running]:
    """Nobody comes."""
    with terminal(NOBODY) as running:
        with Client(running.socket) as client:
            wait_until(lambda: client.camera().state == "running")
        yield running


@pytest.fixture
def client(watched: Running) -> Iterator[Client]:
    with Client(watched.socket) as opened:
        yield opened


def test_the_cameras_state(client: Client) -> None:
    status = client.camera()
    assert (status.state, status.width, status.height, status.profile) == ("running", 320, 240, "none")
    assert status.source.startswith("simulated ")
    assert wait_until(lambda: client.camera().frames_looked_at) > 0


def test_enrol_then_identify_and_verify_the_next_face(client: Client) -> None:
    done = client.enrol_camera("crew", "eileen", user_info="pilot", timeout_s=PATIENCE_S)
    assert [(face.pose, 0 < face.quality <= 1) for face in done.faces] == [("front", True)]
    assert client.user("crew", "eileen")[0].user_info == "pilot"
    enrolled = [
        event for event in client.events(kinds=[EventKind.ENROLLED]).events if event.data["group_id"] == "crew"
    ]
    assert [event.data["user_id"] for event in enrolled] == ["eileen"]

    found = client.identify_camera(["crew"], timeout_s=PATIENCE_S)
    assert [(match.user_id, match.group_id) for match in found.matches] == [("eileen", "crew")]
    assert client.verify_camera("crew", "eileen", timeout_s=PATIENCE_S).accepted

    with pytest.raises(EdgeFaceError) as known:
        client.enrol_camera("crew", "somebody_else", timeout_s=PATIENCE_S)
    assert known.value.code is ErrorCode.PERSON_KNOWN
    assert known.value.context["user_id"] == "eileen"
    assert client.enrol_camera("crew", "twin", allow_known=True, timeout_s=PATIENCE_S).user_id == "twin"
    client.delete_group("crew")


def test_wrong_groups_and_users_are_told_at_once(client: Client) -> None:
    for call, code in (
        (lambda: client.identify_camera(["nowhere"], timeout_s=PATIENCE_S), ErrorCode.GROUP_NOT_FOUND),
        (lambda: client.verify_camera("nowhere", "x", timeout_s=PATIENCE_S), ErrorCode.GROUP_NOT_FOUND),
        (lambda: client.enrol_camera("bad id", "x"), ErrorCode.INVALID_ID),
        (lambda: client.enrol_camera(None, "x"), ErrorCode.INVALID_PARAMETER),
        (lambda: client.identify_camera(["x"], timeout_s=61), ErrorCode.INVALID_PARAMETER),
    ):
        with pytest.raises(EdgeFaceError) as refused:
            call()
        assert refused.value.code is code


def test_snapshot_and_preview(client: Client, watched: Running) -> None:
    assert client.camera_snapshot()[:2] == b"\xff\xd8"
    connection = http.client.HTTPConnection("localhost", timeout=PATIENCE_S)
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.sock.connect(str(watched.socket))
    connection.request("GET", "/v1/camera/preview?fps=15")
    response = connection.getresponse()
    assert response.headers["Content-Type"].startswith("multipart/x-mixed-replace")
    pictures = []
    while len(pictures) < 2:
        line = response.readline()
        if line.startswith(b"Content-Length:"):
            assert response.readline() == b"\r\n"
            pictures.append(response.read(int(line.split(b":")[1])))
    assert pictures[0] != pictures[1]
    assert all(picture[:2] == b"\xff\xd8" for picture in pictures)
    connection.close()


def test_metrics_tell_of_camera_loop_and_sinks(client: Client) -> None:
    text = client.metrics()
    assert 'edgeface_camera_state{state="running"} 1.0' in text
    for name in (
        "edgeface_camera_frames_total",
        "edgeface_camera_frames_dropped_total",
        "edgeface_camera_restarts_total",
        "edgeface_live_frames_looked_at_total",
        "edgeface_live_interval",
        "edgeface_live_tracks",
        'edgeface_live_events_total{kind="camera"}',
        'edgeface_stage_seconds_count{stage="live_find"}',
        'edgeface_stage_seconds_count{stage="live_frame"}',
    ):
        assert name in text


def test_nobody_comes(deserted: Running) -> None:
    with Client(deserted.socket) as client:
        client.add_group("anybody")
        with pytest.raises(EdgeFaceError) as nobody:
            client.identify_camera(["anybody"], timeout_s=0.5)
        assert nobody.value.code is ErrorCode.NOBODY
        assert nobody.value.context["hint"] == "look_here"
        client.delete_group("anybody")


def test_the_preview_is_off_unless_it_is_switched_on(deserted: Running) -> None:
    with Client(deserted.socket) as client, pytest.raises(EdgeFaceError) as refused:
        client.camera_snapshot()
    assert refused.value.code is ErrorCode.FORBIDDEN


def test_who_waits_takes_no_thread_of_the_crew_and_only_a_few_may_wait(deserted: Running, portrait: bytes) -> None:
    with Client(deserted.socket) as client:
        client.add_group("patience")
        threads = [threading.Thread(target=_identify_in_vain, args=(deserted.socket,)) for _ in range(MOST_AT_CAMERA)]
        for thread in threads:
            thread.start()
        wait_until(lambda: deserted.services.at_camera.running == MOST_AT_CAMERA)
        with pytest.raises(EdgeFaceError) as busy:
            client.identify_camera(["patience"], timeout_s=5)
        assert busy.value.code is ErrorCode.BUSY
        assert len(client.detect(portrait).faces) == 1
        for thread in threads:
            thread.join(PATIENCE_S)
        client.delete_group("patience")


def _identify_in_vain(path: Path) -> None:
    with Client(path) as client, pytest.raises(EdgeFaceError):
        client.identify_camera(["patience"], timeout_s=5)


def test_a_caller_who_hangs_up_is_not_waited_for(deserted: Running) -> None:
    with Client(deserted.socket) as client:
        client.add_group("gone")
    body = b'{"groups": ["gone"], "timeout_s": 60}'
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.connect(str(deserted.socket))
        head = "POST /v1/identify/camera HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        caller.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        wait_until(lambda: deserted.services.at_camera.running)
    wait_until(lambda: not deserted.services.at_camera.running)


def test_without_a_camera_the_calls_say_so(daemon: Running) -> None:
    with Client(daemon.socket) as client, pytest.raises(EdgeFaceError) as refused:
        client.camera()
    assert refused.value.code is ErrorCode.CAMERA_UNAVAILABLE


def test_a_door_that_cannot_tell_a_photograph_does_not_start() -> None:
    with pytest.raises(EdgeFaceError) as refused, terminal(NOBODY, live={"profile": "door", "liveness": "required"}):
        pass
    assert refused.value.code is ErrorCode.CONFIG_INVALID


def test_a_door_that_was_told_to_ignore_it_warns_and_takes_new_rules_without_losing_the_camera() -> None:
    with terminal(EILEEN, live={"profile": "door"}) as running, Client(running.socket) as client:
        wait_until(lambda: client.camera().frames_looked_at)
        warned = client.events(kinds=[EventKind.SYSTEM]).events
        assert "door_without_liveness" in [event.data.get("what") for event in warned]

        new = running.config.model_copy(update={"server": running.config.server.model_copy(update={"workers": 1})})
        live = new.live.model_copy(update={"profile": "kiosk"})
        running.daemon._reread = lambda: new.model_copy(update={"live": live})
        before = client.camera().frames
        running.on_loop(running.daemon.reload())
        wait_until(lambda: client.camera().profile == "kiosk" and client.camera().frames > before)
        assert client.camera().restarts == 0

        def wrong() -> Config:
            raise EdgeFaceError(ErrorCode.CONFIG_INVALID, "door.lockout_s: too long")

        running.daemon._reread = wrong
        running.on_loop(running.daemon.reload())
        assert client.camera().profile == "kiosk"
        unsafe = new.live.model_copy(update={"profile": "door", "liveness": "required"})
        running.daemon._reread = lambda: new.model_copy(update={"live": unsafe})
        running.on_loop(running.daemon.reload())
        assert client.camera().profile == "kiosk"
