"""A wrong configuration is refused by field; the environment wins over the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeface.config import Config, load_config
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import QualityLevel


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "edgeface.toml"
    file.write_text('state_dir = "/from/file"\n[server]\nworkers = 3\nqueue = 5\n')
    config = load_config(file, {"EDGEFACE_SERVER__WORKERS": "4", "EDGEFACE_STATE_DIR": "/from/environment"})
    assert (config.server.workers, config.server.queue) == (4, 5)
    assert config.state_dir == Path("/from/environment")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[server]\nworkers = 0", "server.workers"),
        ("[server]\nwrokers = 1", "server.wrokers"),
        ("[decision]\nfmr = 2.0", "decision.fmr"),
        ("[quality.normal]\nblur = 1.5", "quality.normal.blur"),
        ('[detection]\norder = "prettiest"', "detection.order"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, text: str, field: str) -> None:
    file = tmp_path / "edgeface.toml"
    file.write_text(text)
    with pytest.raises(EdgeFaceError) as caught:
        load_config(file, {})
    assert caught.value.code is ErrorCode.CONFIG_INVALID
    assert field in caught.value.detail


@pytest.mark.parametrize("content", [b"= no toml", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "edgeface.toml"
    file.write_bytes(content)
    with pytest.raises(EdgeFaceError, match=r"config_invalid"):
        load_config(file, {})


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(EdgeFaceError, match="does not exist"):
        load_config(tmp_path / "missing.toml", {})


def test_levels_become_stricter() -> None:
    quality = Config().quality
    low, normal, high = (
        quality.thresholds(level) for level in (QualityLevel.LOW, QualityLevel.NORMAL, QualityLevel.HIGH)
    )
    for name in type(low).model_fields:
        loose, middle, strict = (getattr(level, name) for level in (low, normal, high))
        if name in ("illumination_min", "face_size"):
            assert (loose or 0) <= (middle or 0) <= (strict or 0), name
        elif name not in ("illumination_max", "interocular_distance", "complete"):
            assert loose >= middle >= strict, name


def test_normal_is_the_documented_table() -> None:
    normal = Config().quality.thresholds(QualityLevel.NORMAL)
    assert (normal.occlusion_left_eye, normal.occlusion_right_eye, normal.occlusion_nose) == (0.6, 0.6, 0.7)
    assert (normal.occlusion_mouth, normal.occlusion_left_cheek, normal.occlusion_right_cheek) == (0.7, 0.8, 0.8)
    assert (normal.occlusion_chin, normal.blur, normal.illumination_min) == (0.6, 0.7, 40)
    assert (normal.yaw, normal.pitch, normal.roll, normal.face_size, normal.complete) == (20, 20, 20, 100, True)
