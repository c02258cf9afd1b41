"""The cohort network: what it learns, what it does for a threshold, and its place in the calibration."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from embedder_samples import SETTINGS  # noqa: E402

from edgeface.similarity import TemplateSpace  # noqa: E402
from training.embedder.calibrate import Impostors, table_text  # noqa: E402
from training.embedder.cohort import crowding, fit, learn, space_beside, write  # noqa: E402
from training.embedder.targets import shown_in  # noqa: E402
from training.embedder.verification import (  # noqa: E402
    Operating,
    pair_scores,
    rate_at,
    threshold_at,
)
from training.pack import read_calibration  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")


def _directions(count: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, 16)).astype(np.float32)
    rows[::2, 0] += 4  # every second one in a crowd
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_crowding_is_the_mean_of_the_highest_cosines_but_the_very_highest() -> None:
    template = np.eye(1, 4, dtype=np.float32)
    cosines = np.array([1.0, 0.9, 0.5, 0.3, 0.1, 0.0, -0.2, -0.4, -0.6, -0.8], np.float32)
    cohort = np.stack([cosines, np.sqrt(1 - cosines**2), np.zeros(10), np.zeros(10)], axis=1).astype(np.float32)
    cohort = np.random.default_rng(0).permutation(cohort)
    assert crowding(template, cohort, share=0.2, skipped=2)[0] == pytest.approx((0.5 + 0.3) / 2)
    assert crowding(template, cohort, share=0.01, skipped=0)[0] == pytest.approx(1.0)


def test_the_cohort_network_tells_crowded_templates_it_never_saw(tmp_path: Path) -> None:
    known, unseen = _directions(400, 1), _directions(100, 2)
    torch.manual_seed(0)
    near = crowding(known, known, share=0.05, skipped=1)
    network = fit(known, near, hidden=16, passes=40, batch=64, rate=1e-2, decay=1e-2)
    write(network, tmp_path / "cohort.onnx", 16)
    space = space_beside(tmp_path / "embedder.int8.onnx", 16)
    assert space.offsets is not None
    told = space.offsets(unseen)
    assert np.corrcoef(told, crowding(unseen, known, share=0.05, skipped=1))[0, 1] > 0.9
    assert told[::2].mean() > told[1::2].mean() + 0.1
    anything = np.random.default_rng(3).normal(size=(1000, 16)).astype(np.float32) * 10  # no templates at all
    assert near.min() - 1e-6 <= space.offsets(anything).min() < space.offsets(anything).max() <= near.max() + 1e-6
    assert space_beside(tmp_path / "elsewhere" / "embedder.int8.onnx", 16).offsets is None


def test_the_cohort_is_learnt_from_pictures_and_a_recogniser(work: Path) -> None:
    def recognise(crops: np.ndarray) -> np.ndarray:
        rows = crops.reshape(len(crops), -1)[:, ::911].astype(np.float32)[:, :16] - 100
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    network, cohort = learn(SETTINGS, shown_in(work, SETTINGS), recognise, new_people=10)
    assert cohort.shape == (10, 16)
    with torch.no_grad():
        assert network(torch.from_numpy(cohort)).shape == (10,)


def test_a_threshold_holds_in_a_crowd_once_offsets_are_off(tmp_path: Path) -> None:
    """Impostors of a crowd and of the rest: at one threshold their rates differ much less."""
    known, unseen = _directions(2000, 1), _directions(1000, 2)
    torch.manual_seed(0)
    offsets = crowding(known, known, share=0.02, skipped=1) / 2
    network = fit(known, offsets - offsets.mean(), hidden=32, passes=30, batch=128, rate=1e-2, decay=1e-2)
    write(network, tmp_path / "cohort.onnx", 16)
    ratios = {}
    for name, space in (("cosines", None), ("less offsets", space_beside(tmp_path / "e.onnx", 16))):
        crowd, rest = (pair_scores(rows, rows, upper=True, space=space) for rows in (unseen[::2], unseen[1::2]))
        ratios[name] = rate_at(crowd, threshold_at(rest, 1e-2)) / 1e-2
    assert ratios["cosines"] > 10
    assert 1 / 3 < ratios["less offsets"] < 3


def test_the_calibration_table_names_the_network_it_was_measured_with(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"a network").hexdigest()
    space = TemplateSpace(16, lambda templates: templates[:, 0], digest)
    found = Impostors({"faces": np.zeros(3, np.float32)}, {}, doubtful=0)
    points = [Operating(0.1, 0.1, True), Operating(0.5, 1e-4, True)]
    (tmp_path / "calibration.toml").write_text(table_text(points, found, "e.onnx", space))
    calibration = read_calibration(tmp_path / "calibration.toml")
    assert calibration is not None
    assert calibration["points"] == [[0.1, 0.1], [0.5, 1e-4]]
    assert calibration["cohort"] == {
        "file": "cohort.onnx",
        "sha256": digest,
    }
