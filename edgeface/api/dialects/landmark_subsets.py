"""The points that the documents ask for, out of the 150 of the dense landmarks.

The numbers are those of ``models/default/landmark_layout.toml`` (docs/landmarks.md); a test compares them. They are
part of the API and not of a pack: every pack's landmark model answers with the same 150 points.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from edgeface.types import FloatArray, Landmarks

Subset: TypeAlias = "tuple[tuple[int, ...], ...]"
"""One group of point numbers for each point of the subset: the mean of the group."""

# fmt: off
_MOUTH_14 = (102, 105, 108, 111, 114, 117, 120, 123, 129, 132, 135, 141, 144, 147)
_72 = (
    0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24,
    45, 47, 49, 51, 53, 55, 57, 59, 61, 25, 27, 28, 29, 31, 32, 33, 34,
    64, 66, 68, 70, 72, 74, 76, 78, 80, 35, 37, 38, 39, 41, 42, 43, 44,
    87, 88, 89, 90, 92, 96, 98, 99, 100, 101, 86, *_MOUTH_14,
)
_68_JAW: Subset = (
    (0,), (1, 2), (3,), (4, 5), (6,), (7, 8), (9,), (10, 11), (12,),
    (13, 14), (15,), (16, 17), (18,), (19, 20), (21,), (22, 23), (24,),
)
_68_REST = (
    25, 27, 28, 29, 31, 35, 37, 38, 39, 41, 83, 84, 85, 86, 91, 92, 94, 96, 97,
    45, 48, 51, 53, 56, 58, 64, 66, 69, 72, 75, 77,
    102, 104, 106, 108, 110, 112, 114, 116, 118, 120, 122, 124, 126, 129, 132, 135, 138, 141, 144, 147,
)
# fmt: on

LANDMARK_4: Subset = ((61,), (80,), (86,), _MOUTH_14)
"""Left eye centre, right eye centre, nose tip, mouth centre (Baidu ``landmark``)."""
LANDMARK_72: Subset = tuple((number,) for number in _72)
"""Baidu ``landmark72``."""
LANDMARK_68: Subset = (*_68_JAW, *((number,) for number in _68_REST))
"""CloudWalk ``keypt``, in the iBUG order."""


def points_of(landmarks: Landmarks, subset: Subset) -> FloatArray:
    """(len(subset), 2) float32, pixels of the picture."""
    points = landmarks.points
    return np.stack([points[list(group)].mean(axis=0) for group in subset]).astype(np.float32)
