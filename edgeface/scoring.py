"""Similarity to false match rate to the documented 0-100 score, from a pack's measured table.

The score is defined by the false match rate, so it keeps its meaning when the model changes: 80 is FMR 1e-4 (the
vendors' documents: one in ten thousand). From 0 to 80 each power of ten is worth 20 points, above 80 five, so
that 100 is FMR 1e-8.

Between the table's rows log10(FMR) is linear in the similarity. Beyond its last row, where nobody has measured, the
line through the table's last power of ten is prolonged: scores there are an extrapolation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import CalibrationPoint

__all__ = ["CalibrationPoint", "ScoreScale"]

_POINTS_PER_DECADE = 20.0
_KNEE_SCORE = 80.0  # Baidu v3 and CloudWalk: 80 is a false match rate of 1e-4
_KNEE_DECADES = 4.0
_POINTS_PER_DECADE_ABOVE = 5.0
_TOP_DECADES = 8.0
# The part of the table whose slope is prolonged, in powers of ten: its last rows rest on a handful of impostors.
_TAIL_DECADES = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class ScoreScale:
    """A monotone, invertible scale between similarity (:mod:`edgeface.similarity`), false match rate and score.

    ``similarities`` increase strictly, ``decades`` (-log10 FMR, from 0) too; ``tail_slope``: decades per unit of
    similarity beyond the last row.
    """

    similarities: npt.NDArray[np.float64]
    decades: npt.NDArray[np.float64]
    tail_slope: float

    @classmethod
    def from_points(cls, points: Sequence[CalibrationPoint]) -> ScoreScale:
        """A scale from at least two rows, in any order; of rows with one FMR the first similarity counts.

        Raises ``PACK_INVALID`` for a table that does not fall or that ends above FMR 1e-4.
        """
        similarities: list[float] = []
        decades: list[float] = []
        for point in sorted(points, key=lambda point: point.similarity):
            if not (-1.0 <= point.similarity <= 1.0 and 0.0 < point.fmr <= 1.0):
                raise EdgeFaceError(ErrorCode.PACK_INVALID, "The calibration table has values out of range.")
            decade = -math.log10(point.fmr)
            if decades and decade < decades[-1]:
                raise EdgeFaceError(ErrorCode.PACK_INVALID, "The calibration table's FMR rises with the similarity.")
            if not decades or (decade > decades[-1] and point.similarity > similarities[-1]):
                similarities.append(point.similarity)
                decades.append(decade)
        if len(similarities) < 2 or decades[-1] < _KNEE_DECADES - 1e-9:
            raise EdgeFaceError(ErrorCode.PACK_INVALID, "The calibration table does not reach FMR 1e-4.")
        x, y = np.array(similarities), np.array(decades)
        first = min(int(np.searchsorted(y, y[-1] - _TAIL_DECADES)), len(y) - 2)
        slope = float((y[-1] - y[first]) / (x[-1] - x[first]))
        return cls(x, y, slope)

    def fmr(self, similarity: float) -> float:
        """The false match rate (0 to 1] of the threshold `similarity`."""
        return float(10.0 ** -self._decades(similarity))

    def score(self, similarity: float) -> float:
        """The score, 0 to 100, of a similarity."""
        return _score(self._decades(similarity))

    def score_at_fmr(self, fmr: float) -> float:
        """The score of a false match rate in (0, 1]: 80 for 1e-4."""
        return _score(-math.log10(fmr))

    def similarity_at_fmr(self, fmr: float) -> float:
        """The threshold whose false match rate is `fmr` in (0, 1]; may exceed 1 where none is that strict."""
        return self._similarity(-math.log10(fmr))

    def similarity_at_score(self, score: float) -> float:
        """The similarity from which scores are at least `score` (0 to 100); -inf for 0: everything reaches it."""
        if score <= 0.0:
            return -math.inf
        if score <= _KNEE_SCORE:
            return self._similarity(score / _POINTS_PER_DECADE)
        return self._similarity(_KNEE_DECADES + (min(score, 100.0) - _KNEE_SCORE) / _POINTS_PER_DECADE_ABOVE)

    def _decades(self, similarity: float) -> float:
        if similarity >= self.similarities[-1]:
            return float(self.decades[-1] + (similarity - self.similarities[-1]) * self.tail_slope)
        if similarity <= self.similarities[0]:
            # Below the first row: down to FMR 1 along the first piece, never beyond.
            slope = (self.decades[1] - self.decades[0]) / (self.similarities[1] - self.similarities[0])
            return max(0.0, float(self.decades[0] + (similarity - self.similarities[0]) * slope))
        return float(np.interp(similarity, self.similarities, self.decades))

    def _similarity(self, decades: float) -> float:
        if decades >= self.decades[-1]:
            return float(self.similarities[-1] + (decades - self.decades[-1]) / self.tail_slope)
        if decades <= self.decades[0]:
            slope = (self.decades[1] - self.decades[0]) / (self.similarities[1] - self.similarities[0])
            return float(self.similarities[0] + (decades - self.decades[0]) / slope)
        return float(np.interp(decades, self.decades, self.similarities))


def _score(decades: float) -> float:
    if decades <= _KNEE_DECADES:
        return max(0.0, _POINTS_PER_DECADE * decades)
    return min(100.0, _KNEE_SCORE + _POINTS_PER_DECADE_ABOVE * (min(decades, _TOP_DECADES) - _KNEE_DECADES))
