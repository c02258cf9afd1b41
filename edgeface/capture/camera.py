"""The camera as the live loop sees it: newest frame, state, facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from edgeface.capture.frame import Frame


class CameraState(str, Enum):
    """Where the camera is in its life.

    ``STOPPED``: not wanted. ``STARTING``: no frame yet. ``RUNNING``: frames come. ``RESTARTING``: failed, and being
    started again. ``GIVEN_UP``: failed too often; tried again every ``camera.retry_s``, and given up until a frame
    comes. ``ENDED``: a file or folder has been shown to its end.
    """

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    GIVEN_UP = "given_up"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """Counters since the start. ``dropped``: frames that were overtaken by newer ones before anybody read them.

    ``source`` is what was opened (empty: not yet), ``width`` and ``height`` its pixels before any turning, ``fps``
    frames a second over the last seconds, ``first_frame_s`` the seconds from the latest start of its process to its
    first frame, ``last_error`` why the camera last failed (empty: it has not).
    """

    state: CameraState
    source: str = ""
    width: int = 0
    height: int = 0
    frames: int = 0
    dropped: int = 0
    restarts: int = 0
    fps: float = 0.0
    first_frame_s: float | None = None
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class CameraChange:
    """The camera's state changed. ``reason``: why it failed, where it did. ``at``: seconds of CLOCK_MONOTONIC."""

    state: CameraState
    reason: str
    at: float


OnChange = Callable[[CameraChange], None]
"""Told each change, in order, from the camera's own thread: must be quick, and may not call ``stop``."""


class Camera(Protocol):
    """A camera that runs by itself. Every method may be called from any thread."""

    @property
    def state(self) -> CameraState: ...

    @property
    def facts(self) -> CameraFacts: ...

    def start(self) -> None:
        """Begin; returns at once. Failures show in ``state`` and ``facts``."""

    def latest(self, after: int, timeout_s: float) -> Frame | None:
        """The newest frame with a number above ``after``, waiting for one at most ``timeout_s`` seconds.

        ``None`` when none came in time, and at once when none will: stopped, or at the end of a file.
        """

    def stop(self) -> None:
        """Stop within seconds, whatever the camera is doing. May be repeated; ``start`` begins anew."""
