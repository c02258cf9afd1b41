"""The demonstration is a check: it must be right, and it must notice when it is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from edgeface.cli.demo import find_problems, stage_seconds
from edgeface.cli.showcase.outcome import Claim, Ending, Outcome
from edgeface.cli.showcase.scenes import AS_ENROLLED, Scene
from edgeface.client import Detection
from edgeface.simulation.camera import SimulatedCamera
from tests.cli.conftest import Run


def test_the_whole_demonstration(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip("skimage")
    monkeypatch.delenv("EDGEFACE_STATE_DIR")
    sheet = tmp_path / "out" / "demo.png"
    ran = run("demo", "--out", sheet, "--json")
    assert ran.code == 0, ran.out
    assert ran.data["problems"] == []
    assert ran.data["counts"]["WRONG PERSON"] == 0
    assert ran.data["counts"]["enrolled"] == 2
    endings = {
        (scene["people"][0], scene["title"]): scene["ending"] for scene in ran.data["scenes"] if scene["people"]
    }
    assert endings["eileen_collins", AS_ENROLLED] == "recognised"
    assert endings["grace_hopper", AS_ENROLLED] == "recognised"
    assert endings["eileen_collins", "dark"] == "refused"
    assert {"decode", "detect", "embed", "search", "call"} <= set(ran.data["median_ms"])
    image = cv2.imread(str(sheet))
    assert image.shape[1] > 2000
    assert image.std() > 30


def _outcome(title: str, people: tuple[str, ...], ending: Ending, **more: object) -> Outcome:
    scene = Scene(title, "", SimulatedCamera(64, 48).take(), people)
    return replace(Outcome(scene, ending, Detection(64, 48, ()), (), None, ()), **more)  # type: ignore[arg-type]


def test_an_accepted_impostor_is_a_problem() -> None:
    claims = (Claim("ada", accepted=False, score=20.0), Claim("bob", accepted=True, score=90.0))
    (problem,) = find_problems([_outcome("dim", ("ada",), Ending.WRONG, claims=claims)])
    assert "bob" in problem


def test_a_person_who_is_not_recognised_as_enrolled_is_a_problem() -> None:
    fine = _outcome(AS_ENROLLED, ("ada",), Ending.RECOGNISED)
    assert find_problems([fine, _outcome("far away", ("ada",), Ending.REFUSED)]) == ()
    assert len(find_problems([replace(fine, ending=Ending.REFUSED)])) == 1


def test_a_refused_enrolment_is_a_problem() -> None:
    item = _outcome("enrolment", ("ada",), Ending.REFUSED)
    assert len(find_problems([replace(item, scene=replace(item.scene, enrols=True))])) == 1


def test_stage_times_are_read_from_the_metrics() -> None:
    text = (
        "# TYPE edgeface_stage_seconds histogram\n"
        'edgeface_stage_seconds_bucket{le="0.1",stage="detect"} 3.0\n'
        'edgeface_stage_seconds_sum{stage="detect"} 0.125\n'
        'edgeface_stage_seconds_sum{stage="embed"} 1.5e-03\n'
        'edgeface_request_seconds_sum{route="/v1/detect"} 9.0\n'
    )
    assert stage_seconds(text) == {"detect": 0.125, "embed": 0.0015}
