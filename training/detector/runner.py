"""An exported detector at work on pictures, through ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.detector.decode import Faces, decode_maps, suppress
from training.detector.model import OUTPUT_NAMES, STRIDES
from training.detector.teacher import pad_to_multiple
from training.onnx_export import open_session


def normalise(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return `image` (h x w x 3 BGR uint8) as the network's input 1 x 3 x h x w in [-1, 1)."""
    tensor = (image.transpose(2, 0, 1)[None].astype(np.float32) - 127.5) / 128.0
    return np.ascontiguousarray(tensor, dtype=np.float32)


def faces_in(maps: Sequence[NDArray[np.float32]], threshold: float, iou: float) -> Faces:
    """Return the faces at or above `threshold` in the three maps (1 x 15 x h x w) of one picture."""
    return suppress(decode_maps([dense[0] for dense in maps], STRIDES, threshold), iou)


class DetectorFile:
    """A detector read from an ONNX file, on one thread."""

    def __init__(self, path: Path) -> None:
        self._session = open_session(path)

    def run(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Return the three maps of a network input."""
        return [np.asarray(part) for part in self._session.run(list(OUTPUT_NAMES), {"x": tensor})]

    def find(self, image: NDArray[np.uint8], threshold: float, iou: float) -> Faces:
        """Return the faces of `image` (h x w x 3 BGR uint8, any size) at or above `threshold`."""
        return faces_in(self.run(normalise(pad_to_multiple(image))), threshold, iou)
