"""What the recogniser concluded about a track."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from edgeface.live.hints import Hint
from edgeface.types import Face, Match, Template


class Conclusion(str, Enum):
    """How a track ended up."""

    RECOGNISED = "recognised"
    UNKNOWN = "unknown"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One conclusion about one track; a track has one, or a second one when a better look corrects ``UNKNOWN``.

    ``reasons``: why it is undecided, or what spoilt most looks, commonest first (measures of the gate,
    ``too_far``, ``too_near``, ``few_looks``, ``disagreement``). ``match``: set for ``RECOGNISED``; its score is the
    mean of the agreeing shots. ``distance_m``: metres at the best shot.
    """

    conclusion: Conclusion
    track: int
    face: Face
    shots: int
    concluded_at: float
    began_at: float
    match: Match | None = None
    template: Template | None = None
    reasons: tuple[str, ...] = ()
    distance_m: float | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """A hint for the person of one track."""

    track: int
    hint: Hint
    given_at: float
    distance_m: float | None = None
