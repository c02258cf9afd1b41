"""The Python client against a real daemon."""

from __future__ import annotations

import io
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from edgeface.client import Client
from edgeface.config import QualityThresholds
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import FaceOrder, QualityLevel, Template
from tests.api.running import Running, running

NONE = QualityLevel.NONE


@pytest.fixture
def client(daemon: Running):
    with Client(daemon.socket) as made:
        yield made


def test_the_daemon(client: Client) -> None:
    assert client.live()
    assert client.ready().ready and client.ready().reasons == ()
    info = client.info()
    assert info.role == "admin" and {"detector", "embedder"} <= set(info.features) and info.limits["max_faces"] == 10
    assert "edgeface_info" in client.metrics()
    assert client.openapi()["openapi"] == "3.1.0"


def test_pictures(client: Client, portrait: bytes, other_portrait: bytes) -> None:
    found = client.detect(portrait, pose=True, quality=True, max_faces=2, order=FaceOrder.CENTRAL, turned=False)
    face = found.faces[0]
    assert (found.width, found.height) == (512, 512)
    assert face.points.shape == (5, 2) and face.pose is not None and face.quality is not None
    assert face.landmarks is None and face.template is None
    strict = QualityThresholds(face_size=5000, blur=0.9)
    judged = client.detect(portrait, quality_control=QualityLevel.CUSTOM, thresholds=strict).faces[0]
    assert judged.verdict is not None and "face_width" in {item.measure for item in judged.verdict.violations}

    first, second = client.embed(portrait).template, client.embed(other_portrait).template
    assert first is not None and second is not None and first.vector.dtype == np.float32
    assert client.compare(portrait, portrait).same_person
    assert not client.compare(portrait, other_portrait, order=FaceOrder.LARGEST).same_person
    by_template, by_picture = client.compare_templates(first, second), client.compare(portrait, other_portrait)
    assert by_template.score == pytest.approx(by_picture.score, abs=0.01)
    assert by_picture.first is not None and by_template.first is None


def test_the_gallery(client: Client, portrait: bytes, other_portrait: bytes) -> None:
    enrolled = client.enrol(portrait, "client_a", "ada", user_info="Ünï ✓", quality_control=NONE)
    assert enrolled.record.face_token == enrolled.face.token
    template = client.embed(other_portrait).template
    assert template is not None
    client.enrol_template(template, "client_a", "grace")
    assert client.groups(length=1000).total >= 1
    assert [item.user_id for item in client.users("client_a").items] == ["ada", "grace"]

    assert client.identify(portrait, ["client_a"]).matches[0].user_info == "Ünï ✓"
    assert client.identify_template(template, ["client_a"])[0].user_id == "grace"
    assert client.identify_all(portrait, ["client_a"])[0].matches[0].user_id == "ada"
    assert client.verify(portrait, "client_a", "ada").accepted
    assert not client.verify(portrait, "client_a", "grace").accepted

    client.add_group("client_b")
    assert client.copy_user("ada", "client_a", "client_b") == 1
    assert {item.group_id for item in client.user(None, "ada")} >= {"client_a", "client_b"}
    assert client.set_user_info("client_b", "ada", "copy").user_info == "copy"
    assert client.user("client_a", "ada")[0].user_info == "Ünï ✓"
    replaced = client.enrol(other_portrait, "client_b", "ada", replace_faces=True, quality_control=NONE)
    assert [item.face_token for item in client.faces("client_b", "ada")] == [replaced.record.face_token]
    assert "client_b" in {item.group_id for item in client.face(replaced.record.face_token)}
    client.delete_face("client_b", "ada", replaced.record.face_token)
    assert client.delete_user("client_a", "grace") == 1
    assert client.delete_group("client_a") == 1
    client.delete_group("client_b")


def test_errors_are_the_catalogues(client: Client, portrait: bytes, no_face: bytes) -> None:
    for call, code in (
        (lambda: client.embed(no_face), ErrorCode.NO_FACE),
        (lambda: client.embed(b"GIF89a" + b"\0" * 99), ErrorCode.IMAGE_FORMAT),
        (lambda: client.identify(portrait, ["client_none"]), ErrorCode.GROUP_NOT_FOUND),
        (lambda: client.identify(portrait, []), ErrorCode.INVALID_PARAMETER),
        (lambda: client.users("a/b"), ErrorCode.INVALID_ID),
        (lambda: client.users("../x"), ErrorCode.INVALID_ID),
        (lambda: client.add_group("nul\0"), ErrorCode.INVALID_ID),
        (lambda: client.detect(b"\0" * 2_000_001), ErrorCode.REQUEST_TOO_LARGE),
        (lambda: client.detect(b"\0" * 20_000_000), ErrorCode.REQUEST_TOO_LARGE),
        (
            lambda: client.compare_templates(
                Template(np.ones(3, np.float32), "other"), Template(np.ones(3, np.float32), "other")
            ),
            ErrorCode.CONTRACT_MISMATCH,
        ),
    ):
        with pytest.raises(EdgeFaceError) as caught:
            call()
        assert caught.value.code is code
        assert len(caught.value.context["request_id"]) == 16
        assert caught.value.message.count(code.spec.message) == 1
    level = QualityThresholds(face_size=5000)
    with pytest.raises(EdgeFaceError) as caught:
        client.embed(portrait, quality_control=QualityLevel.CUSTOM, thresholds=level)
    assert caught.value.code is ErrorCode.QUALITY and caught.value.context["violations"]


def test_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(EdgeFaceError) as caught:
        Client(tmp_path / "nothing").live()
    assert caught.value.code is ErrorCode.UNREACHABLE


def test_an_answer_that_does_not_come(tmp_path: Path) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as silent:
        silent.bind(f"{folder}/s")
        silent.listen()
        with pytest.raises(EdgeFaceError) as caught:
            Client(f"{folder}/s", timeout=0.2).live()
    assert caught.value.code is ErrorCode.DEADLINE


def test_one_client_serves_many_threads(client: Client, portrait: bytes) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: len(client.detect(portrait, max_faces=1).faces), range(24)))
    assert found == [1] * 24


def test_a_daemon_that_was_restarted_is_found_again(portrait: bytes) -> None:
    with running() as first, Client(first.socket) as client:
        assert client.live()
        first.stop()
        with pytest.raises(EdgeFaceError) as caught:
            client.live()
        assert caught.value.code is ErrorCode.UNREACHABLE


def test_archives(portrait: bytes, tmp_path: Path) -> None:
    with running() as daemon, Client(daemon.socket) as client:
        client.enrol(portrait, "staff", "ada", quality_control=NONE)
        with (tmp_path / "archive").open("wb") as target:
            size = client.export_gallery(target, "pass phrase ü")
        assert (tmp_path / "archive").stat().st_size == size > 0
        assert client.erase_gallery().faces == 1
        with (tmp_path / "archive").open("rb") as source:
            assert client.import_gallery(source, "pass phrase ü").faces_added == 1
        with pytest.raises(EdgeFaceError) as caught:
            client.import_gallery(io.BytesIO(b"no archive"), "pass phrase ü")
        assert caught.value.code is ErrorCode.ARCHIVE_INVALID
        assert client.users("staff").total == 1


def test_a_client_needs_neither_models_nor_a_server_library() -> None:
    check = "import sys, edgeface.client; print({'cv2', 'onnxruntime', 'aiohttp', 'hnswlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "set()"


def test_a_connection_is_kept_between_calls(daemon: Running) -> None:
    with Client(daemon.socket) as client:
        before = daemon.daemon._server._connections.open
        for _ in range(5):
            client.live()
        assert daemon.daemon._server._connections.open - before <= 1
    for _ in range(200):
        if daemon.daemon._server._connections.open <= before:
            break
        time.sleep(0.02)
    assert threading.active_count() < 100
