"""One set of 150 points from the landmark teachers: each part of the face from the teacher that knows it best."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.landmarks.correspondence import (
    MESH_BROW_TOPS,
    MESH_OUTLINE,
    from_facemesh,
    from_wflw,
    outline,
)
from training.landmarks.layout import COUNT, INDEX, NAMES, OUTER_EYE_CORNERS
from training.teachers.landmarks_crop import FaceBox, box_around
from training.teachers.landmarks_facemesh468 import FaceMesh468, Iris
from training.teachers.landmarks_openseeface66 import OpenSeeFace66
from training.teachers.landmarks_pfld98 import Pfld98
from training.teachers.pose_fsanet import FsaNet

Points = NDArray[np.float32]

# Share of pfld98 against FaceMesh where both are trusted: it alone hugs the visible outline; on brows it is
# the sharper of the two; on lids and lips both are equally good and their mean is steadier than either.
_SHARES = {"cheek": 1.0, "chin": 1.0, "eyebrow": 0.7, "eye": 0.5, "nose": 0.5, "mouth": 0.5}
# Beyond the first angle pfld98 loses the outline and the far eye, beyond the second it is not used.
_YAW_TRUSTED_DEG, _YAW_REFUSED_DEG = 40.0, 55.0
# Disagreement of pfld98 with FaceMesh (share of the interocular distance) up to which it is trusted, and
# from which on it is not used: masks and shadows mislead it first.
_APART_TRUSTED, _APART_REFUSED = 0.08, 0.16
# OpenSeeFace's confidences lie near .8 on clear faces and below .6 on covered ones.
_OPENSEEFACE_TRUSTED = 0.6


@dataclass(frozen=True, slots=True)
class Fused:
    """Fused labels of one face.

    points: (150, 2) float32 pixels of the picture shown. pose: (3,) float32 degrees: yaw < 0 when the face
    looks towards larger x (the person's own left), pitch < 0 when it looks up, roll < 0 when it is turned
    counter-clockwise. apart: mean distance of pfld98 and FaceMesh over lids, nose and lips as a share of the
    interocular distance; above about 0.25 at least one of them missed the face.
    """

    points: Points
    pose: NDArray[np.float32]
    apart: float


def _share_per_point() -> NDArray[np.float32]:
    shares = [_SHARES[name.split("_")[0]] for name in NAMES]
    return np.array(shares, np.float32)


def _fade(value: float, trusted: float, refused: float) -> float:
    """1 up to `trusted`, 0 from `refused` on, a straight line between."""
    return float(np.clip((refused - value) / (refused - trusted), 0.0, 1.0))


class Teachers:
    """All teachers of this role, each with its own framing of the face."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._mesh = FaceMesh468(folder, threads)
        self._iris = Iris(folder, threads)
        self._wflw = Pfld98(folder, threads)
        self._openseeface = OpenSeeFace66(folder, threads)
        self._pose = FsaNet(folder, threads)
        self._shares = _share_per_point()
        inner = [INDEX[n] for n in NAMES if n.startswith(("eye_", "mouth_", "nose_bridge", "nose_tip"))]
        self._compared = np.array([i for i in inner if "eyeball" not in NAMES[i]])

    def pose(self, image: NDArray[np.uint8], box: FaceBox) -> NDArray[np.float32]:
        """(3,) yaw, pitch, roll in the signs of `Fused`: the mean over FSA-Net's pair, picture and mirror.

        `box` holds the face from brows to chin.
        """
        # FSA-Net was shown detector boxes with the forehead, 1.4 times enlarged.
        framed = FaceBox(box.x, box.y - 0.1 * box.height, 1.2 * box.width, 1.2 * box.height).square().scaled(1.4)
        mirrored = FaceBox(image.shape[1] - framed.x, framed.y, framed.width, framed.height)
        seen = self._pose.angles(image, framed)
        other = self._pose.angles(np.ascontiguousarray(image[:, ::-1]), mirrored)
        yaw, pitch, roll = (seen + other * np.array([-1, 1, -1], np.float32)) / 2
        return np.array([yaw, -pitch, roll], np.float32)

    def label(self, image: NDArray[np.uint8], box: FaceBox) -> Fused:
        """Labels of the face in about `box` (forehead to chin) of `image` (h x w x 3 uint8 BGR), roughly upright."""
        rough = self._mesh.points(image, box.square().scaled(1.5))
        mesh = self._mesh.points(image, box_around(rough).square().scaled(1.3))
        # From brows to chin: the frame that pfld98 and OpenSeeFace were trained with.
        tight = box_around(mesh[[*MESH_OUTLINE, *MESH_BROW_TOPS]])
        base = from_facemesh(mesh, self._iris.points(image, mesh))
        wflw = from_wflw(self._wflw.points(image, tight.square().scaled(1.1)), base)
        pose = self.pose(image, tight)
        interocular = float(np.linalg.norm(np.subtract(*base[list(OUTER_EYE_CORNERS)])))
        gaps = np.linalg.norm((wflw - base)[self._compared], axis=1)
        apart = float(gaps.mean() / max(interocular, 1.0))
        turned = _fade(abs(float(pose[0])), _YAW_TRUSTED_DEG, _YAW_REFUSED_DEG)
        agreed = _fade(apart, _APART_TRUSTED, _APART_REFUSED)
        if turned < 1:
            base = self._with_profile_outline(image, tight, base, share=1 - turned)
        share = self._shares[:, None] * np.float32(turned * agreed)
        points = base + share * (wflw - base)
        return Fused(points=points.reshape(COUNT, 2), pose=pose, apart=apart)

    def _with_profile_outline(
        self, image: NDArray[np.uint8], tight: FaceBox, base: Points, *, share: float
    ) -> Points:
        points, confidence = self._openseeface.points(image, tight.scaled(1.25))
        if float(confidence.mean()) < _OPENSEEFACE_TRUSTED:
            return base
        mixed = base.copy()
        mixed[:25] += np.float32(share) * (outline(points[:17]) - base[:25])
        return mixed
