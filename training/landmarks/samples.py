"""Training samples: labelled crops moved, turned, covered, darkened and blurred at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augment.blur import random_blur
from training.augment.light import low_light, random_light, sensor_noise
from training.augment.occluders import lay_over, random_occluder
from training.landmarks.frame import SIDE, frame_matrix, to_frame
from training.landmarks.labels import CROP_SIDE, WIDE_MARGIN, WIDE_SIDE
from training.landmarks.layout import LANDMARK5, MIRROR

Picture = NDArray[np.uint8]
Points = NDArray[np.float32]

_MIRROR = np.array(MIRROR)
_BORDERS = (cv2.BORDER_CONSTANT, cv2.BORDER_REPLICATE, cv2.BORDER_REFLECT_101, cv2.BORDER_REFLECT)


@dataclass(frozen=True, slots=True)
class Randomness:
    """How far samples differ from the labelled crop: standard deviations and shares of the samples."""

    rotation_deg: float = 6.0
    largest_rotation_deg: float = 20.0
    scale: float = 0.06
    shift_px: float = 3.0
    occluded: float = 0.3
    dark: float = 0.08
    noisy: float = 0.2
    other_background: float = 0.35


@dataclass(frozen=True, slots=True)
class Face:
    """One labelled face. picture: 128 x 128 or 192 x 192 aligned crop; points in pixels of the 128 crop."""

    picture: Picture
    points: Points
    pose: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sample:
    """Network input and targets. picture: 112 x 112 x 3 uint8 BGR; points: (150, 2) pixels of it."""

    picture: Picture
    points: Points
    pose: NDArray[np.float32]


def mirror(
    picture: Picture, points: Points, pose: NDArray[np.float32]
) -> tuple[Picture, Points, NDArray[np.float32]]:
    """The face as a mirror shows it."""
    flipped = points[_MIRROR] * np.array([-1, 1], np.float32)
    flipped[:, 0] += picture.shape[1] - 1
    return cv2.flip(picture, 1).astype(np.uint8, copy=False), flipped, pose * np.array([-1, 1, -1], np.float32)


def warp_to_frame(face: Face, matrix: NDArray[np.float64]) -> Picture:
    """The 112 x 112 network input by a 2x3 matrix from the 128 px crop; black outside, as in the engine."""
    margin = (face.picture.shape[0] - CROP_SIDE) // 2
    moved = np.asarray(matrix, np.float64).copy()
    moved[:, 2] -= moved[:, :2] @ np.full(2, float(margin))
    return cv2.warpAffine(face.picture, moved, (SIDE, SIDE)).astype(np.uint8, copy=False)


def plain_sample(face: Face) -> Sample:
    """The face as a detector without error would show it."""
    return Sample(warp_to_frame(face, frame_matrix()), to_frame(face.points), face.pose)


def five_points(points: NDArray[np.float32]) -> NDArray[np.float64]:
    """Left eye, right eye, nose tip and mouth corners (5 x 2) of the 150 points."""
    return np.stack([points[list(group)].mean(axis=0) for group in LANDMARK5]).astype(np.float64)


class SampleMaker:
    """Draws samples without end from labelled faces; turned faces more often than they occur."""

    def __init__(self, faces: Sequence[Face], randomness: Randomness) -> None:
        self._faces = faces
        self._random = randomness
        yaw = np.abs([float(face.pose[0]) for face in faces])
        # Faces turned further than 15 and 30 degrees are 25 % and 6 % of ordinary collections.
        weight = np.where(yaw > 30, 5.0, np.where(yaw > 15, 2.0, 1.0))
        self._cumulative = np.cumsum(weight / weight.sum())

    def _pick(self, rng: np.random.Generator) -> Face:
        index = int(np.searchsorted(self._cumulative, rng.random()))
        return self._faces[min(index, len(self._faces) - 1)]

    def _canvas(self, picture: Picture, rng: np.random.Generator) -> Picture:
        """The crop with surroundings, 192 x 192; real surroundings where the crop has them."""
        if picture.shape[0] == WIDE_SIDE:
            return picture
        pad = WIDE_MARGIN
        if rng.random() < self._random.other_background:
            other = self._faces[int(rng.integers(len(self._faces)))].picture
            canvas = cv2.resize(other[: CROP_SIDE // 2], (WIDE_SIDE, WIDE_SIDE), interpolation=cv2.INTER_LINEAR)
            canvas[pad : pad + CROP_SIDE, pad : pad + CROP_SIDE] = picture
            return canvas.astype(np.uint8, copy=False)
        way = _BORDERS[int(rng.integers(len(_BORDERS)))]
        return cv2.copyMakeBorder(picture, pad, pad, pad, pad, way).astype(np.uint8, copy=False)

    def _moved(self, face: Face, rng: np.random.Generator) -> Sample:
        canvas, points, pose = self._canvas(face.picture, rng), face.points + np.float32(WIDE_MARGIN), face.pose
        if rng.random() < 0.5:
            canvas, points, pose = mirror(canvas, points, pose)
        limit = self._random.largest_rotation_deg
        turn = float(np.clip(rng.normal() * self._random.rotation_deg, -limit, limit))
        scale = float(np.exp(rng.normal() * self._random.scale))
        jitter = np.asarray(cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), turn, scale), np.float64)
        jitter[:, 2] += rng.normal(0.0, self._random.shift_px, 2)
        matrix = jitter @ np.vstack([frame_matrix(WIDE_MARGIN), [0, 0, 1]])
        picture = cv2.warpAffine(canvas, matrix, (SIDE, SIDE)).astype(np.uint8, copy=False)
        moved = (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
        # Turned counter-clockwise in the picture means a smaller roll.
        return Sample(picture, moved, pose - np.array([0, 0, turn], np.float32))

    def draw(self, rng: np.random.Generator) -> Sample:
        """One sample."""
        moved = self._moved(self._pick(rng), rng)
        picture = random_light(moved.picture, rng)
        if rng.random() < self._random.occluded:
            occluder = random_occluder((SIDE, SIDE), five_points(moved.points), rng)
            picture = lay_over(picture, occluder)
        if rng.random() < self._random.dark:
            picture = low_light(
                picture,
                exposure_share=float(rng.uniform(0.05, 0.5)),
                full_well=float(rng.uniform(400, 4000)),
                rng=rng,
            )
        picture = random_blur(picture, rng)
        if rng.random() < self._random.noisy:
            picture = sensor_noise(picture, sigma=float(rng.uniform(1, 8)), rng=rng)
        return Sample(picture, moved.points, moved.pose)
