"""The seven regions of the documented occlusion measure, as polygons on the aligned crop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.landmarks.frame import CROP_POINTS, SIDE, frame_matrix

# Side of the stored crops: ArcFace's template with 8 px of margin on each side.
STORED_SIDE: Final = 128
# The five points of the network's crop, which is that of the landmark role.
POINTS: Final = CROP_POINTS

# The names and their order are those of the documented answer (Baidu v3, quality.occlusion). Left is the
# smaller x of an upright frontal picture: the first of the four documented points is the left eye, and in
# the documented example it lies at x = 161.7 in a face box from 117 to 289.
REGIONS: Final = ("left_eye", "right_eye", "nose", "mouth", "left_cheek", "right_cheek", "chin")
# What each region becomes when the picture is mirrored.
MIRRORED: Final = (1, 0, 2, 3, 5, 4, 6)
# A share above this is "not acceptable" (Baidu v3, table of recommended limits, same order as REGIONS).
LIMITS: Final = (0.6, 0.6, 0.7, 0.7, 0.8, 0.8, 0.6)

# Where the stored crop's right edge lies in the network's crop; mirroring happens about half of it.
_RIGHT_EDGE: Final = float(frame_matrix()[0, 0] * (STORED_SIDE - 1))

Polygon = NDArray[np.float64]
Masks = NDArray[np.float32]

_SUBPIXELS = 4  # fractional bits of OpenCV's polygon filler


@dataclass(frozen=True, slots=True)
class FaceRegions:
    """Outlines of the seven regions of one face: K x 2 pixels of the SIDE crop each, ordered as REGIONS."""

    outlines: tuple[Polygon, ...]

    def moved(self, matrix: NDArray[np.float64], *, mirrored: bool) -> FaceRegions:
        """The regions after mirroring the crop (if asked for) and then applying the 2 x 3 `matrix`."""
        outlines = self.outlines
        if mirrored:
            flipped = [np.column_stack([_RIGHT_EDGE - outline[:, 0], outline[:, 1]]) for outline in outlines]
            outlines = tuple(flipped[k] for k in MIRRORED)
        return FaceRegions(tuple(outline @ matrix[:, :2].T + matrix[:, 2] for outline in outlines))

    def masks(self) -> Masks:
        """7 x SIDE x SIDE float32: the share of each pixel that lies in the region."""
        drawn = np.zeros((len(REGIONS), SIDE, SIDE), np.uint8)
        for mask, outline in zip(drawn, self.outlines, strict=True):
            corners = np.round(outline * 2**_SUBPIXELS).astype(np.int32)
            cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, shift=_SUBPIXELS)
        return drawn.astype(np.float32) / np.float32(255)


def framed(stored: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A stored crop as the network sees it, SIDE x SIDE; what lies below the stored crop repeats its last row."""
    matrix = frame_matrix()
    return np.asarray(cv2.warpAffine(stored, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def shares_covered(masks: Masks, cover: NDArray[np.float32]) -> tuple[Masks, Masks]:
    """The share of each region that `cover` hides, and each region's area in pixels.

    masks: 7 x SIDE x SIDE. cover: SIDE x SIDE, 1 where the face is hidden. Both results have 7 entries; the
    share of a region without area is 0.
    """
    areas = masks.sum(axis=(1, 2))
    hidden = (masks * cover).sum(axis=(1, 2))
    return np.clip(hidden / np.maximum(areas, 1e-3), 0, 1).astype(np.float32), areas.astype(np.float32)


def _ellipse(centre: NDArray[np.float64], width: float, height: float) -> Polygon:
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    return centre + np.column_stack([np.cos(angle) * width / 2, np.sin(angle) * height / 2])


def template_regions() -> FaceRegions:
    """The regions of an average frontal face: good where no landmarks of the very face are known.

    The corners were read off the median landmarks of the aligned crops.
    """
    left_cheek = np.array(
        [[22, 51], [33, 47.5], [40, 49], [46, 47.5], [48.5, 53.5], [46, 66], [42, 78], [30.5, 86], [24, 71]],
        np.float64,
    )
    right_cheek = np.column_stack([_RIGHT_EDGE - left_cheek[:, 0], left_cheek[:, 1]])
    nose = np.array([[48.7, 52], [62.7, 52], [66, 65], [60, 68.5], [52, 68.5], [46, 65]], np.float64)
    half = np.array([[42, 78], [49, 84], [56, 86], [56, 102], [50, 101.5], [39, 95], [30.5, 86]], np.float64)
    chin = np.concatenate([half, np.column_stack([_RIGHT_EDGE - half[::-1, 0], half[::-1, 1]])])
    mouth = _ellipse((POINTS[3] + POINTS[4]) / 2 + (0.0, 0.5), 28, 13)
    eyes = tuple(_ellipse(point, 19, 10) for point in POINTS[:2])
    return FaceRegions((*eyes, nose, mouth, left_cheek, right_cheek, chin))
