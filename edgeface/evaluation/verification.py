"""1:1 protocols: k-fold accuracy over listed pairs, and true accept rates over all pairs of a collection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeface.similarity import TemplateSpace
from edgeface.types import FloatArray

# 87 million impostor pairs (LFW) put 87 of them beyond FAR 1e-6: bins of 1e-5 resolve that tail.
BINS = 200_000
_BLOCK = 2048


@dataclass(frozen=True, slots=True)
class FoldAccuracy:
    """k-fold accuracy: each fold judged at the threshold that was best on the others."""

    mean: float
    std: float
    """Standard deviation over the folds (of the population, as the field reports LFW)."""
    accuracies: tuple[float, ...]
    thresholds: tuple[float, ...]
    equal_error_rate: float


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A similarity threshold, the false accept rate it was chosen for, and what is then truly accepted."""

    far: float
    threshold: float
    tar: float
    measured_far: float
    """The share of impostor pairs at or above the threshold; at most ``far``."""


@dataclass(frozen=True, slots=True, eq=False)
class SimilarityCounts:
    """Histograms of similarity, int64 (bins,) over [-1, 1], what lies beyond at the ends: of both kinds of pairs."""

    genuine: npt.NDArray[np.int64]
    impostor: npt.NDArray[np.int64]

    @property
    def genuine_pairs(self) -> int:
        return int(self.genuine.sum())

    @property
    def impostor_pairs(self) -> int:
        return int(self.impostor.sum())


def k_fold(
    similarities: npt.ArrayLike, same: Sequence[bool] | npt.NDArray[np.bool_], folds: Sequence[int]
) -> FoldAccuracy:
    """The LFW protocol. ``similarities`` (n,), ``same`` (n,), ``folds`` (n,) the fold of each pair."""
    values = np.asarray(similarities, dtype=np.float64)
    truth = np.asarray(same, dtype=bool)
    numbers = np.asarray(folds)
    accuracies, thresholds = [], []
    for fold in np.unique(numbers):
        held_out = numbers == fold
        threshold = best_threshold(values[~held_out], truth[~held_out])
        decided = values[held_out] >= threshold
        accuracies.append(float(np.mean(decided == truth[held_out])))
        thresholds.append(threshold)
    return FoldAccuracy(
        mean=float(np.mean(accuracies)),
        std=float(np.std(accuracies)),
        accuracies=tuple(accuracies),
        thresholds=tuple(thresholds),
        equal_error_rate=equal_error_rate(values, truth),
    )


def best_threshold(values: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_]) -> float:
    """The threshold of highest accuracy (accept when >=): the middle of the gap between two observed values."""
    order = np.argsort(values, kind="stable")
    ordered, genuine = values[order], truth[order]
    # Cutting before position k rejects the first k: right are the impostors below and the genuine from k on.
    impostors_below = np.concatenate(([0], np.cumsum(~genuine)))
    genuine_above = genuine.sum() - np.concatenate(([0], np.cumsum(genuine)))
    right = (impostors_below + genuine_above).astype(np.int64)
    # Equal values cannot be separated.
    right[1:-1][ordered[1:] == ordered[:-1]] = -1
    best = np.flatnonzero(right == right.max())
    cut = int(best[len(best) // 2])
    if cut == 0:
        return float(ordered[0])
    if cut == len(ordered):
        return float(np.nextafter(ordered[-1], np.inf))
    return float((ordered[cut - 1] + ordered[cut]) / 2)


def equal_error_rate(values: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_]) -> float:
    """The rate at which false accepts and false rejects are equally frequent."""
    genuine, impostor = np.sort(values[truth]), np.sort(values[~truth])
    cuts = np.unique(values)
    false_reject = np.searchsorted(genuine, cuts, side="left") / max(len(genuine), 1)
    false_accept = 1 - np.searchsorted(impostor, cuts, side="left") / max(len(impostor), 1)
    at = int(np.argmin(np.abs(false_reject - false_accept)))
    return float((false_reject[at] + false_accept[at]) / 2)


def count_all_pairs(
    templates: FloatArray,
    labels: Sequence[str],
    space: TemplateSpace,
    *,
    progress: Callable[[int], None] | None = None,
) -> SimilarityCounts:
    """Every pair once, by blocks: ``templates`` float32 (n, d) of L2 norm 1, ``labels`` (n,) the person of each.

    ``progress`` is told how many pairs each block added.
    """
    _, people = np.unique(np.asarray(labels), return_inverse=True)
    total = np.zeros(BINS, dtype=np.int64)
    genuine = np.zeros(BINS, dtype=np.int64)
    vectors = space.stored(templates)
    for top in range(0, len(templates), _BLOCK):
        rows = templates[top : top + _BLOCK]
        for left in range(top, len(templates), _BLOCK):
            bins = _bins(space.of_all(rows, vectors[left : left + _BLOCK]))
            same = people[top : top + _BLOCK, None] == people[None, left : left + _BLOCK]
            if left == top:
                upper = np.triu_indices(len(rows), k=1)
                bins, same = bins[upper], same[upper]
            total += np.bincount(bins.ravel(), minlength=BINS)
            genuine += np.bincount(bins[same], minlength=BINS)
            if progress:
                progress(bins.size)
    return SimilarityCounts(genuine=genuine, impostor=total - genuine)


def operating_points(counts: SimilarityCounts, fars: Sequence[float]) -> tuple[OperatingPoint, ...]:
    """TAR at each FAR. The threshold is the lowest bin edge whose impostor share does not exceed the FAR.

    A FAR finer than one impostor pair can show is left out: it was not measured.
    """
    impostors = counts.impostor_pairs
    accepted = np.concatenate((np.cumsum(counts.impostor[::-1])[::-1], [0]))
    taken = np.concatenate((np.cumsum(counts.genuine[::-1])[::-1], [0]))
    points = []
    for far in fars:
        if impostors == 0 or counts.genuine_pairs == 0 or far * impostors < 1:
            continue
        edge = int(np.argmax(accepted <= far * impostors))
        points.append(
            OperatingPoint(
                far=far,
                threshold=edge * 2 / BINS - 1,
                tar=float(taken[edge] / counts.genuine_pairs),
                measured_far=float(accepted[edge] / impostors),
            )
        )
    return tuple(points)


def _bins(similarities: FloatArray) -> npt.NDArray[np.int32]:
    scaled = (similarities + np.float32(1)) * np.float32(BINS / 2)
    return np.clip(scaled, 0, BINS - 1, out=scaled).astype(np.int32)
