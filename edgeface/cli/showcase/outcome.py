"""What became of each scene, and whether that is right."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from edgeface.cli.backend import Backend, Look
from edgeface.cli.showcase.scenes import Scene
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.simulation.camera import encode
from edgeface.types import QualityLevel

if TYPE_CHECKING:
    from edgeface.results import Detection, Identification

GROUP = "visitors"

StageSeconds = Callable[[], Mapping[str, float]]
"""Reads the daemon's total seconds of each stage so far."""


class Ending(str, Enum):
    """How a scene ended."""

    ENROLLED = "enrolled"
    RECOGNISED = "recognised"
    UNKNOWN = "not recognised"
    REFUSED = "refused"
    NO_FACE = "no face"
    WRONG = "WRONG PERSON"


@dataclass(frozen=True, slots=True)
class Claim:
    """The scene's picture checked against one enrolled user (1:1, no gate); ``score`` is None without a face."""

    user_id: str
    accepted: bool
    score: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One scene's answer. ``milliseconds``: of the decision's stages, and ``call`` for the whole socket call."""

    scene: Scene
    ending: Ending
    detection: Detection
    found: Sequence[Identification]
    error: EdgeFaceError | None
    claims: tuple[Claim, ...]
    milliseconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def wrong_names(self) -> tuple[str, ...]:
        """Users that were taken for somebody in the scene who is not."""
        names = {match.user_id for item in self.found for match in item.matches}
        names |= {claim.user_id for claim in self.claims if claim.accepted}
        return tuple(sorted(names - set(self.scene.people)))


def enrol_scene(backend: Backend, scene: Scene, stages: StageSeconds) -> Outcome:
    """Enrol the scene's person through the gate."""
    picture = encode(scene.frame)
    before, start = stages(), time.perf_counter()
    error: EdgeFaceError | None = None
    try:
        backend.enrol(
            picture,
            GROUP,
            scene.people[0],
            Look(QualityLevel.NORMAL),
            user_info=scene.people[0].replace("_", " ").title(),
            replace_faces=False,
            single_face=True,
        )
    except EdgeFaceError as failure:
        error = failure
    spent = _spent(before, stages(), time.perf_counter() - start)
    detection = _look(backend, picture)
    ending = _refusal(error) if error else Ending.ENROLLED
    return Outcome(scene, ending, detection, (), error, (), spent)


def judge_scene(backend: Backend, scene: Scene, users: Sequence[str], stages: StageSeconds) -> Outcome:
    """Identify everybody in the scene through the gate (M:N), then check it against every user without the gate."""
    picture = encode(scene.frame)
    before, start = stages(), time.perf_counter()
    error: EdgeFaceError | None = None
    found: Sequence[Identification] = ()
    try:
        found = backend.identify(picture, [GROUP], Look(QualityLevel.NORMAL), top=1, threshold=None, every_face=True)
    except EdgeFaceError as failure:
        error = failure
    spent = _spent(before, stages(), time.perf_counter() - start)
    claims = tuple(_claim(backend, picture, user) for user in users) if len(scene.people) < 2 else ()
    outcome = Outcome(scene, Ending.UNKNOWN, _look(backend, picture), found, error, claims, spent)
    return Outcome(scene, _ending(outcome), outcome.detection, found, error, claims, spent)


def _claim(backend: Backend, picture: bytes, user: str) -> Claim:
    try:
        checked = backend.verify(picture, GROUP, user, Look(QualityLevel.NONE), threshold=None)
    except EdgeFaceError as failure:
        if failure.code is ErrorCode.NO_FACE:
            return Claim(user, accepted=False, score=None)
        raise
    return Claim(user, checked.accepted, checked.match.score)


def _look(backend: Backend, picture: bytes) -> Detection:
    from edgeface.analysis import Wants

    wants = Wants(landmarks=True, pose=True, quality=True)
    return backend.detect(picture, wants, Look(QualityLevel.NORMAL), max_faces=None)


def _ending(outcome: Outcome) -> Ending:
    if outcome.wrong_names:
        return Ending.WRONG
    if outcome.error:
        return _refusal(outcome.error)
    named = {match.user_id for item in outcome.found for match in item.matches}
    return Ending.RECOGNISED if named else Ending.UNKNOWN


def _refusal(error: EdgeFaceError) -> Ending:
    if error.code is ErrorCode.NO_FACE:
        return Ending.NO_FACE
    if error.code in (ErrorCode.QUALITY, ErrorCode.MULTIPLE_FACES):
        return Ending.REFUSED
    raise error


def _spent(before: Mapping[str, float], after: Mapping[str, float], whole: float) -> dict[str, float]:
    spent = {name: (after[name] - before.get(name, 0.0)) * 1000 for name in after}
    return {name: value for name, value in spent.items() if value > 0} | {"call": whole * 1000}
