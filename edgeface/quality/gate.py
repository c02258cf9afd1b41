"""The quality gate: measured values against documented thresholds, with every reason for a refusal.

A value that equals its threshold fails where the documents say "less than" or "greater than" (occlusion, blur,
angles: ``<``; illumination: ``>``) and passes where they say "at least" (face size, interocular distance,
completeness: ``>=``).
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass, replace

from edgeface.attributes import LIVENESS, Attributes
from edgeface.config import QualityThresholds
from edgeface.types import REGIONS, Pose, Quality, QualityLevel, Verdict, Violation

_HOLDS = {"<": operator.lt, ">": operator.gt, ">=": operator.ge}

_Check = tuple[str, float | None, float | None, str]
"""Measure, value (None: not measured), threshold (None: not checked), relation that must hold."""


def judge(quality: Quality, pose: Pose | None, level: QualityLevel, thresholds: QualityThresholds) -> Verdict:
    """The verdict on one face. Level NONE checks nothing.

    Angles are judged, and reported, by their magnitude. A checked measure without a value appears in
    ``not_measured`` and is no violation: a pack without the model says so instead of refusing everybody.
    """
    if level is QualityLevel.NONE:
        return Verdict(level)
    violations: list[Violation] = []
    not_measured: list[str] = []
    for measure, value, threshold, relation in _checks(quality, pose, thresholds):
        if threshold is None:
            continue
        if value is None:
            not_measured.append(measure)
        elif not _HOLDS[relation](value, threshold):
            violations.append(Violation(measure, value, threshold, relation))
    return Verdict(level, tuple(violations), tuple(not_measured))


def judge_liveness(verdict: Verdict, liveness: float, least: float) -> Verdict:
    """The verdict with one more violation where a face does not look like a living one (``liveness`` 0 to 1)."""
    if liveness >= least:
        return verdict
    return replace(verdict, violations=(*verdict.violations, Violation(LIVENESS, liveness, least, ">=")))


@dataclass(frozen=True, slots=True)
class Judging:
    """By what faces are judged; None: not at all. ``least_liveness``: see :func:`judge_liveness`."""

    level: QualityLevel | None
    thresholds: QualityThresholds | None
    least_liveness: float | None

    def verdict(self, quality: Quality | None, pose: Pose | None, attributes: Attributes | None) -> Verdict | None:
        """The verdict on one face, as far as it was measured."""
        verdict = None
        if self.level is QualityLevel.NONE:
            verdict = Verdict(self.level)
        elif self.level is not None and self.thresholds is not None and quality is not None:
            verdict = judge(quality, pose, self.level, self.thresholds)
        if self.least_liveness is None or attributes is None or attributes.liveness is None:
            return verdict
        return judge_liveness(verdict or Verdict(QualityLevel.NONE), attributes.liveness, self.least_liveness)


def _checks(quality: Quality, pose: Pose | None, thresholds: QualityThresholds) -> Iterator[_Check]:
    for region in REGIONS:
        covered = None if quality.occlusion is None else getattr(quality.occlusion, region)
        yield f"occlusion.{region}", covered, getattr(thresholds, f"occlusion_{region}"), "<"
    yield "blur", quality.blur, thresholds.blur, "<"
    yield "illumination", quality.illumination, thresholds.illumination_min, ">"
    yield "illumination", quality.illumination, thresholds.illumination_max, "<"
    for angle in ("yaw", "pitch", "roll"):
        yield angle, None if pose is None else abs(getattr(pose, angle)), getattr(thresholds, angle), "<"
    yield "face_width", quality.face_width, thresholds.face_size, ">="
    yield "face_height", quality.face_height, thresholds.face_size, ">="
    yield "interocular_distance", quality.interocular_distance, thresholds.interocular_distance, ">="
    yield "completeness", quality.completeness, 1.0 if thresholds.complete else None, ">="
