"""The profiles in configs/ load, say where their thresholds come from, and the unsafe one does not start."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeface.config import load_config
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.live.policy.setting import refuse_unsafe

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
PROFILES = ("attendance", "door", "kiosk")


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_loads(name: str) -> None:
    assert load_config(CONFIGS / f"{name}.toml", {}).live.profile == name


@pytest.mark.parametrize("name", PROFILES)
def test_every_threshold_has_its_reason_beside_it(name: str) -> None:
    for line in (CONFIGS / f"{name}.toml").read_text(encoding="utf-8").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#") and value.split("#")[0].strip().replace(".", "").isdigit():
            obvious = key.strip() in {"height", "fps"}
            assert obvious or "#" in value, line


def test_a_door_without_liveness_does_not_start_until_that_is_written() -> None:
    config = load_config(CONFIGS / "door.toml", {})
    with pytest.raises(EdgeFaceError) as refused:
        refuse_unsafe(config, {"detector", "embedder", "landmarks", "quality"})
    assert refused.value.code is ErrorCode.CONFIG_INVALID
    refuse_unsafe(config, {"detector", "embedder", "liveness"})
    told = config.model_copy(update={"live": config.live.model_copy(update={"liveness": "none"})})
    refuse_unsafe(told, {"detector", "embedder"})
