"""PFLD GhostOne: 98 points in the order of WFLW."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.teachers import open_teacher
from training.teachers.landmarks_crop import FaceBox, cut, to_picture


class Pfld98:
    """One network call per face; box scale 1.0 of the face's square box."""

    size = 112

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._session = open_teacher("pfld98", folder, threads=threads)
        self._input = self._session.get_inputs()[0].name

    def points(self, image: NDArray[np.uint8], box: FaceBox) -> NDArray[np.float32]:
        """98 x 2 float32 points in picture pixels of `image` (h x w x 3 uint8 BGR)."""
        crop = cut(image, box, self.size)[:, :, ::-1]
        tensor = np.ascontiguousarray(crop.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
        output = np.asarray(self._session.run(None, {self._input: tensor})[0], np.float32)
        return to_picture(output.reshape(98, 2), box, 1.0)
