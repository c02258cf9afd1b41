"""``edgeface camera``: list, test and preview, on folders and on the simulated camera."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface.capture import devices
from edgeface.capture.devices import Device
from tests.cli.conftest import Run

SMALL = {"EDGEFACE_CAMERA__WIDTH": "320", "EDGEFACE_CAMERA__HEIGHT": "240", "EDGEFACE_CAMERA__FPS": "20"}


@pytest.fixture
def small_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SMALL.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def somebody(tmp_path: Path, small_camera: None) -> str:
    """A simulated camera before which Eileen Collins stands."""
    pytest.importorskip("skimage")
    script = tmp_path / "somebody.toml"
    script.write_text(
        '[[people]]\nname = "eileen"\nportrait = "eileen_collins"\n'
        '[[shots]]\nwho = "eileen"\nstart = 0\nend = 30\nface_width = 90\nx = 0.2\n'
    )
    return f"simulated:{script}"


@pytest.fixture
def nobody(tmp_path: Path, small_camera: None) -> str:
    """A folder of three grey pictures, shown once."""
    folder = tmp_path / "nobody"
    folder.mkdir()
    for number in range(3):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((120, 160, 3), 90, np.uint8))
    return f"folder:{folder}"


def test_list_names_each_cameras_source(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    found = (
        Device("picamera2:0", "imx708", "libcamera"),
        Device("v4l2:/dev/video0", "Some [camera]", "uvcvideo", "usb-1", ("MJPG",), "no access"),
    )
    monkeypatch.setattr(devices, "list_devices", lambda: found)
    cameras = run("camera", "list", "--json").data["cameras"]
    assert [(camera["source"], camera["usable"]) for camera in cameras] == [
        ("picamera2:0", True),
        ("v4l2:/dev/video0", False),
    ]
    assert cameras[1]["formats"] == ["MJPG"]
    text = run("camera", "list").out
    assert "Some [camera]" in text
    assert "no access" in text


def test_no_camera_is_an_answer(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "list_devices", lambda: ())
    assert run("camera", "list", "--json").data == {"cameras": []}
    assert "no camera found" in run("camera", "list").out


def test_test_measures_and_finds_the_face(run: Run, somebody: str) -> None:
    ran = run("camera", "test", "--source", somebody, "--seconds", "0.5", "--json")
    assert ran.code == 0
    assert ran.envelope["command"] == "camera test"
    data = ran.data
    assert (data["width"], data["height"]) == (320, 240)
    assert data["frames"] >= 2
    assert data["fps"] > 0
    assert data["first_frame_s"] > 0
    assert len(data["faces"]) == 1
    assert data["faces"][0]["box"]["width"] > 40


def test_test_says_it_in_words(run: Run, somebody: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEFACE_CAMERA__SOURCE", somebody)
    text = run("camera", "test", "--seconds", "0.2").out
    assert "320 x 240" in text
    assert "first frame" in text
    assert "1 face" in text
    assert "on the left" in text


def test_a_short_film_of_nobody_ends_by_itself(run: Run, nobody: str) -> None:
    data = run("camera", "test", "--source", nobody, "--json").data
    assert data["frames"] == 3
    assert data["faces"] == []
    assert data["light"] == 90


@pytest.mark.parametrize("command", ["test", "preview"])
def test_a_camera_that_does_not_work_says_why(run: Run, command: str, tmp_path: Path) -> None:
    options = ("--out", tmp_path / "x.jpg") if command == "preview" else ()
    ran = run("camera", command, "--source", "v4l2:/dev/video99", *options, "--json")
    assert ran.code == 6
    assert ran.error["code"] == "camera_unavailable"
    assert "/dev/video99 is not there" in ran.error["message"]
    assert ran.err == ""
    assert not (tmp_path / "x.jpg").exists()


def test_no_configured_camera_is_a_wrong_call(run: Run) -> None:
    ran = run("camera", "test", "--json")
    assert ran.code == 2
    assert "--source" in ran.error["message"]


def test_preview_writes_one_snapshot(run: Run, somebody: str, tmp_path: Path) -> None:
    out = tmp_path / "made" / "snapshot.jpg"
    ran = run("camera", "preview", "--source", somebody, "--out", out, "--json")
    (picture,) = ran.data["pictures"]
    assert picture["file"] == str(out)
    assert len(picture["faces"]) == 1
    image = cv2.imread(str(out))
    assert image is not None
    assert image.shape == (240, 320, 3)


def test_preview_fills_a_folder(run: Run, somebody: str, tmp_path: Path) -> None:
    out = tmp_path / "frames"
    text = run("camera", "preview", "--source", somebody, "--out", out, "--count", "3", "--every", "0").out
    files = sorted(out.iterdir())
    assert len(files) == 3
    assert all(file.name in text for file in files)
    assert text.count("1 face") == 3


def test_what_cannot_be_written_is_a_wrong_call(run: Run, nobody: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = run("camera", "preview", "--source", nobody, "--out", tmp_path / "file" / "x.jpg", "--json")
    assert ran.code == 2
    assert ran.error["code"] == "invalid_parameter"
    assert "x.jpg" in ran.error["message"]


def test_without_models_the_camera_is_tested_all_the_same(
    run: Run, nobody: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEFACE_MODEL_PACK", str(tmp_path / "no-pack"))
    data = run("camera", "test", "--source", nobody, "--json").data
    assert data["frames"] == 3
    assert data["faces"] is None
    assert data["faces_problem"]
