"""More faces for the scenes: aligned crops laid softly over the faces that the scenes show."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeface.geometry import similarity
from training.augment.geometry import TEMPLATE_112
from training.detector.damage import lay_in
from training.detector.scenes import unpack

# The five points of the crops: the ArcFace 112 x 112 template plus the crops' margin of 8 pixels.
_TEMPLATE = TEMPLATE_112 + 8
_SIDE = 128
# A face turned far to the side does not take a crop's shape: mean distance of its points, in eye distances.
_LARGEST_MISFIT = 0.2


def _soft_oval() -> NDArray[np.float32]:
    """Return the weight of a crop's pixels: 1 on the face, falling to 0 before the crop's edge."""
    oval = np.zeros((_SIDE, _SIDE), np.float32)
    cv2.ellipse(oval, (64, 72), (38, 46), 0, 0, 360, 1.0, -1)
    return cv2.GaussianBlur(oval, (0, 0), 4).astype(np.float32)


class FaceCrops:
    """Aligned crops (128 x 128 files), read when they are drawn."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)
        self._oval = _soft_oval()

    def lay_over(self, image: NDArray[np.uint8], points: NDArray[np.float32], rng: np.random.Generator) -> None:
        """Lay a random crop over the face with those `points` (5 x 2, pixels), in place.

        Nothing happens where the points are not those of a roughly frontal face.
        """
        matrix = similarity(_TEMPLATE, points)
        misfit = np.linalg.norm(_TEMPLATE @ matrix[:, :2].T + matrix[:, 2] - points, axis=1).mean()
        if misfit > _LARGEST_MISFIT * np.linalg.norm(points[1] - points[0]):
            return
        crop = cv2.imread(str(self._paths[int(rng.integers(len(self._paths)))]), cv2.IMREAD_COLOR)
        if crop is None or crop.shape[:2] != (_SIDE, _SIDE):
            return
        corners = np.array([[0, 0], [_SIDE, 0], [0, _SIDE], [_SIDE, _SIDE]]) @ matrix[:, :2].T + matrix[:, 2]
        limits = np.array(image.shape[1::-1])
        low = np.clip(np.floor(corners.min(axis=0)), 0, limits).astype(int)
        high = np.clip(np.ceil(corners.max(axis=0)), 0, limits).astype(int)
        if np.any(high - low < 8):
            return
        shifted = matrix.copy()
        shifted[:, 2] -= low
        size = (int(high[0] - low[0]), int(high[1] - low[1]))
        zoom = float(np.sqrt(np.linalg.det(matrix[:, :2])))
        if zoom < 0.7:
            crop = cv2.GaussianBlur(crop, (0, 0), 0.4 / zoom)
        face = cv2.warpAffine(crop, shifted, size, flags=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
        weight = cv2.warpAffine(self._oval, shifted, size, flags=cv2.INTER_LINEAR).astype(np.float32, copy=False)
        lay_in(image[low[1] : high[1], low[0] : high[0]], face, weight[..., None])


def list_crops(data: Path, work: Path) -> FaceCrops | None:
    """Return the training crops of a data folder, or None without `faces.csv` (columns file, split)."""
    table = data / "faces.csv"
    if not table.is_file():
        return None
    folder = unpack(data, work, "faces")
    with table.open(newline="") as stream:
        names = [row["file"] for row in csv.DictReader(stream) if row["split"] == "train"]
    return FaceCrops([folder / name for name in names]) if names else None
