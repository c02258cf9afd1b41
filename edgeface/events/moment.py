"""One reading of the clocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Moment:
    """``wall``: seconds since 1970, UTC. ``monotonic``: CLOCK_MONOTONIC seconds of the boot ``boot_id``.

    ``trusted``: whether the wall clock can be believed; ``evidence``: why (``network``, ``rtc``, ``configured``),
    or ``none``.
    """

    wall: float
    monotonic: float
    boot_id: str
    trusted: bool
    evidence: str = "none"


class Clock(Protocol):
    """Where moments come from."""

    def now(self) -> Moment:
        """This moment. Quick, and safe from several threads."""
