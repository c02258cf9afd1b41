"""The time, as something that a test can hold in its hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """``now``: seconds since 1970, which a board without a battery may set back or forth at any moment.
    ``monotonic``: seconds that only grow."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
