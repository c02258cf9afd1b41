"""What a detector found, as arrays: the pipeline's own form of faces until they are handed out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeface.geometry import iou
from edgeface.types import FaceOrder, FloatArray

# More candidates than this are noise; the best are kept so that suppression stays quick on any picture.
_MOST_CANDIDATES = 600


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Faces of one picture.

    boxes: (n, 4) float32 left, top, right, bottom in pixels, may leave the picture. scores: (n,) float32 0 to 1.
    points: (n, 5, 2) float32 pixels: left eye, right eye, nose tip, left mouth corner, right mouth corner.
    """

    boxes: FloatArray
    scores: FloatArray
    points: FloatArray

    @classmethod
    def empty(cls) -> Detections:
        return cls(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty((0, 5, 2), np.float32))

    @classmethod
    def joined(cls, parts: list[Detections]) -> Detections:
        """All faces of several passes."""
        return cls(
            np.concatenate([part.boxes for part in parts]),
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.points for part in parts]),
        )

    def __len__(self) -> int:
        return len(self.scores)

    def select(self, index: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> Detections:
        """The faces that an index or mask picks, in its order."""
        return Detections(self.boxes[index], self.scores[index], self.points[index])

    def scaled(self, factor: float) -> Detections:
        """The same faces in a picture `factor` times as large."""
        value = np.float32(factor)
        return Detections(self.boxes * value, self.scores, self.points * value)

    def suppressed(self, max_iou: float) -> Detections:
        """The faces left when of any two that overlap more than `max_iou` the surer one stays; surest first."""
        order = np.argsort(-self.scores, kind="stable")[:_MOST_CANDIDATES]
        found = self.select(order)
        if len(found) < 2:
            return found
        close = iou(found.boxes, found.boxes) > max_iou
        alive = np.ones(len(found), np.bool_)
        for index in range(len(found)):
            if alive[index]:
                alive[index + 1 :] &= ~close[index, index + 1 :]
        return found.select(alive)

    def at_least(self, pixels: float) -> Detections:
        """The faces whose shorter side has at least so many pixels."""
        sides = self.boxes[:, 2:] - self.boxes[:, :2]
        return self.select(sides.min(axis=1) >= pixels) if len(self) else self

    def first(self, count: int, order: FaceOrder, width: int, height: int) -> Detections:
        """The `count` largest, or most central in a picture of that size, in that order."""
        if order is FaceOrder.LARGEST:
            rank = -(self.boxes[:, 2:] - self.boxes[:, :2]).prod(axis=1)
        else:
            centres = (self.boxes[:, :2] + self.boxes[:, 2:]) / 2
            rank = np.hypot(centres[:, 0] - width / 2, centres[:, 1] - height / 2)
        return self.select(np.argsort(rank, kind="stable")[:count])
