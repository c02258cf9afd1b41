"""FaceMesh: 468 points of a surface, and the iris network that refines the eyes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.teachers import open_teacher
from training.teachers.landmarks_crop import FaceBox, cut, to_picture

# FaceMesh numbers of the corners of the eye at smaller x and of the eye at larger x (upright frontal face).
EYE_CORNERS = ((33, 133), (362, 263))
# MediaPipe iris_landmark graph: the eye's square is 2.3 times the distance of its corners.
_EYE_SCALE = 2.3


class FaceMesh468:
    """One network call per face; box scale 1.5 of the face's square box."""

    size = 192

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._session = open_teacher("facemesh468", folder, threads=threads)
        self._input = self._session.get_inputs()[0].name
        # The face flag and a third output are not needed: ask for the points alone.
        self._output = next(o.name for o in self._session.get_outputs() if o.shape[-1] == 468 * 3)

    def points(self, image: NDArray[np.uint8], box: FaceBox) -> NDArray[np.float32]:
        """468 x 2 float32 points in picture pixels of `image` (h x w x 3 uint8 BGR)."""
        tensor = cut(image, box, self.size)[None, :, :, ::-1].astype(np.float32) / np.float32(255)
        output = np.asarray(self._session.run([self._output], {self._input: tensor})[0], np.float32)
        return to_picture(output.reshape(468, 3)[:, :2], box, self.size)


class Iris:
    """Two network calls per face: 71 eyelid and brow points and 5 iris points of each eye."""

    size = 64

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._session = open_teacher("iris", folder, threads=threads)
        self._input = self._session.get_inputs()[0].name

    def points(self, image: NDArray[np.uint8], mesh: NDArray[np.float32]) -> NDArray[np.float32]:
        """2 x 5 x 2 float32: per eye (smaller x first) centre, larger x, above, smaller x, below, in pixels.

        `mesh` are the 468 points of the same picture.
        """
        eyes = []
        for eye, (first, second) in enumerate(EYE_CORNERS):
            corners = mesh[[first, second]]
            centre = corners.mean(axis=0)
            side = max(4.0, _EYE_SCALE * float(np.linalg.norm(corners[1] - corners[0])))
            box = FaceBox(float(centre[0]), float(centre[1]), side, side)
            crop = cut(image, box, self.size)[:, :, ::-1]
            # The network knows the person's left eye (outer corner at larger x); the other one is mirrored.
            crop = crop[:, ::-1] if eye == 0 else crop
            tensor = np.ascontiguousarray(crop[None], np.float32) / np.float32(255)
            output = np.asarray(self._session.run(None, {self._input: tensor})[0], np.float32)
            iris = output.reshape(76, 3)[71:, :2].copy()
            if eye == 0:
                iris[:, 0] = self.size - iris[:, 0]
            eyes.append(to_picture(_ordered(iris), box, self.size))
        return np.stack(eyes)


def _ordered(iris: NDArray[np.float32]) -> NDArray[np.float32]:
    """Centre first, then the ring points at largest x, smallest y, smallest x, largest y."""
    ring = iris[1:]
    picks = (ring[:, 0].argmax(), ring[:, 1].argmin(), ring[:, 0].argmin(), ring[:, 1].argmax())
    return np.stack([iris[0], *(ring[p] for p in picks)])
