"""Head pose from points: a 3-D face fitted to labelled faces, and its orientation found again in 2-D points.

The alternative to the network's pose output; `evaluate` measures both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def rotation(pose_deg: Array) -> Array:
    """3x3 rotation of a head for (yaw, pitch, roll) in degrees, signs of `fusion.Fused`.

    x points to larger x of the picture, y down, z away from the camera.
    """
    yaw, pitch, roll = np.deg2rad(pose_deg)
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    # The order of 300W-LP, whose angles the pose teachers learnt.
    return np.asarray(about_x @ about_y @ about_z, np.float64)


def angles(matrix: Array) -> Array:
    """(yaw, pitch, roll) in degrees of a rotation made by `rotation`."""
    yaw = np.arcsin(np.clip(matrix[0, 2], -1, 1))
    pitch = np.arctan2(-matrix[1, 2], matrix[2, 2])
    roll = np.arctan2(-matrix[0, 1], matrix[0, 0])
    return np.asarray(np.rad2deg([yaw, pitch, roll]), np.float64)


def fit_shape(points: Array, poses: Array, rounds: int = 4) -> Array:
    """The 3-D face (P x 3, mean 0) that, turned by `poses` (N x 3 degrees), best gives `points` (N x P x 2)."""
    centred = points - points.mean(axis=1, keepdims=True)
    rows = np.stack([rotation(pose)[:2] for pose in poses])
    scale = np.sqrt((centred**2).sum(axis=(1, 2)))
    shape = np.zeros((points.shape[1], 3))
    for _ in range(rounds):
        system = (rows * scale[:, None, None]).reshape(-1, 3)
        right = centred.transpose(0, 2, 1).reshape(-1, points.shape[1])
        shape = np.linalg.lstsq(system, right, rcond=None)[0].T
        seen = np.einsum("nij,pj->npi", rows, shape)
        scale = (seen * centred).sum(axis=(1, 2)) / (seen**2).sum(axis=(1, 2))
    return np.asarray(shape - shape.mean(axis=0), np.float64)


def pose_of(points: Array, shape: Array) -> Array:
    """(yaw, pitch, roll) in degrees of P x 2 points under scaled orthographic projection of `shape`."""
    centred = points - points.mean(axis=0)
    affine = np.linalg.lstsq(shape, centred, rcond=None)[0].T
    u, _, vt = np.linalg.svd(affine)
    rows = u @ vt[:2]
    return angles(np.vstack([rows, np.cross(rows[0], rows[1])]))
