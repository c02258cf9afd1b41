"""The protocols' numbers against answers worked out by hand or by brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from edgeface.evaluation.verification import (
    best_threshold,
    count_all_pairs,
    equal_error_rate,
    k_fold,
    operating_points,
)
from edgeface.similarity import TemplateSpace

SPACE = TemplateSpace(16)
LESS_OFFSETS = TemplateSpace(16, lambda templates: 0.3 * templates[:, 0], "test")


def _templates(count: int, dimension: int = 16, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_separable_pairs_are_all_right() -> None:
    result = k_fold([0.9, 0.1, 0.8, 0.2, 0.7, 0.3], [True, False] * 3, [0, 0, 1, 1, 2, 2])
    assert result.mean == 1.0
    assert result.std == 0.0
    assert result.equal_error_rate == 0.0


def test_the_threshold_comes_from_the_other_folds() -> None:
    # Fold 1's own best threshold (0.35) would be perfect for it; fold 0 says 0.55, which costs one of its two pairs.
    result = k_fold([0.6, 0.5, 0.4, 0.3], [True, False, True, False], [0, 0, 1, 1])
    assert result.thresholds == pytest.approx((0.35, 0.55))
    assert result.accuracies == (0.5, 0.5)
    assert result.mean == 0.5


def test_mean_and_deviation_over_folds() -> None:
    similarities = [0.9, 0.1, 0.9, 0.1, 0.1, 0.9]
    result = k_fold(similarities, [True, False, True, False, True, False], [0, 0, 1, 1, 2, 2])
    assert result.accuracies == (1.0, 1.0, 0.0)
    assert result.mean == pytest.approx(2 / 3)
    assert result.std == pytest.approx(np.std([1, 1, 0]))


def test_best_threshold_beats_every_other_cut() -> None:
    random = np.random.default_rng(4)
    truth = random.random(200) < 0.5
    values = np.round(random.normal(truth * 1.0, 1.0), 1)  # with ties
    chosen = np.mean((values >= best_threshold(values, truth)) == truth)
    every = [np.mean((values >= cut) == truth) for cut in np.append(np.unique(values), values.max() + 1)]
    assert chosen == max(every)


def test_equal_error_rate_of_known_overlap() -> None:
    values = np.asarray([0.1, 0.2, 0.3, 0.6, 0.4, 0.7, 0.8, 0.9])
    truth = np.asarray([False] * 4 + [True] * 4)
    assert equal_error_rate(values, truth) == pytest.approx(0.25)


@pytest.mark.parametrize("space", [SPACE, LESS_OFFSETS])
@pytest.mark.parametrize("count", [5, 50])
def test_all_pairs_equal_brute_force(count: int, space: TemplateSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeface.evaluation.verification._BLOCK", 7)  # several blocks, the last one cut
    vectors = _templates(count)
    labels = [str(number // 3) for number in range(count)]
    counted: list[int] = []
    counts = count_all_pairs(vectors, labels, space, progress=counted.append)
    pairs = list(itertools.combinations(range(count), 2))
    assert sum(counted) == len(pairs)
    assert counts.genuine_pairs == sum(labels[a] == labels[b] for a, b in pairs)
    assert counts.impostor_pairs == sum(labels[a] != labels[b] for a, b in pairs)
    impostors = [space.similarity(vectors[a], vectors[b]) for a, b in pairs if labels[a] != labels[b]]
    for point in operating_points(counts, [0.1, 0.5]):
        assert np.mean(np.asarray(impostors) >= point.threshold) <= point.far + 1e-9
        assert point.measured_far <= point.far


def test_tar_at_far_with_a_known_answer() -> None:
    # Ten people on the axes of space (impostors: cosine 0), each twice: six alike (1.0), four opposite (-1.0).
    axes = np.eye(10, dtype=np.float32)
    twins = axes * np.where(np.arange(10) < 6, 1, -1)[:, None].astype(np.float32)
    labels = [str(number) for number in range(10)] * 2
    counts = count_all_pairs(np.concatenate([axes, twins]), labels, TemplateSpace(axes.shape[1]))
    assert (counts.genuine_pairs, counts.impostor_pairs) == (10, 180)
    (point,) = operating_points(counts, [1e-2])
    assert point.tar == pytest.approx(0.6)
    assert point.measured_far == 0.0
    assert point.threshold > 0


def test_rates_that_were_not_measured_are_left_out() -> None:
    counts = count_all_pairs(_templates(20), [str(number // 2) for number in range(20)], SPACE)  # 180 impostor pairs
    assert [point.far for point in operating_points(counts, [1e-2, 1e-3])] == [1e-2]
