"""Labelled faces in memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.landmarks.labels import CROP_SIDE, LabelSet
from training.landmarks.plan import open_collections
from training.landmarks.samples import Face


@dataclass(frozen=True, slots=True)
class Selection:
    """Which labels to take: `train` or `dev`, and how far the teachers may be apart."""

    split: str
    largest_apart: float


def chosen_rows(labels: LabelSet, selection: Selection) -> NDArray[np.int64]:
    """Rows of the label set that the selection takes."""
    taken = (labels.splits == selection.split) & (labels.apart <= selection.largest_apart)
    return np.flatnonzero(taken).astype(np.int64)


def load_faces(labels: LabelSet, data: Path, rows: NDArray[np.int64]) -> list[Face]:
    """Read the pictures of the rows from the data folder; those of scenes are in the label set."""
    wide = {int(row): number for number, row in enumerate(labels.wide_of)}
    collections = {} if all(int(row) in wide for row in rows) else open_collections(data)
    faces = []
    for row in rows.tolist():
        if row in wide:
            picture = labels.wide[wide[row]]
        else:
            collection, _, name = str(labels.files[row]).partition("/")
            picture = collections[collection].read(name)
            if picture.shape[:2] != (CROP_SIDE, CROP_SIDE):
                picture = cv2.resize(picture, (CROP_SIDE, CROP_SIDE)).astype(np.uint8, copy=False)
        faces.append(Face(picture, labels.points[row], labels.pose[row]))
    return faces
