"""The seven regions of each very face, from the labels of the landmark role."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.landmarks.frame import to_frame
from training.landmarks.labels import load
from training.landmarks.layout import INDEX, REGIONS
from training.quality.regions import FaceRegions, Polygon

# Where the landmark teachers disagree by more than this share of the interocular distance, one of them missed
# the face (the same limit as in training/landmarks/config.toml).
_LARGEST_APART: Final = 0.2
# The eye region is an ellipse about the eye: half its width over the distance of the eye's corners, and its
# height over its width. It does not reach the brow, so that a fringe over the brow hides no eye.
_EYE_WIDTH: Final = 0.66
_EYE_HEIGHT: Final = 0.53

# From a third down the bridge to the base: the root of the nose between the eyes is no part of it, so that
# a mask worn over the nose hides (nearly) all of the region.
_NOSE: Final = tuple(
    INDEX[name]
    for name in (
        "nose_bridge_2",
        *(f"nose_right_contour_{i}" for i in range(2, 7)),
        "nose_middle_contour",
        *(f"nose_left_contour_{i}" for i in range(6, 1, -1)),
    )
)


def outline_faces(points: NDArray[np.float32]) -> FaceRegions:
    """The regions of a face from its 150 points (150 x 2, pixels of the stored 128 px crop)."""
    placed = to_frame(points).astype(np.float64)
    eyes = (_eye(placed, "right"), _eye(placed, "left"))  # the person's right eye has the smaller x
    others = (_NOSE, REGIONS.mouth, REGIONS.left_cheek, REGIONS.right_cheek, REGIONS.chin)
    return FaceRegions((*eyes, *(placed[list(group)] for group in others)))


def _eye(points: NDArray[np.float64], side: str) -> Polygon:
    first, last = points[INDEX[f"eye_{side}_corner_right"]], points[INDEX[f"eye_{side}_corner_left"]]
    along = (last - first) * _EYE_WIDTH
    aside = np.array([-along[1], along[0]]) * _EYE_HEIGHT
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)[:, None]
    return np.asarray((first + last) / 2 + np.cos(angle) * along + np.sin(angle) * aside, np.float64)


def load_outlines(path: Path, collection: str, names: Sequence[str]) -> list[FaceRegions | None]:
    """The regions of the named pictures of a collection; None where the landmark role has no sure label.

    path: `labels.npz` of `python -m training.landmarks.labels`. Raises FileNotFoundError.
    """
    labels = load(path)
    known = {str(file): row for row, file in enumerate(labels.files) if float(labels.apart[row]) <= _LARGEST_APART}
    rows = [known.get(f"{collection}/{name}") for name in names]
    return [None if row is None else outline_faces(labels.points[row]) for row in rows]
