"""The proof of the live half: people before a simulated camera, the real engine, and what is written down.

Eileen is enrolled, Grace is not. Each row is a scene and everything it causes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgeface.config import Config
from edgeface.engine import Engine
from edgeface.events.event import NewEvent
from edgeface.live.policy.watch import WatchPolicy
from tests.live.stage import Stage, enrol_portraits, script
from tests.packs import default_folder


@dataclass(frozen=True)
class Scene:
    name: str
    shots: str
    expected: tuple[str, ...]


TABLE = (
    Scene("nobody", 'who = "eileen", start = 1.4, end = 1.5, face_width = 1', ()),
    Scene(
        "known",
        'who = "eileen", start = 0, end = 1.5, face_width = [150,180]',
        ("recognised eileen",),
    ),
    Scene("unknown", 'who = "grace", start = 0, end = 1.5, face_width = 170', ("unknown",)),
    Scene(
        "known and unknown together",
        """who = "eileen", start = 0, end = 1.8, x = 0.27, face_width = 140
        who = "grace", start = 0, end = 1.8, x = 0.74, face_width = 140""",
        ("recognised eileen", "unknown"),
    ),
    Scene(
        "too far",
        'who = "eileen", start = 0, end = 1.5, face_width = 58',
        ("hint closer", "undecided too_far"),
    ),
    Scene(
        "from afar to the camera",
        'who = "eileen", start = 0, end = 3, face_width = [54,190]',
        ("hint closer", "recognised eileen"),
    ),
    Scene(
        "turned to the own left",
        'who = "grace", start = 0, end = 1.5, face_width = 170, turn = 40',
        ("hint turn_right", "undecided yaw"),
    ),
    Scene(
        "turned to the own right",
        'who = "grace", start = 0, end = 1.5, face_width = 170, turn = -40',
        ("hint turn_left", "undecided yaw"),
    ),
    Scene(
        "head tilted",
        'who = "eileen", start = 0, end = 1.5, face_width = 170, roll = 32',
        ("hint head_upright", "undecided roll"),
    ),
    Scene(
        "dark",
        'who = "eileen", start = 0, end = 1.5, face_width = 170, light = 0.12',
        ("hint too_dark", "undecided illumination"),
    ),
    Scene(
        "dark, then the light goes on",
        """who = "eileen", start = 0, end = 1, face_width = 170, light = 0.12
        who = "eileen", start = 1, end = 2, face_width = 170""",
        ("hint too_dark", "recognised eileen"),
    ),
    Scene(
        "masked",
        'who = "eileen", start = 0, end = 1.5, face_width = 170, occluder = "mask"',
        ("hint uncover_face", "undecided occlusion.chin+occlusion.mouth+occlusion.nose"),
    ),
    # The pack has no liveness model: a print of the person is the person. It stands here so that nobody forgets.
    Scene(
        "a photograph held up",
        'who = "eileen", start = 0, end = 1.5, face_width = 170, photograph = true, roll = 5',
        ("recognised eileen",),
    ),
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    default_folder("detector", "embedder", "landmarks", "quality")
    config = Config.model_validate(
        {
            "state_dir": tmp_path_factory.mktemp("crowd"),
            "models": {"precision": "fp32"},
            "camera": {"width": 640, "height": 480, "detect_width": 320, "fps": 10},
            "live": {"groups": ["staff"], "max_distance_m": 1.0, "hint_every_s": 5},
        }
    )
    with Engine.open(config) as opened:
        enrol_portraits(opened, "eileen")
        yield opened


@pytest.mark.parametrize("scene", TABLE, ids=lambda scene: scene.name)
def test_the_table(scene: Scene, engine: Engine, tmp_path: Path) -> None:
    stage = Stage(engine, WatchPolicy("camera"))
    told = stage.play(engine.config.camera, script(tmp_path, scene.shots))
    assert sorted(map(said, told)) == sorted(scene.expected)


def said(event: NewEvent) -> str:
    """An event in a word or two: its kind, and who, which hint, or what was wrong."""
    data = event.data
    wrong = "+".join(sorted(set(data.get("reasons", ())) - {"few_looks"}))
    about = data.get("user_id") or data.get("hint") or (wrong if event.kind.value == "undecided" else "")
    return f"{event.kind.value} {about}".strip()
