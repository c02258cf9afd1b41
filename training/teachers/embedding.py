"""The two permissive face recognisers whose joined template the embedder learns."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeface.geometry import similarity
from training.augment.geometry import TEMPLATE_112
from training.teachers import calculation

# face-reidentification-retail-0095 document: five points in shares of its 128x128 crop, same order as ours.
REID0095_TEMPLATE = 128.0 * np.array(
    [
        [0.31556875, 0.46157410714285716],
        [0.6826229166666667, 0.46157410714285716],
        [0.5002624999999999, 0.6405053571428571],
        [0.34947187500000004, 0.8246919642857142],
        [0.6534364583333333, 0.8246919642857142],
    ]
)
# ImageNet statistics, RGB, as in foamliu/MobileFaceNet's data_gen.py.
_IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_IMAGENET_STD = np.array([0.229, 0.224, 0.225], np.float32)
# The better teacher counts more: 0.7 gave the best verification of the joined template.
MOBILEFACENET_WEIGHT = 0.7


def normalised(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row divided by its length."""
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


class EmbeddingTeachers:
    """Both recognisers on the same crops."""

    def __init__(self, folder: Path, *, threads: int = 1, bfloat16: bool = False) -> None:
        """folder, bfloat16: as for `training.teachers.calculation`."""
        self._reid = calculation("reid0095", folder, threads=threads, bfloat16=bfloat16)
        self._mobile = calculation("mobilefacenet128", folder, threads=threads, bfloat16=bfloat16)
        self._to_reid = similarity(TEMPLATE_112, REID0095_TEMPLATE)

    def reid0095(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Nx256 templates of length 1. crops: Nx112x112x3 uint8 BGR on the ArcFace template."""
        warped = np.stack(
            [cv2.warpAffine(crop, self._to_reid, (128, 128), borderMode=cv2.BORDER_REPLICATE) for crop in crops]
        )
        return normalised(self._reid(np.ascontiguousarray(warped.astype(np.float32).transpose(0, 3, 1, 2))))

    def mobilefacenet128(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Nx128 templates of length 1. crops: as for `reid0095`."""
        colour = (crops[..., ::-1].astype(np.float32) / 255 - _IMAGENET_MEAN) / _IMAGENET_STD
        return normalised(self._mobile(np.ascontiguousarray(colour.transpose(0, 3, 1, 2))))

    def joined(self, crops: NDArray[np.uint8], *, both_sides: bool = False) -> NDArray[np.float32]:
        """Nx384: [reid0095, 0.7 x mobilefacenet128], before the projection to the target.

        both_sides: the sum of this for the crops and for their mirror images, which verifies better than either.
        """
        if both_sides:
            return self.joined(crops) + self.joined(np.ascontiguousarray(crops[:, :, ::-1]))
        mobile = self.mobilefacenet128(crops) * np.float32(MOBILEFACENET_WEIGHT)
        return np.concatenate([self.reid0095(crops), mobile], axis=1)


def principal_axes(rows: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """The Kx`size` projection on the strongest directions of NxK rows (through the origin, not centred)."""
    _, vectors = np.linalg.eigh(rows.T.astype(np.float64) @ rows.astype(np.float64))
    return np.ascontiguousarray(vectors[:, ::-1][:, :size].astype(np.float32))
