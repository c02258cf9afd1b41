"""1:N protocol: rank-1, and the false negative identification rate at a false positive identification rate.

A probe is *mated* when its person is in the gallery. FPIR(t) is the share of non-mated probes whose best candidate
reaches t; FNIR(t) the share of mated probes whose mate is not the best candidate or does not reach t
(the form of NIST FRTE 1:N with a candidate list of length one).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeface.similarity import TemplateSpace
from edgeface.types import FloatArray

_BLOCK = 1024


@dataclass(frozen=True, slots=True)
class IdentificationPoint:
    """A similarity threshold, the FPIR it was chosen for, and the FNIR that it costs."""

    fpir: float
    threshold: float
    fnir: float
    measured_fpir: float


@dataclass(frozen=True, slots=True)
class IdentificationRates:
    """What a gallery of ``people`` people and ``templates`` templates answered."""

    people: int
    templates: int
    mated_probes: int
    non_mated_probes: int
    rank_1: float | None
    """Share of mated probes whose mate is the best candidate; ``None`` without mated probes."""
    points: tuple[IdentificationPoint, ...]


@dataclass(frozen=True, slots=True, eq=False)
class BestCandidates:
    """For every probe: similarity (n,) of the best candidate and whether it is the mate (n,)."""

    similarity: npt.NDArray[np.float64]
    is_mate: npt.NDArray[np.bool_]
    mated: npt.NDArray[np.bool_]


def identification_rates(
    gallery: FloatArray,
    gallery_labels: Sequence[str],
    probes: FloatArray,
    probe_labels: Sequence[str],
    fpirs: Sequence[float],
    space: TemplateSpace,
) -> IdentificationRates:
    """Search every probe (p, d) in the gallery (g, d); templates have L2 norm 1, the best template speaks for a
    person. Without non-mated probes, or with too few to show an FPIR, the point is left out."""
    best = best_candidates(gallery, gallery_labels, probes, probe_labels, space)
    mated = best.mated
    points = []
    strangers = np.sort(best.similarity[~mated])[::-1]
    for fpir in fpirs:
        allowed = int(np.floor(fpir * len(strangers) + 1e-9))
        if allowed < 1 or not mated.any():
            continue
        threshold = _threshold(strangers, allowed)
        found = best.is_mate[mated] & (best.similarity[mated] >= threshold)
        points.append(
            IdentificationPoint(
                fpir=fpir,
                threshold=threshold,
                fnir=float(1 - found.mean()),
                measured_fpir=float(np.mean(strangers >= threshold)),
            )
        )
    return IdentificationRates(
        people=len(set(gallery_labels)),
        templates=len(gallery),
        mated_probes=int(mated.sum()),
        non_mated_probes=int((~mated).sum()),
        rank_1=float(best.is_mate[mated].mean()) if mated.any() else None,
        points=tuple(points),
    )


def best_candidates(
    gallery: FloatArray,
    gallery_labels: Sequence[str],
    probes: FloatArray,
    probe_labels: Sequence[str],
    space: TemplateSpace,
) -> BestCandidates:
    """The best candidate of every probe, by exact scan in blocks."""
    people = np.asarray(gallery_labels)
    vectors = space.stored(gallery)
    similarity = np.empty(len(probes), dtype=np.float64)
    candidate = np.empty(len(probes), dtype=np.int64)
    for start in range(0, len(probes), _BLOCK):
        scores = space.of_all(probes[start : start + _BLOCK], vectors)
        best = scores.argmax(axis=1)
        candidate[start : start + _BLOCK] = best
        similarity[start : start + _BLOCK] = scores[np.arange(len(best)), best]
    truth = np.asarray(probe_labels)
    mated = np.isin(truth, people)
    return BestCandidates(similarity, is_mate=people[candidate] == truth, mated=mated)


def _threshold(strangers: npt.NDArray[np.float64], allowed: int) -> float:
    """The lowest threshold that at most ``allowed`` of the strangers (sorted, highest first) reach."""
    if allowed >= len(strangers):
        return float(strangers[-1])
    # Just above the first stranger that may not pass; equal ones all stay out.
    return float(np.nextafter(strangers[allowed], np.inf))
