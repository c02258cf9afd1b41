"""What the client returns. The names and fields are those of the engine's own results, so code that works with
one works with the other; coordinates, scores and units are those of :mod:`edgeface.types`."""

from __future__ import annotations

from collections.abc import Mapping
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


@dataclass(frozen=True, slots=True)
class Verification:
    """1:1 decision: the best of the user's faces against the probe."""

    face: Face
    match: Match
    accepted: bool
    threshold: float


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A face that was added."""

    face: Face
    record: FaceRecord


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the daemon computes calls, and why not."""

    ready: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Info:
    """What the device is. ``missing``: roles for which the active pack has no model; ``role``: this caller's."""

    version: str
    api: str
    pack: str
    contract_id: str
    dimension: int
    features: tuple[str, ...]
    missing: tuple[str, ...]
    decision_fmr: float
    decision_score: float
    role: str
    limits: Mapping[str, float]
