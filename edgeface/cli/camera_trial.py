"""Watching a camera for a while: what it gives, how well, and who is in it."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from edgeface.capture.camera import Camera, CameraFacts, CameraState
from edgeface.errors import EdgeFaceError, ErrorCode

if TYPE_CHECKING:
    from edgeface.capture.frame import Frame
    from edgeface.cli.session import Session
    from edgeface.results import Detection

_WAIT_S = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What was seen. ``fps``: frames that the camera gave; ``age_ms``: of frames when they arrive, the median.

    ``longest_gap_ms``: between two frames that arrived. ``samples``: a few frames of it, the last one last.
    """

    facts: CameraFacts
    seconds: float
    fps: float
    age_ms: float
    longest_gap_ms: float
    samples: tuple[Frame, ...]


def frames_of(camera: Camera) -> Generator[Frame]:
    """Start the camera and take its frames, always the newest, until it ends; then, or when closed, stop it.

    Raises ``CAMERA_UNAVAILABLE`` with the reason as soon as the camera is given up.
    """
    camera.start()
    try:
        number = 0
        while True:
            frame = camera.latest(number, _WAIT_S)
            if frame is not None:
                number = frame.number
                yield frame
            elif camera.state is CameraState.GIVEN_UP:
                raise EdgeFaceError(ErrorCode.CAMERA_UNAVAILABLE, camera.facts.last_error)
            elif camera.state in (CameraState.ENDED, CameraState.STOPPED):
                return
    finally:
        camera.stop()


def watch(camera: Camera, seconds: float, most_samples: int) -> Trial:
    """Watch for so many seconds from the first frame on. Raises ``CAMERA_UNAVAILABLE``."""
    arrived: list[float] = []
    ages: list[float] = []
    samples: list[Frame] = []
    first = last = None
    facts = camera.facts
    frames = frames_of(camera)
    try:
        for frame in frames:
            arrived.append(time.monotonic())
            ages.append(arrived[-1] - frame.captured_at)
            first, last, facts = first or frame, frame, camera.facts
            passed = arrived[-1] - arrived[0]
            if passed >= len(samples) * seconds / most_samples:
                samples.append(frame)
            if passed >= seconds:
                break
    finally:
        frames.close()
    if first is None or last is None:
        raise EdgeFaceError(ErrorCode.CAMERA_UNAVAILABLE, "It ended without a frame.")
    if samples[-1] is not last:
        samples = [*samples[: most_samples - 1], last]
    took = last.captured_at - first.captured_at
    gaps = [after - before for before, after in pairwise(arrived)]
    return Trial(
        facts=facts,
        seconds=arrived[-1] - arrived[0],
        fps=(last.number - first.number) / took if took > 0 else 0.0,
        age_ms=median(ages) * 1000,
        longest_gap_ms=max(gaps, default=0.0) * 1000,
        samples=tuple(samples),
    )


def look_for_faces(session: Session, frames: Sequence[Frame]) -> tuple[list[Detection], str]:
    """The faces of each frame; or none, and why faces cannot be looked for here."""
    from edgeface.analysis import Wants
    from edgeface.cli.backend import Look
    from edgeface.simulation.camera import encode

    try:
        with session.backend(needs_gallery=False) as backend:
            wants = Wants(quality=True)
            return [backend.detect(encode(frame.image), wants, Look(), max_faces=None) for frame in frames], ""
    except EdgeFaceError as error:
        return [], error.message
