"""Thousands of frames, the camera process killed at random, a sink that comes and goes: nothing lost or doubled.

The models are replaced by a reader of grey values, so that this takes seconds; everything else is what the device
runs: the camera's own process, shared memory, tracker, recogniser, gallery, log and dispatcher.
``python -m benchmarks --only soak --minutes 60`` does the same with the models for an hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks.soak import soak
from edgeface.analysis import Wants
from edgeface.config import Config
from edgeface.engine import Engine
from edgeface.events.log import EventLog
from edgeface.types import Face, ImageArray, Template
from tests.live.faces import face, spoilt

FRAMES = 3000
GROWTH_BYTES = 24 * 2**20
"""Far less than thousands of kept frames or templates would take; more than an allocator's mood."""
KNOWN, STRANGER, BLURRED = 80, 140, 200


class GreyReader:
    """Sees a face in every picture that is not black; its grey value says whose."""

    features = frozenset({"detector", "embedder", "quality", "landmarks"})

    def __init__(self, engine: Engine) -> None:
        self.contract_id = engine.pack.contract_id
        self.dimension = engine.pack.dimension

    def template(self, grey: int) -> Template:
        vector = np.random.default_rng(grey).standard_normal(self.dimension).astype(np.float32)
        return Template(vector / np.linalg.norm(vector), self.contract_id)

    def analyze(self, image: ImageArray, wants: Wants, **_: Any) -> tuple[Face, ...]:
        return (face(20, 20, 60),) if image[0, 0, 0] > 40 else ()

    def describe(self, image: ImageArray, faces: Sequence[Face], wants: Wants, **_: Any) -> tuple[Face, ...]:
        grey = min((KNOWN, STRANGER, BLURRED), key=lambda value: abs(value - int(image[0, 0, 0])))
        seen = face(20, 20, 60)
        if grey == BLURRED:
            seen = spoilt(seen, "blur", 0.9, 0.7)
        return (replace(seen, template=self.template(grey)) if wants.template else seen,)

    def reconfigure(self, config: Config) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two seconds: known, nobody, a stranger, nobody, somebody who moves too much, nobody."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    # A different place for each, so that one's track does not become the next one's.
    for number, grey in enumerate(value for value in (KNOWN, 0, STRANGER, 0, BLURRED, 0) for _ in range(30)):
        cv2.imwrite(str(folder / f"{number:03}.png"), np.full((120, 160, 3), grey, np.uint8))
    return folder


@pytest.fixture
def watched(config: Config, pictures: Path) -> Iterator[Engine]:
    camera = {"source": f"folder:{pictures}", "loop": True, "fps": 120, "width": 160, "height": 120}
    supervised = {"restarts": 100, "restart_window_s": 1.5, "heartbeat_s": 5}
    settings = Config.model_validate(
        {
            **config.model_dump(),
            "camera": {**camera, **supervised, "detect_width": 160},
            "live": {"groups": ["staff"], "shots": 2, "shot_gap_s": 0.02, "track_lost_s": 0.1},
            "events": {"flush_s": 1},
        }
    )
    with Engine.open(settings) as engine:
        engine.analyzer.close()
        engine.analyzer = GreyReader(engine)  # type: ignore[assignment]
        engine.enrol_template(engine.analyzer.template(KNOWN), "staff", "ada")  # type: ignore[attr-defined]
        yield engine


def test_nothing_is_lost_or_doubled_and_memory_is_flat(watched: Engine) -> None:
    settings = watched.config
    with EventLog.open(settings.state_dir, settings.events, key=watched.gallery.subkey("events")) as events:
        report = soak(
            watched,
            events,
            done=lambda seconds, frames: frames >= FRAMES or seconds > 240,
            warm=lambda seconds, frames: frames >= FRAMES // 3,
            disturb_every_s=1.5,
        )
    assert report.frames >= FRAMES
    assert report.kills >= 3
    assert report.restarts >= report.kills - 1  # the last one may have been just before the end
    assert report.sink_absences >= 2
    for kind in ("recognised", "unknown", "undecided", "hint", "camera"):
        assert report.written[kind] >= 3, report
    assert report.written == report.logged
    assert (report.unwritten, report.missing, report.doubled, report.in_order) == (0, 0, 0, True)
    assert report.end_bytes - report.rest_bytes < GROWTH_BYTES
