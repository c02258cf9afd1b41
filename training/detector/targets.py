"""Which cells of the dense maps answer for which face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.detector.decode import box_side
from training.detector.model import STRIDES
from training.detector.scenes import Labels

# Sizes (square root of the box area, pixels) that each stride answers for; neighbours overlap.
SIZE_RANGES = ((0.0, 36.0), (26.0, 84.0), (64.0, 1e9))
# Cells whose centre lies this many strides (or this share of the face) from the face's centre take part.
_REACH_STRIDES = 1.0
_REACH_SHARE = 0.16
_WIDTH_OF_REACH = 0.65


@dataclass(frozen=True, slots=True)
class Targets:
    """Targets of a batch as flat tensors; a cell index counts over the batch and all strides' cells.

    cells: int64 p; boxes: float32 p x 4 (centre x, y, width, height in pixels); points: float32 p x 10 in
    pixels; near: float32 p in (0, 1], 1 for the cell nearest to the face's centre; pointed: float32 p, 1 where
    points are known; doubtful: int64 q, cells of doubtful faces;
    inside: int64 r, cells of certain faces (the claimed ones among them).
    """

    cells: Tensor
    boxes: Tensor
    points: Tensor
    near: Tensor
    pointed: Tensor
    doubtful: Tensor
    inside: Tensor

    def to(self, device: torch.device) -> Targets:
        """Return the same targets on `device`."""
        moved = (self.cells, self.boxes, self.points, self.near, self.pointed)
        return Targets(*(tensor.to(device) for tensor in (*moved, self.doubtful, self.inside)))


def cell_grid(side: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return top-left corners (cells x 2, pixels) and strides (cells) of all cells of a square picture."""
    corners, strides = [], []
    for stride in STRIDES:
        count = side // stride
        rows, columns = np.mgrid[0:count, 0:count]
        corners.append(np.stack([columns.ravel(), rows.ravel()], axis=1) * stride)
        strides.append(np.full(count * count, stride))
    return np.concatenate(corners).astype(np.float32), np.concatenate(strides).astype(np.float32)


def _window(low: float, high: float, stride: int, count: int) -> NDArray[np.int64]:
    """Return indices of the cells along one axis whose centre lies in [low, high] pixels."""
    first = max(0, int(np.ceil(low / stride - 0.5)))
    last = min(count - 1, int(np.floor(high / stride - 0.5)))
    return np.arange(first, last + 1)


class TargetMaker:
    """Makes targets for square pictures of `side` pixels (a multiple of 32)."""

    def __init__(self, side: int) -> None:
        self.side = side
        counts = [side // stride for stride in STRIDES]
        self._counts = counts
        self._starts = np.cumsum([0] + [count * count for count in counts])
        self.cells = int(self._starts[-1])

    def make(self, batch: Sequence[Labels]) -> Targets:
        """Return the targets of a batch of pictures."""
        rows: dict[int, tuple[float, int, int]] = {}
        doubtful: list[NDArray[np.int64]] = []
        inside: list[NDArray[np.int64]] = []
        for picture, labels in enumerate(batch):
            for face in range(len(labels.faces)):
                covered = self._covered(picture, labels.faces.boxes[face])
                if labels.sure[face]:
                    self._claim(rows, picture, face, labels.faces.boxes[face])
                    inside.append(covered)
                else:
                    doubtful.append(covered)
        cells = np.array(list(rows), np.int64)
        near = np.array([claim[0] for claim in rows.values()], np.float32)
        owners = [(claim[1], claim[2]) for claim in rows.values()]
        boxes = np.array([batch[p].faces.boxes[f] for p, f in owners], np.float32).reshape(-1, 4)
        points = np.array([batch[p].faces.points[f] for p, f in owners], np.float32).reshape(-1, 10)
        pointed = np.array([batch[p].pointed[f] for p, f in owners], np.float32)
        centred = np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], axis=1)
        taken = np.concatenate([cells, *inside])
        open_cells = np.setdiff1d(np.concatenate([np.zeros(0, np.int64), *doubtful]), taken)
        arrays = (cells, centred, points, near, pointed, open_cells, np.unique(taken))
        return Targets(*(torch.from_numpy(array) for array in arrays))

    def _claim(
        self, rows: dict[int, tuple[float, int, int]], picture: int, face: int, box: NDArray[np.float32]
    ) -> None:
        x, y = float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2
        size = float(box_side(box))
        for level, (low, high) in enumerate(SIZE_RANGES):
            if not low <= size <= high:
                continue
            stride, count = STRIDES[level], self._counts[level]
            reach = max(_REACH_STRIDES * stride, _REACH_SHARE * size)
            columns = _window(x - reach, x + reach, stride, count)
            lines = _window(y - reach, y + reach, stride, count)
            if len(columns) == 0 or len(lines) == 0:
                continue
            apart = ((columns + 0.5) * stride - x) ** 2 + (((lines + 0.5) * stride - y) ** 2)[:, None]
            near = np.exp((apart.min() - apart) / (2 * (_WIDTH_OF_REACH * reach) ** 2))
            start = picture * self.cells + int(self._starts[level])
            index = start + lines[:, None] * count + columns
            for cell, value in zip(index.ravel().tolist(), near.ravel().tolist(), strict=True):
                if cell not in rows or rows[cell][0] < value:
                    rows[cell] = (value, picture, face)

    def _covered(self, picture: int, box: NDArray[np.float32]) -> NDArray[np.int64]:
        parts = []
        for level, stride in enumerate(STRIDES):
            count = self._counts[level]
            columns = _window(float(box[0]), float(box[2]), stride, count)
            lines = _window(float(box[1]), float(box[3]), stride, count)
            start = picture * self.cells + int(self._starts[level])
            parts.append((start + lines[:, None] * count + columns).ravel())
        return np.concatenate(parts).astype(np.int64)
