"""OpenSeeFace: 66 points (iBUG 68 without the inner corners of the mouth), heat maps with offsets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.teachers import open_teacher
from training.teachers.landmarks_crop import FaceBox, cut, to_picture

_POINTS = 66
_CELLS = 28
# OpenSeeFace tracker: offsets are stored as 1 / (1 + exp(-16 * offset / 223)).
_LOGIT_FACTOR = 16.0
# ImageNet statistics, RGB.
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_STD = np.array([0.229, 0.224, 0.225], np.float32)


class OpenSeeFace66:
    """One network call per face; box scale 1.2 of the face's square box."""

    size = 224

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._session = open_teacher("openseeface66", folder, threads=threads)
        self._input = self._session.get_inputs()[0].name

    def points(self, image: NDArray[np.uint8], box: FaceBox) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """66 x 2 float32 points in picture pixels and 66 confidences in [0, 1]."""
        crop = cut(image, box, self.size)[:, :, ::-1].astype(np.float32) / np.float32(255)
        tensor = np.ascontiguousarray(((crop - _MEAN) / _STD).transpose(2, 0, 1)[None], np.float32)
        output = np.asarray(self._session.run(None, {self._input: tensor})[0], np.float32)
        maps = output.reshape(3, _POINTS, _CELLS * _CELLS)
        best = maps[0].argmax(axis=1)
        rows = np.arange(_POINTS)
        confidence = maps[0, rows, best]
        shares = np.clip(maps[1:, rows, best], 1e-7, 1 - 1e-7)
        offsets = (self.size - 1) * np.log(shares / (1 - shares)) / _LOGIT_FACTOR
        grid = np.stack([best // _CELLS, best % _CELLS]) * (self.size - 1) / (_CELLS - 1)
        y, x = grid + offsets
        points = np.stack([x, y], axis=1).astype(np.float32)
        return to_picture(points + np.float32(0.5), box, self.size) - np.float32(0.5), confidence
