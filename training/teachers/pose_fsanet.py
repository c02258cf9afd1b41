"""FSA-Net, the average of its two variants: yaw, pitch and roll of a head."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.teachers import open_teacher
from training.teachers.landmarks_crop import FaceBox, cut

_VARIANTS = ("fsanet_1x1", "fsanet_var")


class FsaNet:
    """Two network calls per face; box scale 1.4 of the face's square box."""

    size = 64

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._sessions = [open_teacher(name, folder, threads=threads) for name in _VARIANTS]

    def angles(self, image: NDArray[np.uint8], box: FaceBox) -> NDArray[np.float32]:
        """(3,) float32: yaw, pitch and roll in degrees, with the teacher's own signs (300W-LP)."""
        crop = (cut(image, box, self.size).astype(np.float32) - np.float32(127.5)) / np.float32(127.5)
        tensor = np.ascontiguousarray(crop.transpose(2, 0, 1)[None])
        outputs = [s.run(None, {s.get_inputs()[0].name: tensor})[0] for s in self._sessions]
        mean: NDArray[np.float32] = np.asarray(outputs, np.float32).reshape(len(outputs), 3).mean(axis=0)
        return mean
