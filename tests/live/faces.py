"""Faces as the live room's tests need them: boxes and measures made up, templates as plain unit vectors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeface.types import (
    BoundingBox,
    Face,
    Match,
    Occlusion,
    Pose,
    Quality,
    QualityLevel,
    Template,
    Verdict,
    Violation,
)

CLEAR = Occlusion(0, 0, 0, 0, 0, 0, 0)


def face(left: float = 100, top: float = 100, size: float = 120, *, eyes: float = 60, yaw: float = 0) -> Face:
    """A sharp, well lit face that passed the gate."""
    quality = Quality(120, 1, size, size, eyes, occlusion=CLEAR, blur=0.1)
    return Face(
        BoundingBox(left, top, size, size),
        0.99,
        np.zeros((5, 2), np.float32),
        quality=quality,
        pose=Pose(yaw, 0, 0),
        verdict=Verdict(QualityLevel.NORMAL),
    )


def spoilt(of: Face, measure: str, value: float, threshold: float, relation: str = "<") -> Face:
    """The same face, refused for one measure."""
    return replace(of, verdict=Verdict(QualityLevel.NORMAL, (Violation(measure, value, threshold, relation),)))


def template(seed: int) -> Template:
    """A person's template."""
    vector = np.random.default_rng(seed).standard_normal(8).astype(np.float32)
    return Template(vector / np.linalg.norm(vector), "test")


def match(user_id: str, score: float = 90.0, group_id: str = "staff") -> Match:
    """A match above the threshold."""
    return Match(group_id, user_id, "", score, "token", 1e-5)
