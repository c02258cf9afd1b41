"""The live loop: frames a second, the time from a face's first frame to the decision, and where the time goes.

A known person walks up to the simulated camera again and again; frames are made beforehand, so that only the loop is
measured. ``decision``: stream time at 15 frames a second from the first frame with the face to the one that decides,
plus the computation of that frame. A camera's own exposure and transfer come on top.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edgeface.capture.frame import Frame
from edgeface.config import Config
from edgeface.engine import Engine
from edgeface.events.event import EventKind, NewEvent
from edgeface.live.loop import LiveLoop
from edgeface.live.policy.watch import WatchPolicy
from edgeface.simulation.camera import Shot, SimulatedCamera
from edgeface.simulation.portraits import Portrait, eileen_collins, grace_hopper
from edgeface.types import ImageArray

_FPS = 15
_EMPTY, _PRESENT = 20, 15
_STAGES = {"live_find": "find", "live_judge": "judge", "live_embed": "embed", "live_frame": "frame"}


class Stopwatch:
    """Telemetry that adds up."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    def stage(self, name: str, seconds: float) -> None:
        self.seconds[name] += seconds

    def rejected(self, reason: str) -> None: ...


def run(visits: int, sizes: Sequence[tuple[int, int]] = ((640, 480), (1280, 720))) -> list[dict[str, Any]]:
    """One row for each size, number of threads and number of people."""
    rows = []
    for width, height in sizes:
        for people in (1, 2):
            pictures = _pictures(width, height, people)
            for threads in (1, 2):
                rows.append(_measured(pictures, people, threads, visits))
    return rows


def _measured(pictures: list[ImageArray], people: int, threads: int, visits: int) -> dict[str, Any]:
    height, width = pictures[0].shape[:2]
    with tempfile.TemporaryDirectory(prefix="ef-live-") as name:
        config = Config.model_validate(
            {
                "state_dir": Path(name),
                "models": {"threads": threads},
                "camera": {"width": width, "height": height},
                "live": {"groups": ["staff"]},
            }
        )
        with Engine.open(config) as engine:
            image = SimulatedCamera(640, 480, seed=99).take((eileen_collins(), Shot(face_width=190)))
            engine.enrol(image, "staff", "eileen")
            told: list[NewEvent] = []
            watch = Stopwatch()
            loop = LiveLoop(
                engine,
                WatchPolicy("camera"),
                tell=told.append,
                wall_clock=lambda: (datetime.now(timezone.utc), True),
                alive=lambda: True,
                telemetry=watch,
            )
            loop.step(_frame(1, pictures[-1], 0.0))  # opens the models
            watch.seconds.clear()
            waits: list[float] = []
            present_s, present = 0.0, 0
            number = 1
            for _ in range(visits):
                appeared: float | None = None
                for place, picture in enumerate(pictures):
                    number += 1
                    frame = _frame(number, picture, number / _FPS)
                    before, start = len(told), time.perf_counter()
                    loop.step(frame)
                    seconds = time.perf_counter() - start
                    if place >= _EMPTY:
                        present, present_s = present + 1, present_s + seconds
                        appeared = frame.captured_at if appeared is None else appeared
                    if any(event.kind is EventKind.RECOGNISED for event in told[before:]) and appeared is not None:
                        waits.append(frame.captured_at - appeared + seconds)
    total = watch.seconds["live_frame"]
    parts = {name: watch.seconds[stage] for stage, name in _STAGES.items() if name != "frame"}
    parts["rest"] = total - sum(parts.values())
    return {
        "size": f"{width}x{height}",
        "people": people,
        "threads": threads,
        "fps_with_faces": round(present / present_s, 1),
        "fps_over_all": round((number - 1) / total, 1),
        "decision_p50_ms": round(statistics.median(waits) * 1e3) if waits else "none",
        "decision_max_ms": round(max(waits) * 1e3) if waits else "none",
        "decided": f"{len(waits)}/{visits}",
        **{f"{name}_%": round(100 * seconds / total) for name, seconds in parts.items()},
    }


def _pictures(width: int, height: int, people: int) -> list[ImageArray]:
    """An empty room, then somebody, or two, coming nearer."""
    camera = SimulatedCamera(width, height, seed=11)
    scale = height / 480
    frames = [camera.take() for _ in range(_EMPTY)]
    for step in range(_PRESENT):
        size = (130 + 3 * step) * scale
        cast: list[tuple[Portrait, Shot]] = [(eileen_collins(), Shot(face_width=size, centre=(0.3, 0.45)))]
        if people == 2:
            cast.append((grace_hopper(), Shot(face_width=size, centre=(0.72, 0.45))))
        frames.append(camera.take(*cast))
    return frames


def _frame(number: int, image: ImageArray, at: float) -> Frame:
    small = image
    if image.shape[1] > 640:
        small = np.asarray(
            cv2.resize(image, (640, round(image.shape[0] * 640 / image.shape[1])), interpolation=cv2.INTER_AREA),
            dtype=np.uint8,
        )
    return Frame(number, image, small, 1000.0 + at, 0.0)
