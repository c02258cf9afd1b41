"""With a liveness model in the pack a shot counts only if it looks like a living face."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeface.config import AccessRule, Config, DoorConfig, LiveConfig
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.live.outcome import Conclusion, Outcome
from edgeface.live.policy.door import DoorPolicy
from edgeface.live.policy.lockout import Lockout
from edgeface.live.policy.setting import groups_of, liveness_level, refuse_unsafe
from edgeface.types import QualityLevel
from tests.attribute_packs import Head, pack_with
from tests.live.faces import face
from tests.live.scenes import said, scene
from tests.live.stage import Stage, enrol_portraits, script

SCENE = 'who = "eileen", start = 0, end = 1.5, face_width = 170, light = {light}'


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Its liveness model takes bright faces for living ones, and faces in half light for prints."""
    folder = tmp_path_factory.mktemp("liveness")
    config = Config.model_validate(
        {
            "state_dir": folder / "state",
            "models": {"precision": "fp32", "pack": pack_with(folder / "pack", Head("liveness", (-0.3,), (2.0,)))},
            "camera": {"width": 640, "height": 480, "detect_width": 320, "fps": 10},
            "live": {"groups": ["staff"], "max_distance_m": 1.0, "hint_every_s": 5, "profile": "door"},
            "door": {"rules": [{"group": "staff"}], "failures": 2},
        }
    )
    with Engine.open(config) as opened:
        enrol_portraits(opened, "eileen")
        yield opened


def door(engine: Engine, folder: Path) -> DoorPolicy:
    config = engine.config.door
    lockout = Lockout(config, folder, now=0.0, boot_id="a")
    return DoorPolicy(config, lockout, lambda user: groups_of(engine, user), expires_s=2.0, source="front")


@pytest.mark.parametrize(
    ("light", "expected"),
    [(1.0, ["door_opened"]), (0.45, ["hint look_here", "refused not_live"])],
    ids=["living", "not living"],
)
def test_a_face_that_does_not_live_opens_nothing(
    engine: Engine, tmp_path: Path, light: float, expected: list[str]
) -> None:
    stage = Stage(engine, door(engine, tmp_path))
    told = stage.play(engine.config.camera, script(tmp_path, SCENE.format(light=light)))
    assert sorted(said(tuple(told))) == expected


def test_where_it_is_not_required_nobody_looks(engine: Engine, tmp_path: Path) -> None:
    live = engine.config.live.model_copy(update={"liveness": "none"})
    before = engine.config
    try:
        stage = Stage(engine, door(engine, tmp_path), before.model_copy(update={"live": live}))
        told = stage.play(before.camera, script(tmp_path, SCENE.format(light=0.45)))
    finally:
        engine.reconfigure(before)
    assert said(tuple(told)) == ["door_opened"]


def test_who_holds_up_photographs_is_locked_out(tmp_path: Path) -> None:
    config = DoorConfig(rules=(AccessRule(group="staff"),), failures=2, failure_window_s=60, lockout_s=100)
    lockout = Lockout(config, tmp_path, now=0.0, boot_id="a")
    policy = DoorPolicy(config, lockout, lambda user: ("staff",), expires_s=2.0, source="front")
    spoof = Outcome(Conclusion.UNDECIDED, 1, face(), 0, 0.0, 0.0, reasons=("few_looks", "liveness"))
    assert said(policy.on_outcome(spoof, scene(0, 1))) == ["refused not_live"]
    assert said(policy.on_outcome(spoof, scene(1, 1))) == ["refused not_live", "lockout"]


def test_the_door_starts_on_a_pack_with_a_liveness_model() -> None:
    config = Config(live=LiveConfig(profile="door"))
    refuse_unsafe(config, {"detector", "embedder", "liveness"})
    with pytest.raises(EdgeFaceError) as refused:
        refuse_unsafe(config, {"detector", "embedder"})
    assert refused.value.code is ErrorCode.CONFIG_INVALID


@pytest.mark.parametrize(
    ("liveness", "features", "expected"),
    [
        ("required", {"liveness"}, QualityLevel.HIGH),
        ("required", set(), QualityLevel.NONE),
        ("none", {"liveness"}, QualityLevel.NONE),
    ],
)
def test_how_sure_it_must_be(liveness: str, features: set[str], expected: QualityLevel) -> None:
    live = LiveConfig.model_validate({"liveness": liveness, "liveness_level": "HIGH"})
    assert liveness_level(Config(live=live), features) is expected
