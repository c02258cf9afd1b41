"""The machine under the engine: processor, memory, clock, heat, cameras. Reads /proc, /sys and /dev only."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import platform
from collections.abc import Iterator
from pathlib import Path

from edgeface.cli.checks import Finding, fail, ok, warn
from edgeface.machine import REASONS, temperatures, throttling

# What makes INT8 convolutions fast: dot products of bytes.
_INT8_FLAGS = ("asimddp", "i8mm", "avx_vnni", "avx512_vnni")
_VECTOR_FLAGS = ("asimd", "avx2", "avx512f")
_LEAST_MEMORY_MIB = 512
# Raspberry Pi throttles from 80 degrees Celsius (raspberrypi.com, "Frequency management and thermal control").
_HOT_CELSIUS = 80.0
_SAID = {
    "under_voltage": "under-voltage",
    "frequency_capped": "frequency capped",
    "throttled": "throttled",
    "soft_temperature_limit": "soft temperature limit",
}
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


def machine_findings(root: Path = Path("/")) -> Iterator[Finding]:
    """Everything about the machine; ``root`` stands in for / in tests."""
    yield from _processor(root)
    yield _memory(root)
    yield _clock()
    yield from _temperature(root)
    yield from _throttling(root)
    yield from _cameras(root)


def cpu_flags(root: Path = Path("/")) -> frozenset[str]:
    """The processor's feature flags as Linux names them."""
    try:
        text = (root / "proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return frozenset()
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() in ("flags", "features"):
            return frozenset(value.split())
    return frozenset()


def _processor(root: Path) -> Iterator[Finding]:
    from edgeface.inference.precision import cpu_model

    cores = len(os.sched_getaffinity(0))
    yield ok(
        "machine",
        "processor",
        f"{cpu_model()}, {cores} {'core' if cores == 1 else 'cores'}, {platform.machine()}, "
        f"Linux {platform.release()}, Python {platform.python_version()}",
    )
    flags = cpu_flags(root)
    present = [flag for flag in (*_VECTOR_FLAGS, *_INT8_FLAGS) if flag in flags]
    found = "there" if any(flag in flags for flag in _INT8_FLAGS) else "missing: FP32 may be the faster one"
    yield ok(
        "machine", "byte dot product", f"{found} ({', '.join(present) or 'no vector flags'}); each model is measured"
    )


def _memory(root: Path) -> Finding:
    values = {}
    try:
        for line in (root / "proc/meminfo").read_text(encoding="ascii", errors="replace").splitlines():
            name, _, rest = line.partition(":")
            values[name] = int(rest.split()[0]) // 1024
    except (OSError, ValueError, IndexError):
        return warn("machine", "memory", "/proc/meminfo cannot be read", "mount /proc")
    total, free = values.get("MemTotal", 0), values.get("MemAvailable", 0)
    detail = f"{free} MiB of {total} MiB available"
    if free < _LEAST_MEMORY_MIB:
        return warn("machine", "memory", detail, "the engine needs up to 250 MiB; stop other programs")
    return ok("machine", "memory", detail)


def _clock() -> Finding:
    # The kernel knows whether NTP disciplines the clock, whichever program does it. modes = 0: only asks.
    buffer = ctypes.create_string_buffer(512)
    try:
        state = ctypes.CDLL(None).adjtimex(buffer)
    except (OSError, AttributeError):
        state = -1
    if state == -1:
        return warn("machine", "clock", "the kernel does not say", "check that NTP runs: attendance needs true times")
    if state == _TIME_ERROR:
        return warn(
            "machine",
            "clock",
            "not synchronised",
            "enable systemd-timesyncd or chrony, or fit a battery-backed clock",
        )
    return ok("machine", "clock", "synchronised")


def _temperature(root: Path) -> Iterator[Finding]:
    hottest = max(temperatures(root).values(), default=None)
    if hottest is None:
        return
    if hottest >= _HOT_CELSIUS:
        yield warn("machine", "temperature", f"{hottest:.0f} °C", "the board throttles: fit a heat sink or a fan")
    else:
        yield ok("machine", "temperature", f"{hottest:.0f} °C")


def _throttling(root: Path) -> Iterator[Finding]:
    found = throttling(root)
    if found is None:
        return  # not a Raspberry Pi
    said = [f"{_SAID[reason]} now" for reason in REASONS if reason in found.now]
    said += [f"{_SAID[reason]} since boot" for reason in REASONS if reason in found.since_boot]
    if said:
        yield warn("machine", "throttling", ", ".join(said), "use the board's own power supply, and cool it")
    else:
        yield ok("machine", "throttling", "none since boot")


def _cameras(root: Path) -> Iterator[Finding]:
    devices = sorted((root / "dev").glob("video*"))
    closed = [device for device in devices if not os.access(device, os.R_OK | os.W_OK)]
    names = ", ".join(f"/dev/{device.name}{_camera_name(root, device)}" for device in devices)
    picamera = importlib.util.find_spec("picamera2") is not None
    if closed:
        yield fail(
            "camera",
            "V4L2",
            f"{names}; no access to {len(closed)} of them",
            "add this user to the group 'video' and log in again",
        )
    elif devices:
        yield ok("camera", "V4L2", names)
    elif not picamera:
        yield warn("camera", "V4L2", "no /dev/video*", "connect a camera; pictures through the API work without")
    else:
        yield ok("camera", "V4L2", "no /dev/video*")
    if picamera:
        yield ok("camera", "picamera2", "importable")
    elif (root / "proc/device-tree/model").exists() and "Raspberry" in _board(root):
        yield warn(
            "camera",
            "picamera2",
            "not importable",
            "apt install python3-picamera2 and a virtualenv with --system-site-packages",
        )


def _camera_name(root: Path, device: Path) -> str:
    try:
        return f" ({(root / 'sys/class/video4linux' / device.name / 'name').read_text().strip()})"
    except OSError:
        return ""


def _board(root: Path) -> str:
    return (root / "proc/device-tree/model").read_text(encoding="utf-8", errors="replace")
