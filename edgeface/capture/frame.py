"""A frame as the rest of the device sees it."""

from __future__ import annotations

from dataclasses import dataclass

from edgeface.types import ImageArray


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of the camera, turned as configured, never mirrored; the arrays are the owner's own copies.

    ``number`` rises from 1 and goes on over restarts of the camera; numbers are missing where nobody was quick
    enough. ``image`` (height, width, 3) uint8 BGR is the picture for templates; ``small``, likewise, shows the same
    view for detection, its longer side ``camera.detect_width`` pixels, and is ``image`` itself where that is no
    larger. ``captured_at``: seconds of CLOCK_MONOTONIC (``time.monotonic()``); ``wall_at``: seconds since the epoch.
    """

    number: int
    image: ImageArray
    small: ImageArray
    captured_at: float
    wall_at: float
