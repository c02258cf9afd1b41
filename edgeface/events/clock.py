"""The machine's clocks, and whether its wall clock can be believed.

A board without a battery-backed clock starts years in the past. Access by time window and working hours must not
rest on such a clock, so every event says whether it could be trusted.
"""

from __future__ import annotations

import ctypes
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

from edgeface.events.moment import Moment

Trust: TypeAlias = Literal["network", "rtc", "always"]
KernelSync: TypeAlias = Callable[[], "bool | None"]

JUMP_S = 1.0
"""Seconds by which wall and monotonic time may drift apart between two readings; NTP slews 0.5 ms a second."""
RTC_AGREES_S = 2.0
"""The kernel reads the hardware clock in whole seconds, when it sets the system clock and when it is asked."""
_RELEASED = 1_735_689_600.0  # 2025-01-01: a hardware clock that says less has lost its battery
_MARKER_FRESH_S = 32_000.0  # 16 s / 500 ppm: after that long without a server the kernel itself gives up (ntp.c)
_MARKER_AFTER_JUMP_S = 5.0
_CHECK_EVERY_S = 60.0
_STA_UNSYNC = 0x0040  # adjtimex(2)


class _Timex(ctypes.Structure):
    """The head of ``struct timex`` (adjtimex(2)) and room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )


class JumpWatch:
    """Notices when wall and monotonic time part."""

    def __init__(self) -> None:
        self._offset: float | None = None

    def jump_s(self, wall: float, monotonic: float) -> float:
        """Seconds by which the wall clock was set since the last reading; 0 where it was not."""
        offset = wall - monotonic
        last, self._offset = self._offset, offset
        return offset - last if last is not None and abs(offset - last) > JUMP_S else 0.0


class SystemClock:
    """The machine's clocks. ``trust``: what is believed.

    ``network``: only a clock that a time server sets (the kernel says so; where a sandbox forbids to ask it,
    systemd-timesyncd's mark). ``rtc``: also one that the kernel set from a hardware clock at boot, while the two
    still agree. ``always``: whatever it says, because somebody looks after it.
    """

    def __init__(
        self,
        trust: Trust = "rtc",
        *,
        kernel: KernelSync | None = None,
        rtcs: Path = Path("/sys/class/rtc"),
        marker: Path = Path("/run/systemd/timesync/synchronized"),
        boot_id: str | None = None,
    ) -> None:
        self._trust = trust
        self._kernel = kernel or KernelClock().synchronised
        self._rtcs = rtcs
        self._marker = marker
        self._boot_id = boot_id or read_boot_id()
        self._jumps = JumpWatch()
        self._jumped_to: float | None = None
        self._not_before = _RELEASED
        self._checked: tuple[float, str] | None = None
        self._lock = threading.Lock()

    def now(self) -> Moment:
        """This moment."""
        wall, monotonic = time.time(), time.monotonic()
        with self._lock:
            if self._jumps.jump_s(wall, monotonic):
                self._jumped_to = wall
                self._checked = None
            evidence = self._evidence(wall, monotonic)
        return Moment(wall, monotonic, self._boot_id, evidence != "none", evidence)

    def not_before(self, wall: float) -> None:
        """A time that has certainly been: a hardware clock that says less is not believed."""
        with self._lock:
            self._not_before = max(self._not_before, wall)
            self._checked = None

    def _evidence(self, wall: float, monotonic: float) -> str:
        if self._trust == "always":
            return "configured"
        synchronised = self._kernel()
        if synchronised:
            return "network"
        # Files are asked once a minute: a hardware clock behind I2C takes its time.
        if self._checked is None or monotonic - self._checked[0] >= _CHECK_EVERY_S:
            self._checked = (monotonic, self._from_files(wall, kernel_told=synchronised is not None))
        return self._checked[1]

    def _from_files(self, wall: float, *, kernel_told: bool) -> str:
        if not kernel_told and self._marked(wall):
            return "network"
        if self._trust == "rtc" and wall >= self._not_before and any(map(self._agrees, self._hardware_clocks())):
            return "rtc"
        return "none"

    def _marked(self, wall: float) -> bool:
        # timesyncd touches its mark at every answer of a server.
        try:
            marked_at = self._marker.stat().st_mtime
        except OSError:
            return False
        if self._jumped_to is not None and marked_at < self._jumped_to - _MARKER_AFTER_JUMP_S:
            return False
        return -_MARKER_AFTER_JUMP_S <= wall - marked_at <= _MARKER_FRESH_S

    def _hardware_clocks(self) -> list[Path]:
        try:
            found = sorted(self._rtcs.iterdir())
        except OSError:
            return []
        # hctosys: the kernel set the system clock from this one at boot.
        return [path for path in found if _read(path / "hctosys") == "1"]

    def _agrees(self, clock: Path) -> bool:
        said = _read(clock / "since_epoch")
        return said.isdecimal() and abs(time.time() - int(said)) <= RTC_AGREES_S


class KernelClock:
    """What the kernel knows of its clock."""

    def __init__(self) -> None:
        self._adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex

    def synchronised(self) -> bool | None:
        """Whether a time server sets the clock; ``None`` where the kernel must not be asked (a sandbox)."""
        facts = _Timex()  # modes 0: only read
        if self._adjtimex(ctypes.byref(facts)) < 0:
            return None
        return not facts.status & _STA_UNSYNC


def read_boot_id() -> str:
    """The kernel's id of this boot; where there is none, one of this process, so that nothing older is believed."""
    text = _read(Path("/proc/sys/kernel/random/boot_id"))
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return str(uuid.uuid4())


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
