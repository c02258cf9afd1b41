"""What the engine tells whoever measures it. The Prometheus side lives in ``api/metrics.py``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Telemetry(Protocol):
    """Receives measurements; implementations must be thread-safe and quick."""

    def stage(self, name: str, seconds: float) -> None:
        """One stage of the pipeline took so long (``decode``, ``detect``, ``landmarks``, ``search`` ...)."""

    def rejected(self, reason: str) -> None:
        """A face or picture was refused for a reason: an error code, or a measure of the quality gate."""


class NoTelemetry:
    """Measures nothing."""

    def stage(self, name: str, seconds: float) -> None:
        """Forget it."""

    def rejected(self, reason: str) -> None:
        """Forget it."""


@contextmanager
def timed(telemetry: Telemetry, name: str) -> Iterator[None]:
    """Report the time that a block took, also when it raises."""
    start = time.perf_counter()
    try:
        yield
    finally:
        telemetry.stage(name, time.perf_counter() - start)
