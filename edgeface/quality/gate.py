"""The quality gate: measured values against documented thresholds, with every reason for a refusal.

A value that equals its threshold fails where the documents say "less than" or "greater than" (occlusion, blur,
angles: ``<``; illumination: ``>``) and passes where they say "at least" (face size, interocular distance,
completeness: ``>=``).
"""

from __future__ import annotations

import operator
from collections.abc import Iterator

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
