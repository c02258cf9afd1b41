"""Faces in a picture as arrays, decoding of dense maps and suppression of repeated boxes (NumPy only)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

# exp() of a log size above this would overflow a box far past any picture
_LARGEST_LOG_SIZE = 6.0


@dataclass(frozen=True, slots=True)
class Faces:
    """Faces found in one picture, in pixels of that picture.

    boxes: float32 n x 4 (x1, y1, x2, y2); scores: float32 n in [0, 1]; points: float32 n x 5 x 2 (left eye of
    the picture, right eye, nose tip, left and right mouth corner).
    """

    boxes: Array
    scores: Array
    points: Array

    def __len__(self) -> int:
        return len(self.scores)

    def select(self, index: NDArray[np.generic]) -> Faces:
        """Return the faces at `index` (integers or a boolean mask)."""
        return Faces(self.boxes[index], self.scores[index], self.points[index])


def boxed_faces(boxes: Array, score: float) -> Faces:
    """Return faces of which only the boxes (n x 4) are known, all of one score; their points are zeros."""
    return Faces(boxes, np.full(len(boxes), score, np.float32), np.zeros((len(boxes), 5, 2), np.float32))


def no_faces() -> Faces:
    """Return an empty set of faces."""
    return Faces(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32))


def join_faces(parts: Sequence[Faces]) -> Faces:
    """Return all faces of several sets as one set."""
    if not parts:
        return no_faces()
    return Faces(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.points for part in parts]),
    )


def decode_cells(regression: Array, scores: Array, columns: int, stride: int, threshold: float) -> Faces:
    """Turn the cells of one stride into faces.

    `regression` is cells x 14 (box 4, points 10, the network's units), `scores` is cells in [0, 1], both in
    row-major order of a map with `columns` columns. Cells below `threshold` are dropped.
    """
    keep = np.flatnonzero(scores >= threshold)
    cells = np.stack([keep % columns, keep // columns], axis=1).astype(np.float32)
    values = regression[keep]
    centre = (cells + values[:, :2]) * stride
    half = np.exp(np.minimum(values[:, 2:4], _LARGEST_LOG_SIZE)) * (stride / 2)
    points = (cells[:, None, :] + values[:, 4:].reshape(-1, 5, 2)) * stride
    boxes = np.concatenate([centre - half, centre + half], axis=1)
    return Faces(boxes.astype(np.float32), scores[keep].astype(np.float32), points.astype(np.float32))


def decode_maps(maps: Sequence[Array], strides: Sequence[int], threshold: float) -> Faces:
    """Turn the detector's three maps (each 15 x h x w, channel 0 a logit) of one picture into faces."""
    parts = []
    for dense, stride in zip(maps, strides, strict=True):
        scores = 1.0 / (1.0 + np.exp(-dense[0].reshape(-1)))
        regression = dense[1:].reshape(14, -1).T
        parts.append(decode_cells(regression, scores, dense.shape[2], stride, threshold))
    return join_faces(parts)


def overlaps(one: Array, other: Array) -> Array:
    """Return intersection over union of every box of `one` (n x 4) with every box of `other` (m x 4)."""
    top_left = np.maximum(one[:, None, :2], other[None, :, :2])
    bottom_right = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = np.prod(np.clip(bottom_right - top_left, 0, None), axis=2)
    area_one = np.prod(one[:, 2:] - one[:, :2], axis=1)
    area_other = np.prod(other[:, 2:] - other[:, :2], axis=1)
    union = area_one[:, None] + area_other[None, :] - shared
    iou: Array = (shared / np.maximum(union, 1e-6)).astype(np.float32)
    return iou


def box_side(boxes: Array) -> Array:
    """Return the side of the square that each box (... x 4) is as large as: by it faces are called small or large."""
    side: Array = np.sqrt(np.prod(boxes[..., 2:] - boxes[..., :2], axis=-1))
    return side


def suppress(faces: Faces, iou: float) -> Faces:
    """Keep, from the best score down, every face that overlaps no kept face by more than `iou`."""
    order = np.argsort(-faces.scores, kind="stable")
    faces = faces.select(order)
    remaining = np.ones(len(faces), bool)
    kept: list[int] = []
    for index in range(len(faces)):
        if not remaining[index]:
            continue
        kept.append(index)
        remaining &= overlaps(faces.boxes[index : index + 1], faces.boxes)[0] <= iou
    return faces.select(np.array(kept, np.int64))
