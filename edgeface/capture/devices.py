"""The cameras of this machine: V4L2 devices by sysfs and their own answers, Raspberry Pi cameras by picamera2."""

from __future__ import annotations

import errno
import fcntl
import importlib.util
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# linux/videodev2.h; the same numbers on ARM and x86.
_VIDIOC_QUERYCAP = 0x80685600
_VIDIOC_ENUM_FMT = 0xC0405602
_CAPABILITY = struct.Struct("=16s32s32sIII12x")
_FORMAT = struct.Struct("=III32sI16x")
_CAP_VIDEO_CAPTURE = 0x00000001
_CAP_VIDEO_CAPTURE_MPLANE = 0x00001000
_CAP_DEVICE_CAPS = 0x80000000
_BUF_TYPE_CAPTURE = 1
_BUF_TYPE_CAPTURE_MPLANE = 9
_MOST_FORMATS = 32

# Nodes of the boards' own camera pipelines: they give raw sensor data or nothing without libcamera (or NVIDIA Argus).
_PIPELINES = {
    "unicam": "picamera2",
    "rp1-cfe": "picamera2",
    "pispbe": "picamera2",
    "bcm2835-isp": "picamera2",
    "bcm2835-codec": "picamera2",
    "rpi-hevc-dec": "picamera2",
    "rpivid": "picamera2",
    "tegra-video": "gstreamer:nvarguscamerasrc",
}

Ioctl = Callable[[Path, int, bytearray], None]
"""Opens the device, has it fill the buffer, closes it. Raises ``OSError``."""


@dataclass(frozen=True, slots=True)
class Device:
    """A camera as ``edgeface camera list`` shows it.

    ``source`` is what ``camera.source`` is to be; ``usable`` whether it can be; ``problem`` why not. ``formats``:
    four-character codes of the pictures it offers.
    """

    source: str
    name: str
    driver: str = ""
    bus: str = ""
    formats: tuple[str, ...] = ()
    problem: str = ""

    @property
    def usable(self) -> bool:
        return not self.problem


def list_devices(root: Path = Path("/")) -> tuple[Device, ...]:
    """Every camera; ``root`` stands in for / in tests."""
    return (*picamera2_devices(), *v4l2_devices(root))


def v4l2_devices(root: Path = Path("/"), ioctl: Ioctl | None = None) -> tuple[Device, ...]:
    """The video nodes of sysfs by number; nodes that take no pictures (metadata, codecs) are left out."""
    ask = ioctl or _ioctl
    nodes = (root / "sys/class/video4linux").glob("video*")
    found = [_v4l2_device(root, node.name, ask) for node in sorted(nodes, key=_number)]
    return tuple(device for device in found if device is not None)


def picamera2_devices() -> tuple[Device, ...]:
    """Cameras that libcamera knows, where picamera2 is installed."""
    if importlib.util.find_spec("picamera2") is None:
        return ()
    try:
        from picamera2 import Picamera2  # noqa: PLC0415 - comes from apt, on a Raspberry Pi only

        cameras = Picamera2.global_camera_info()
    except Exception as error:  # a NumPy of another ABI raises ValueError while importing
        return (Device("picamera2", "picamera2", problem=f"{type(error).__name__}: {error}"),)
    return tuple(
        Device(f"picamera2:{index}", str(camera.get("Model", "camera")), "libcamera", str(camera.get("Id", "")))
        for index, camera in enumerate(cameras)
    )


def _v4l2_device(root: Path, node: str, ask: Ioctl) -> Device | None:
    path = root / "dev" / node
    source = f"v4l2:/dev/{node}"
    try:
        name = (root / "sys/class/video4linux" / node / "name").read_text(encoding="utf-8").strip()
    except OSError:
        name = node
    answer = bytearray(_CAPABILITY.size)
    try:
        ask(path, _VIDIOC_QUERYCAP, answer)
    except OSError as error:
        return Device(source, name, problem=_why(error))
    driver_bytes, card, bus, _, capabilities, of_device = _CAPABILITY.unpack(answer)
    if capabilities & _CAP_DEVICE_CAPS:  # what this node can do, not what the whole device can
        capabilities = of_device
    planes = _BUF_TYPE_CAPTURE_MPLANE if capabilities & _CAP_VIDEO_CAPTURE_MPLANE else _BUF_TYPE_CAPTURE
    if not capabilities & (_CAP_VIDEO_CAPTURE | _CAP_VIDEO_CAPTURE_MPLANE):
        return None
    driver = _text(driver_bytes)
    problem = ""
    if driver in _PIPELINES:
        problem = f"part of the board's own camera pipeline: use {_PIPELINES[driver]}"
    return Device(source, _text(card) or name, driver, _text(bus), _formats(path, planes, ask), problem)


def _formats(path: Path, planes: int, ask: Ioctl) -> tuple[str, ...]:
    codes: list[str] = []
    for index in range(_MOST_FORMATS):
        answer = bytearray(_FORMAT.pack(index, planes, 0, b"", 0))
        try:
            ask(path, _VIDIOC_ENUM_FMT, answer)
        except OSError:  # EINVAL behind the last one
            break
        codes.append(_text(_FORMAT.unpack(answer)[4].to_bytes(4, "little")))
    return tuple(codes)


def _ioctl(path: Path, request: int, answer: bytearray) -> None:
    fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.ioctl(fd, request, answer)
    finally:
        os.close(fd)


def _why(error: OSError) -> str:
    if error.errno in (errno.EACCES, errno.EPERM):
        return "no access: add this user to the group 'video'"
    return error.strerror or str(error)


def _text(data: bytes) -> str:
    return data.partition(b"\0")[0].decode("utf-8", "replace").strip()


def _number(node: Path) -> int:
    digits = node.name.removeprefix("video")
    return int(digits) if digits.isdigit() else 0
