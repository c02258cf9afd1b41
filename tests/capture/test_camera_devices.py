"""The list of cameras, from a sysfs and from answers of drivers that the test makes up."""

from __future__ import annotations

import struct
import sys
import types
from pathlib import Path

import pytest

from edgeface.capture.devices import picamera2_devices, v4l2_devices

QUERYCAP, ENUM_FMT = 0x80685600, 0xC0405602
CAPTURE, OUTPUT, METADATA, DEVICE_CAPS = 0x1, 0x2, 0x00800000, 0x80000000


class Drivers:
    """Answers the two questions for each device as the kernel lays them out."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.answers: dict[str, tuple[str, int, tuple[str, ...]] | OSError] = {}

    def add(self, node: str, name: str, answer: tuple[str, int, tuple[str, ...]] | OSError) -> None:
        folder = self.root / "sys/class/video4linux" / node
        folder.mkdir(parents=True)
        (folder / "name").write_text(name + "\n")
        self.answers[node] = answer

    def __call__(self, path: Path, request: int, answer: bytearray) -> None:
        found = self.answers[path.name]
        if isinstance(found, OSError):
            raise found
        driver, capabilities, formats = found
        if request == QUERYCAP:
            assert len(answer) == 104
            card = f"Card of {path.name}".encode()
            struct.pack_into(
                "=16s32s32sIII",
                answer,
                0,
                driver.encode(),
                card,
                b"usb-1.2",
                0,
                CAPTURE | METADATA | DEVICE_CAPS,
                capabilities,
            )
        else:
            assert (request, len(answer)) == (ENUM_FMT, 64)
            index = struct.unpack_from("=I", answer)[0]
            if index >= len(formats):
                raise OSError(22, "Invalid argument")
            answer[44:48] = formats[index].encode()


@pytest.fixture
def drivers(tmp_path: Path) -> Drivers:
    return Drivers(tmp_path)


def test_cameras_are_listed_with_what_they_can(drivers: Drivers) -> None:
    drivers.add("video10", "other", ("uvcvideo", CAPTURE, ("YUYV",)))
    drivers.add("video2", "USB camera", ("uvcvideo", CAPTURE, ("MJPG", "YUYV")))
    drivers.add("video3", "USB camera", ("uvcvideo", METADATA, ()))
    drivers.add("video4", "a codec", ("codec", OUTPUT, ()))
    found = v4l2_devices(drivers.root, drivers)
    assert [device.source for device in found] == ["v4l2:/dev/video2", "v4l2:/dev/video10"]
    assert found[0].name == "Card of video2"
    assert found[0].formats == ("MJPG", "YUYV")
    assert found[0].bus == "usb-1.2"
    assert found[0].usable


def test_a_device_that_may_not_be_opened_says_what_to_do(drivers: Drivers) -> None:
    drivers.add("video0", "USB camera", PermissionError(13, "Permission denied"))
    (device,) = v4l2_devices(drivers.root, drivers)
    assert not device.usable
    assert device.name == "USB camera"
    assert "group 'video'" in device.problem


@pytest.mark.parametrize(("driver", "instead"), [("unicam", "picamera2"), ("tegra-video", "nvarguscamerasrc")])
def test_nodes_of_a_boards_own_pipeline_are_not_for_use(drivers: Drivers, driver: str, instead: str) -> None:
    drivers.add("video0", "raw", (driver, CAPTURE, ("pRAA",)))
    (device,) = v4l2_devices(drivers.root, drivers)
    assert not device.usable
    assert instead in device.problem


def test_no_cameras_are_no_error(tmp_path: Path) -> None:
    assert v4l2_devices(tmp_path) == ()


def test_raspberry_pi_cameras_come_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.machinery

    module = types.ModuleType("picamera2")
    module.__spec__ = importlib.machinery.ModuleSpec("picamera2", None)
    cameras = [{"Model": "imx708", "Id": "/base/soc/i2c0mux/i2c@1/imx708@1a"}, {"Model": "imx219", "Id": "b"}]
    module.Picamera2 = types.SimpleNamespace(global_camera_info=lambda: cameras)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    found = picamera2_devices()
    assert [(device.source, device.name) for device in found] == [
        ("picamera2:0", "imx708"),
        ("picamera2:1", "imx219"),
    ]
    monkeypatch.delattr(module, "Picamera2")
    (broken,) = picamera2_devices()
    assert not broken.usable
