"""What the use cases answer, on either side of the socket: the engine makes these values and the client returns
them, so that code written for one works with the other."""

from __future__ import annotations

from dataclasses import dataclass

from edgeface.gallery.records import FaceRecord
from edgeface.types import Face, Match


@dataclass(frozen=True, slots=True)
class Detection:
    """The faces of one picture; ``width`` and ``height`` in pixels, EXIF orientation applied."""

    width: int
    height: int
    faces: tuple[Face, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two faces (or templates) compared: documented score 0-100, FMR at this similarity, and the decision."""

    score: float
    fmr: float
    same_person: bool
    first: Face | None = None
    second: Face | None = None


@dataclass(frozen=True, slots=True)
class Identification:
    """One probe face and the users it matched, best first; empty when nobody reached the threshold."""

    face: Face
    matches: tuple[Match, ...]
    threshold: float
    """Score that a match had to reach."""


@dataclass(frozen=True, slots=True)
class Verification:
    """1:1 decision: the best of the user's faces against the probe."""

    face: Face
    match: Match
    accepted: bool
    threshold: float


@dataclass(frozen=True, slots=True)
class IdComparison:
    """A picture against a registered ID photograph: documented score 0-100 (80 at FMR 1e-4), FMR at this similarity,
    the decision at the configured FMR, and the picture's face."""

    score: float
    fmr: float
    same_person: bool
    face: Face


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A face that was added."""

    face: Face
    record: FaceRecord
