"""How well templates tell people apart: error rates, thresholds and the tail of the impostor scores."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from edgeface.similarity import TemplateSpace

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Operating:
    """A threshold on the similarity and the false match rate it leaves; measured: counted, else extrapolated."""

    similarity: float
    fmr: float
    measured: bool


def best_accuracy(scores: Scores, same: NDArray[np.bool_]) -> float:
    """The share of pairs that the best single threshold decides rightly."""
    order = np.argsort(-scores)
    right = np.concatenate([[0], np.cumsum(np.where(same[order], 1, -1))]) + int((~same).sum())
    return float(right.max() / len(scores))


def threshold_at(impostor: Scores, fmr: float) -> float:
    """The lowest similarity that at most a share `fmr` of the impostor scores reaches or passes."""
    allowed = int(fmr * len(impostor))
    place = len(impostor) - allowed - 1
    if place < 0:
        return -1.0
    return float(np.nextafter(np.partition(impostor, place)[place], np.float32(2)))


def rate_at(scores: Scores, threshold: float) -> float:
    """The share of scores at or above the threshold: FMR of impostors, TAR of genuine pairs."""
    return float((scores >= threshold).mean())


def true_accept_rate(genuine: Scores, impostor: Scores, fmr: float) -> float:
    """TAR at the threshold where the impostors' FMR is `fmr`."""
    return rate_at(genuine, threshold_at(impostor, fmr))


def pair_scores(
    left: Scores,
    right: Scores,
    *,
    upper: bool,
    forbidden: NDArray[np.bool_] | None = None,
    space: TemplateSpace | None = None,
) -> Scores:
    """Similarities of all rows of `left` (NxD) to all of `right` (MxD), both of length 1, as one flat array.

    upper: only pairs i < j (the two are the same pictures in the same order). forbidden: NxM pairs left out.
    space: how they are compared; by cosines if it is not given.
    """
    keep = np.ones((len(left), len(right)), bool)
    if upper:
        keep = np.triu(keep, 1)
    if forbidden is not None:
        keep &= ~forbidden
    space = space or TemplateSpace(left.shape[1])
    return np.asarray(space.of_all(left, space.stored(right))[keep], np.float32)


def operating_points(impostor: Scores, measured: list[float], extrapolated: list[float]) -> list[Operating]:
    """Thresholds at the given false match rates, strictly rising.

    Rates in `measured` are counted. Those in `extrapolated` continue the tail as a normal distribution: the
    normal quantile of the rate is close to linear in the similarity, and the line is fitted to the counted
    rates of 1e-2 and less. It is a guess beyond the data and is marked as such.
    """
    points = [Operating(threshold_at(impostor, fmr), fmr, True) for fmr in measured]
    tail = [point for point in points if point.fmr <= 1e-2]
    if extrapolated:
        if len(tail) < 2:
            raise ValueError("two counted rates of 1e-2 or less are needed to extrapolate")
        quantiles = [-NormalDist().inv_cdf(point.fmr) for point in tail]
        slope, offset = np.polyfit(quantiles[-4:], [point.similarity for point in tail[-4:]], 1)
        # Start the line at the last counted point, so that the table stays monotone.
        offset = tail[-1].similarity - slope * quantiles[-1]
        points += [
            Operating(min(1.0, float(slope * -NormalDist().inv_cdf(fmr) + offset)), fmr, False)
            for fmr in extrapolated
        ]
    return points


def rate_of(similarity: float, points: list[Operating]) -> float:
    """The false match rate at a similarity: log FMR interpolated between the points, constant beyond them."""
    known = [point.similarity for point in points]
    logs = [float(np.log10(point.fmr)) for point in points]
    return float(10 ** np.interp(similarity, known, logs))
