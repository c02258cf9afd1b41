"""Where pictures come from: the small Protocol that every kind of camera fulfils."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from edgeface.types import ImageArray


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What was opened. ``description`` is for people and holds no password; sizes in pixels, before any turning.

    ``fps`` is what the source says of itself, 0 where it does not say. ``live``: pictures come when the camera takes
    them; otherwise they are read from storage and end.
    """

    description: str
    width: int
    height: int
    fps: float
    live: bool


@dataclass(frozen=True, slots=True, eq=False)
class RawFrame:
    """One picture as the source gives it: (height, width, 3) uint8 BGR, owned by the receiver.

    ``small``: the same view for detection, where the camera's own hardware makes it. ``captured_at``: seconds of
    CLOCK_MONOTONIC, where the camera tells. ``due_s``: seconds from the stored stream's begin at which the picture is
    to be shown, rising over loops; ``None`` for a live camera.
    """

    image: ImageArray
    small: ImageArray | None = None
    captured_at: float | None = None
    due_s: float | None = None


class Source(Protocol):
    """A camera, or something that stands in for one. Used by one thread.

    ``open`` and ``read`` raise ``CAMERA_UNAVAILABLE`` when there are no pictures to be had, now or any more, and
    ``CONFIG_INVALID`` where trying again will not help. Other exceptions mean a fault of the camera's library.
    """

    def open(self) -> SourceInfo:
        """Begin. Called once."""

    def read(self) -> RawFrame | None:
        """The next picture, waiting for it as long as it takes; ``None`` at the end."""

    def close(self) -> None:
        """Give the camera back. May follow a failed ``open``, and may be repeated."""
