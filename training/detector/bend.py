"""Pictures bent like rubber: other hands, other faces and other things than the scenes hold."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augment.field import smooth_field
from training.detector.decode import Faces

# The field has so many nodes a side; a node moves by so much of the distance to the next (standard deviation).
_NODES = (3, 9)
_STRENGTH = (0.04, 0.13)
_ROUNDS = 4  # until a point's new place is known to a fraction of a pixel


def random_field(size: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """How far, in pixels (height x width x 2), each pixel of a bent picture of `size` (width, height) looks aside."""
    nodes = int(rng.integers(*_NODES, endpoint=True))
    strength = rng.uniform(*_STRENGTH) * min(size) / (nodes - 1)
    return smooth_field(size, nodes, strength, rng)


def bend(image: NDArray[np.uint8], faces: Faces, field: NDArray[np.float32]) -> tuple[NDArray[np.uint8], Faces]:
    """The picture (h x w x 3) bent by `field` (h x w x 2), and its faces where they are then.

    A box keeps to the middles of its sides. What lies outside the picture moves as the nearest edge does.
    """
    height, width = image.shape[:2]
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    bent = cv2.remap(
        image, columns + field[..., 0], rows + field[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.uint8, copy=False)
    if len(faces) == 0:
        return bent, faces
    x1, y1, x2, y2 = faces.boxes.T
    middle_x, middle_y = (x1 + x2) / 2, (y1 + y2) / 2
    left, top = np.stack([x1, middle_y], axis=1), np.stack([middle_x, y1], axis=1)
    right, bottom = np.stack([x2, middle_y], axis=1), np.stack([middle_x, y2], axis=1)
    moved = _moved(np.concatenate([left, top, right, bottom, faces.points.reshape(-1, 2)]), field)
    left, top, right, bottom = moved[: 4 * len(faces)].reshape(4, len(faces), 2)
    # The sides of a face of a fraction of a pixel may come to lie the other way round.
    boxes = np.stack(
        [
            np.minimum(left[:, 0], right[:, 0]),
            np.minimum(top[:, 1], bottom[:, 1]),
            np.maximum(left[:, 0], right[:, 0]),
            np.maximum(top[:, 1], bottom[:, 1]),
        ],
        axis=1,
    )
    return bent, replace(faces, boxes=boxes, points=moved[4 * len(faces) :].reshape(-1, 5, 2))


def _moved(points: NDArray[np.float32], field: NDArray[np.float32]) -> NDArray[np.float32]:
    """Where the `points` (n x 2, x and y) of the picture are in the bent one."""
    last = np.array(field.shape[1::-1]) - 1
    places = points.astype(np.float32)
    for _ in range(_ROUNDS):
        column, row = np.clip(places.round(), 0, last).astype(int).T
        places = points - field[row, column]
    return places
