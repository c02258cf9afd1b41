"""How the embedder is measured: distances, error rates, thresholds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from embedder_samples import SETTINGS

from training.augment.geometry import centre_crop
from training.embedder.distance import kinds, mean_distance
from training.embedder.targets import shown_in
from training.embedder.verification import (
    best_accuracy,
    operating_points,
    rate_at,
    rate_of,
    threshold_at,
)

pytestmark = pytest.mark.usefixtures("one_thread")


def test_what_was_shown_is_compared_with_others_of_its_kind(work: Path) -> None:
    shown = shown_in(work, SETTINGS)
    unseen = np.full((7, 112, 112, 3), 9, np.uint8)
    found = {name: pair for name, *pair in kinds(shown, 5, unseen, count=6, rng=np.random.default_rng(0))}
    assert {name: [len(crops) for crops in pair] for name, pair in found.items()} == {
        "pictures": [6, 6],
        "blends": [6, 6],
        "reshaped": [5, 5],
    }
    assert not np.any(found["pictures"][1] != 9)
    everything = {centre_crop(shown.canvas(k), 112).tobytes() for k in range(10 + 20 + 5)}
    for seen, other in found.values():
        assert {crop.tobytes() for crop in seen} <= everything
        assert not {crop.tobytes() for crop in other} & everything


def test_the_distance_is_one_minus_the_mean_cosine() -> None:
    axes = np.eye(2, dtype=np.float32)
    crops = np.zeros((2, 112, 112, 3), np.uint8)
    assert mean_distance(crops, lambda _: axes, lambda _: axes) == 0
    assert mean_distance(crops, lambda _: axes, lambda _: axes[[0, 0]]) == 0.5


def test_rates_and_thresholds_agree() -> None:
    rng = np.random.default_rng(0)
    impostor = rng.normal(0.0, 0.1, 200_000).astype(np.float32)
    genuine = rng.normal(0.6, 0.1, 5_000).astype(np.float32)
    for fmr in (1e-1, 1e-3):
        assert rate_at(impostor, threshold_at(impostor, fmr)) == pytest.approx(fmr, rel=0.02)
    scores = np.concatenate([impostor[:5000], genuine])
    assert best_accuracy(scores, np.arange(10_000) >= 5000) > 0.997
    points = operating_points(impostor, [1e-1, 1e-2, 1e-3, 1e-4], [1e-6])
    # of a normal distribution the tail is known: one in a million lies beyond 4.75 sigma
    assert points[-1].similarity == pytest.approx(0.475, abs=0.02) and not points[-1].measured
    found = [point.similarity for point in points]
    assert found == sorted(found)
    assert rate_of(points[1].similarity, points) == pytest.approx(1e-2)
