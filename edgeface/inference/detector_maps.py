"""Detector outputs to faces: one decoder for each documented output format."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgeface.inference.detections import Detections
from edgeface.types import FloatArray

STRIDES = (8, 16, 32)
# A box of e^6 strides is far larger than any input: a log size beyond it is a broken model, not a face.
_LARGEST_LOG_SIZE = 6.0


def decode_maps15(maps: Sequence[FloatArray], threshold: float) -> Detections:
    """Faces in three (1, 15, h, w) maps: logit, centre offset, log size, five points, in strides from the cell's
    top-left corner. Only cells above the threshold are computed."""
    least = math.log(threshold / (1.0 - threshold))
    parts = []
    for stride, grid in zip(STRIDES, maps, strict=True):
        columns = grid.shape[3]
        rows = grid.reshape(15, -1)
        index = np.flatnonzero(rows[0] > least)
        if not len(index):
            continue
        values = rows[:, index].T
        scores = np.float32(1.0) / (np.float32(1.0) + np.exp(-values[:, 0]))
        parts.append(_faces(index, columns, stride, scores, values[:, 1:5], values[:, 5:15]))
    return Detections.joined(parts) if parts else Detections.empty()


def decode_yunet(heads: Sequence[FloatArray], width: int, threshold: float) -> Detections:
    """Faces in YuNet's twelve outputs (cls, obj, bbox, kps; each at strides 8, 16, 32) for an input `width` wide."""
    parts = []
    for level, stride in enumerate(STRIDES):
        cls, obj, bbox, kps = (heads[level + len(STRIDES) * head][0] for head in range(4))
        scores = np.sqrt(np.clip(cls[:, 0], 0.0, 1.0) * np.clip(obj[:, 0], 0.0, 1.0))
        index = np.flatnonzero(scores > threshold)
        if len(index):
            parts.append(_faces(index, width // stride, stride, scores[index], bbox[index], kps[index]))
    return Detections.joined(parts) if parts else Detections.empty()


def _faces(
    index: npt.NDArray[np.intp],
    columns: int,
    stride: int,
    scores: FloatArray,
    box: FloatArray,
    points: FloatArray,
) -> Detections:
    corner = np.stack([index % columns, index // columns], axis=1).astype(np.float32)
    centre = (corner + box[:, :2]) * stride
    half = np.exp(np.minimum(box[:, 2:], _LARGEST_LOG_SIZE)) * (stride / 2)
    placed = (points.reshape(-1, 5, 2) + corner[:, None]) * stride
    return Detections(
        np.concatenate([centre - half, centre + half], axis=1).astype(np.float32),
        scores.astype(np.float32),
        placed.astype(np.float32),
    )
