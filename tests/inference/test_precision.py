"""The machine decides between FP32 and INT8, once, unless the configuration does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeface.inference.pack import ModelPack, RoleSpec
from edgeface.inference.precision import PrecisionChoice, PrecisionChooser, cpu_model, example_input
from tests.packs import default_folder


def landmarks_role() -> RoleSpec:
    spec = ModelPack.load(default_folder("landmarks")).roles["landmarks"]
    if len(spec.variants) < 2:
        pytest.skip("the default pack has one precision of the landmarks model")
    return spec


def clock_with(fp32_seconds: float, int8_seconds: float, spec: RoleSpec) -> Callable[[], float]:
    """A clock that makes the variants, run in turn in the manifest's order, take so long."""
    durations = {"fp32": fp32_seconds, "int8": int8_seconds}
    now, calls = 0.0, 0
    order = [durations[name] for name in spec.variants]

    def tick() -> float:
        nonlocal now, calls
        calls += 1
        if calls % 2 == 0:  # the second reading of a pair comes after the run
            now += order[(calls // 2 - 1) % len(order)]
        return now

    return tick


def choose(
    spec: RoleSpec, wanted: str = "auto", cache: Path | None = None, times: tuple[float, float] = (2.0, 1.0)
) -> PrecisionChoice:
    chooser = PrecisionChooser(wanted=wanted, threads=1, cache_dir=cache, clock=clock_with(*times, spec))
    session, choice = chooser.open(spec, example_input(112, 112))
    assert session.run(example_input(112, 112))[0].shape == (1, 300)
    return choice


def test_the_faster_one_runs() -> None:
    spec = landmarks_role()
    assert choose(spec, times=(2.0, 1.0)).precision == "int8"
    assert choose(spec, times=(1.0, 2.0)).precision == "fp32"


def test_a_tie_goes_to_the_more_exact_one() -> None:
    assert choose(landmarks_role(), times=(1.0, 0.99)).precision == "fp32"


@pytest.mark.parametrize("wanted", ["fp32", "int8"])
def test_the_configuration_can_force(wanted: str) -> None:
    choice = choose(landmarks_role(), wanted=wanted, times=(1.0, 1.0))
    assert (choice.precision, choice.reason) == (wanted, "configured")


def test_a_measurement_is_remembered(tmp_path: Path) -> None:
    spec = landmarks_role()
    assert choose(spec, cache=tmp_path, times=(2.0, 1.0)).reason == "measured"
    again = choose(spec, cache=tmp_path, times=(1.0, 2.0))
    assert (again.precision, again.reason) == ("int8", "measured before")
    assert again.fp32_ms == pytest.approx(2000.0)
    (key,) = json.loads((tmp_path / "precision.json").read_text())
    assert cpu_model() in key


@pytest.mark.parametrize("content", ["", "[]", '{"x": 1}', "{"])
def test_a_damaged_memory_is_only_a_new_measurement(tmp_path: Path, content: str) -> None:
    (tmp_path / "precision.json").write_text(content)
    assert choose(landmarks_role(), cache=tmp_path).reason == "measured"
    assert choose(landmarks_role(), cache=tmp_path).reason == "measured before"


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path: Path) -> None:
    assert choose(landmarks_role(), cache=tmp_path / "missing").reason == "measured"
