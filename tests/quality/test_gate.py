"""The gate lists every failed measure, with the documented meaning of each threshold's edge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgeface.config import QualityConfig, QualityThresholds
from edgeface.quality.gate import judge
from edgeface.types import REGIONS, Occlusion, Pose, Quality, QualityLevel, Verdict

LEVELS = QualityConfig()
CLEAR = Occlusion(**dict.fromkeys(REGIONS, 0.0))
GOOD = Quality(
    illumination=120.0,
    completeness=1,
    face_width=150.0,
    face_height=180.0,
    interocular_distance=70.0,
    occlusion=CLEAR,
    blur=0.05,
)
FRONTAL = Pose(2.0, -3.0, 1.0)


def verdict(
    quality: Quality = GOOD, pose: Pose | None = FRONTAL, level: QualityLevel = QualityLevel.NORMAL
) -> Verdict:
    return judge(quality, pose, level, LEVELS.thresholds(level))


def failed(result: Verdict) -> set[str]:
    return {violation.measure for violation in result.violations}


@pytest.mark.parametrize("level", list(QualityLevel))
def test_a_good_face_passes_every_level(level: QualityLevel) -> None:
    result = verdict(level=level)
    assert result.passed
    assert result.level is level
    assert result.not_measured == ()


# Baidu v3's table, written down here a second time on purpose: the edge fails for "<" and ">", passes for ">=".
NORMAL_EDGES: list[tuple[str, Any, Any]] = [
    *(
        (f"occlusion.{region}", limit, limit - 0.01)
        for region, limit in zip(REGIONS, (0.6, 0.6, 0.7, 0.7, 0.8, 0.8, 0.6), strict=True)
    ),
    ("blur", 0.7, 0.69),
    ("illumination", 40.0, 40.1),
    ("face_width", 99.9, 100.0),
    ("face_height", 99.9, 100.0),
    ("completeness", 0, 1),
    ("yaw", 20.0, 19.9),
    ("yaw", -20.0, -19.9),
    ("pitch", -20.0, -19.9),
    ("roll", 20.0, -19.9),
]


def with_measure(measure: str, value: float) -> tuple[Quality, Pose]:
    if measure.startswith("occlusion."):
        return replace(GOOD, occlusion=replace(CLEAR, **{measure.split(".")[1]: value})), FRONTAL
    if measure in ("yaw", "pitch", "roll"):
        return GOOD, replace(FRONTAL, **{measure: value})
    return replace(GOOD, **{measure: value}), FRONTAL


@pytest.mark.parametrize(("measure", "refused", "accepted"), NORMAL_EDGES)
def test_normal_is_the_documented_table(measure: str, refused: float, accepted: float) -> None:
    result = verdict(*with_measure(measure, refused))
    assert failed(result) == {measure}
    (violation,) = result.violations
    assert violation.value == abs(refused)
    assert verdict(*with_measure(measure, accepted)).passed


def test_every_failed_measure_is_listed() -> None:
    bad = replace(GOOD, blur=0.9, illumination=10.0, completeness=0, occlusion=replace(CLEAR, mouth=1.0, chin=1.0))
    result = verdict(bad, Pose(-50.0, 0.0, 0.0))
    assert failed(result) == {"blur", "illumination", "completeness", "occlusion.mouth", "occlusion.chin", "yaw"}
    assert not result.passed
    assert "blur 0.9 (must be < 0.7)" in {str(violation) for violation in result.violations}


def test_what_could_not_be_measured_is_said_and_is_no_violation() -> None:
    result = verdict(replace(GOOD, occlusion=None, blur=None), None)
    assert result.passed
    assert set(result.not_measured) == {f"occlusion.{region}" for region in REGIONS} | {
        "blur",
        "yaw",
        "pitch",
        "roll",
    }


def test_levels_get_stricter() -> None:
    soft = replace(GOOD, blur=0.75, illumination=35.0, face_width=60.0, face_height=70.0)
    assert verdict(soft, level=QualityLevel.LOW).passed
    assert failed(verdict(soft, level=QualityLevel.NORMAL)) == {"blur", "illumination", "face_width", "face_height"}
    middling = replace(GOOD, blur=0.5, illumination=210.0)
    assert verdict(middling, level=QualityLevel.NORMAL).passed
    assert failed(verdict(middling, level=QualityLevel.HIGH)) == {"blur", "illumination"}


def test_none_checks_nothing() -> None:
    awful = replace(GOOD, blur=1.0, illumination=0.0, completeness=0)
    result = verdict(awful, None, QualityLevel.NONE)
    assert result.passed
    assert result.not_measured == ()


def test_own_thresholds() -> None:
    result = judge(GOOD, None, QualityLevel.CUSTOM, QualityThresholds(interocular_distance=71.0))
    assert failed(result) == {"interocular_distance"}
