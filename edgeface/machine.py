"""How the board is: temperatures, and whether it had to slow itself down."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# Raspberry Pi firmware, `vcgencmd get_throttled`: bits 0 to 3 are now, 16 to 19 since boot.
_BITS = ("under_voltage", "frequency_capped", "throttled", "soft_temperature_limit")
_SINCE_BOOT = 16
_ASK_WITHIN_S = 2.0
_PLAUSIBLE_C = (-40.0, 150.0)  # drivers report 0 K or -274 000 where no sensor is fitted


@dataclass(frozen=True, slots=True)
class Throttling:
    """What a Raspberry Pi's firmware does to protect the board. ``now`` and ``since_boot`` hold names of
    ``REASONS`` that are so now, and that were so at least once since the boot."""

    now: frozenset[str]
    since_boot: frozenset[str]


REASONS = _BITS
"""What :class:`Throttling` may name; ``under_voltage``: the power supply is too weak."""


def temperatures(root: Path = Path("/")) -> dict[str, float]:
    """Degrees Celsius by sensor name (``cpu-thermal``, ``x86_pkg_temp`` ...); empty where the kernel tells none."""
    found: dict[str, float] = {}
    for zone in sorted((root / "sys/class/thermal").glob("thermal_zone*")):
        try:
            kind = zone / "type"
            name = kind.read_text(encoding="ascii", errors="replace").strip() if kind.exists() else zone.name
            degrees = int((zone / "temp").read_text(encoding="ascii")) / 1000
        except (OSError, ValueError):
            continue  # a sensor that is switched off answers with an error
        if _PLAUSIBLE_C[0] < degrees < _PLAUSIBLE_C[1]:
            found[name] = max(degrees, found.get(name, degrees))
    return found


def throttling(root: Path = Path("/"), vcgencmd: Callable[[], str] | None = None) -> Throttling | None:
    """What the firmware says; ``None`` on a machine that is no Raspberry Pi."""
    # The node hangs below the firmware's device, whose name has an address in it on the Pi 5.
    for node in sorted((root / "sys/devices/platform").glob("soc*/soc*firmware/get_throttled")):
        try:
            return _decoded(int(node.read_text(encoding="ascii").strip(), 16))
        except (OSError, ValueError):
            continue
    said = re.search(r"throttled=0x([0-9a-fA-F]+)", (vcgencmd or _vcgencmd)())
    return _decoded(int(said[1], 16)) if said else None


def _decoded(bits: int) -> Throttling:
    return Throttling(
        frozenset(name for bit, name in enumerate(_BITS) if bits >> bit & 1),
        frozenset(name for bit, name in enumerate(_BITS) if bits >> (bit + _SINCE_BOOT) & 1),
    )


def _vcgencmd() -> str:
    program = shutil.which("vcgencmd")
    if program is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 - the board's own tool, without arguments of anybody's
            [program, "get_throttled"], capture_output=True, text=True, timeout=_ASK_WITHIN_S, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout
