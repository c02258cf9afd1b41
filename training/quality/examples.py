"""Training examples with labels by construction: a crop, something over it, blur, and bad light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augment.blur import jpeg
from training.augment.geometry import Jitter, similarity
from training.augment.light import grey, low_light, random_light, sensor_noise
from training.augment.occluders import lay_over
from training.landmarks.frame import SIDE, frame_matrix
from training.quality.coverings import Wardrobe, borrowed, cast_shadow, hidden, random_covering
from training.quality.faces import Faces, Known
from training.quality.regions import MIRRORED, POINTS, REGIONS, FaceRegions, shares_covered
from training.quality.sharpness import blur_of, blurred, sigma_of

Picture = NDArray[np.uint8]

NONE, GLASSES, MASK, NOT_KNOWN = 0, 1, 2, -1

# What a real mask hides at least and at most, in the order of REGIONS. The crops show masks worn well and
# masks worn low on the nose, so only mouth and chin are certain.
_MASK_LOW: Final = np.array([0, 0, 0.5, 0.95, 0.35, 0.35, 0.9], np.float32)
_MASK_HIGH: Final = np.array([0.15, 0.15, 1, 1, 1, 1, 1], np.float32)
# Blur that a picture may have of itself when it is not known to be sharp, pixels of the crop.
_OWN_SIGMA: Final = 1.6
_OWN_SIGMA_MASKED: Final = 3.0
# Regions smaller than this (the far cheek of a turned face) teach nothing.
_SMALLEST_AREA: Final = 25.0
# Share of the mouth that something other than a mask may hide while "no mask" still counts as known.
_LIKE_A_MASK: Final = 0.5
# How often what lies outside the stored crop repeats it, and how often it is black; else it is another picture.
_REPEATED_SHARE: Final = 0.4
_BLACK_SHARE: Final = 0.3


@dataclass(frozen=True, slots=True)
class Damage:
    """How often each kind of damage happens, and how far crops move (pixels of the crop, degrees)."""

    covered_share: float
    second_share: float
    blur_share: float
    dark_share: float
    noise_share: float
    jpeg_share: float
    shadow_share: float
    light_share: float
    largest_blur: float
    jitter: Jitter


@dataclass(frozen=True, slots=True)
class Example:
    """One crop and its labels.

    picture: 112 x 112 x 3 uint8 BGR. low, high: 8 bounds each, the seven regions and then blur; they are
    equal where the value is known exactly. weight: 8, zero where nothing is known. covering: 0 none,
    1 glasses, 2 mask, -1 not known.
    """

    picture: Picture
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    weight: NDArray[np.float32]
    covering: int


class ExampleMaker:
    """Makes examples from one collection; `regions` holds one entry per picture, or one for all."""

    def __init__(self, faces: Faces, regions: tuple[FaceRegions, ...], wardrobe: Wardrobe, damage: Damage) -> None:
        self._faces = faces
        self._regions = regions
        self._wardrobe = wardrobe
        self._damage = damage
        self._sharp = faces.sharp()

    def make(self, row: int, rng: np.random.Generator) -> Example:
        """One example from the picture in `row`."""
        damage = self._damage
        matrix, mirrored = _placement(damage.jitter, rng)
        regions = self._regions[row if len(self._regions) > 1 else 0].moved(matrix, mirrored=mirrored)
        points = _points(matrix)
        picture, hides = _cut(
            self._faces.pictures[row], matrix, self._wardrobe.any_crop(rng), mirrored=mirrored, rng=rng
        )
        low, high, covering = self._known_before(row)
        if mirrored:
            low[:7], high[:7] = low[list(MIRRORED)], high[list(MIRRORED)]
        if rng.random() < damage.light_share:
            picture = random_light(picture, rng)
        kinds: list[str] = []
        if rng.random() < damage.covered_share:
            for _ in range(2 if rng.random() < damage.second_share else 1):
                occluder = random_covering((SIDE, SIDE), points, self._wardrobe, rng)
                picture = lay_over(picture, occluder)
                hides = np.maximum(hides, hidden(occluder))
                kinds.append(occluder.kind)
        if rng.random() < damage.shadow_share:
            picture = cast_shadow(picture, points, rng)
        masks = regions.masks()
        shares, areas = shares_covered(masks, hides)
        # What is known of the picture itself and what was laid over it hide independent parts at worst.
        bounds_low = np.maximum(low[:7], shares)
        bounds_high = np.where(high[:7] > low[:7], np.minimum(1, high[:7] + shares), bounds_low)
        picture, blur_low, blur_high = self._blur(row, picture, rng)
        picture = _worsened(picture, damage, rng)
        weight = np.append((areas >= _SMALLEST_AREA).astype(np.float32), np.float32(1))
        return Example(
            picture,
            np.append(bounds_low, np.float32(blur_low)),
            np.append(np.maximum(bounds_low, bounds_high), np.float32(blur_high)),
            weight,
            _covering_after(covering, kinds, shares),
        )

    def _known_before(self, row: int) -> tuple[NDArray[np.float32], NDArray[np.float32], int]:
        """Bounds of the seven shares and the covering of the picture as it is."""
        if self._faces.masked:
            low, high = _MASK_LOW.copy(), _MASK_HIGH.copy()
            # Masked people wear sunglasses too, and there the skin says nothing about how bright it is.
            if self._faces.facts.glasses[row] != Known.NO:
                high[:2] = 1
            return low, high, MASK
        low, high = np.zeros(len(REGIONS), np.float32), np.zeros(len(REGIONS), np.float32)
        sunglasses = self._faces.facts.sunglasses[row]
        if sunglasses == Known.YES:
            low[:2], high[:2] = 0.95, 1
        elif sunglasses == Known.UNKNOWN:
            high[:2] = 1
        worn = self._faces.facts.glasses[row]
        return low, high, {Known.YES: GLASSES, Known.NO: NONE}.get(Known(worn), NOT_KNOWN)

    def _blur(self, row: int, picture: Picture, rng: np.random.Generator) -> tuple[Picture, float, float]:
        sigma = 0.0
        if rng.random() < self._damage.blur_share:
            sigma = sigma_of(float(rng.uniform(0.03, self._damage.largest_blur)))
            picture = blurred(picture, sigma, rng)
        elif rng.random() < 0.15:  # cameras sharpen: more detail than sharp is still sharp
            soft = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.8, 2.0)))
            amount = float(rng.uniform(0.2, 1.2))
            picture = np.asarray(cv2.addWeighted(picture, 1 + amount, soft, -amount, 0), np.uint8)
        if self._sharp[row]:
            return picture, blur_of(sigma), blur_of(sigma)
        own = _OWN_SIGMA_MASKED if self._faces.masked else _OWN_SIGMA
        return picture, blur_of(sigma), blur_of(float(np.hypot(sigma, own)))


def _placement(jitter: Jitter, rng: np.random.Generator) -> tuple[NDArray[np.float64], bool]:
    centre = (SIDE - 1) / 2
    shift = rng.normal(0, 1, 2) * jitter.shift_px
    matrix = similarity(
        (centre, centre),
        angle_deg=float(rng.normal() * jitter.rotation_deg),
        scale=float(max(0.7, 1 + rng.normal() * jitter.scale)),
        shift=(float(shift[0]), float(shift[1])),
    )
    return matrix, bool(rng.random() < jitter.mirror_share)


def _points(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The five points after the crop moved; a mirrored face has the same ones, as the template is symmetric."""
    return np.asarray(POINTS @ matrix[:, :2].T + matrix[:, 2], np.float64)


def _cut(
    stored: Picture, matrix: NDArray[np.float64], around: Picture, *, mirrored: bool, rng: np.random.Generator
) -> tuple[Picture, NDArray[np.float32]]:
    """The network's crop moved by `matrix`, and what of it lies outside the picture (black, so hidden).

    around: another crop. What the stored crop does not show, above all its lower edge, is black as where a
    picture ends, or repeats the crop, or shows part of that other one: it tells nothing about the face.
    """
    source = np.ascontiguousarray(stored[:, ::-1]) if mirrored else np.ascontiguousarray(stored)
    whole = matrix @ np.vstack([frame_matrix(), [0, 0, 1]])
    kind = rng.random()
    if kind < _REPEATED_SHARE:
        border = cv2.BORDER_REFLECT_101 if rng.random() < 0.6 else cv2.BORDER_REPLICATE
        picture = np.asarray(cv2.warpAffine(source, whole, (SIDE, SIDE), borderMode=border), np.uint8)
        return picture, np.zeros((SIDE, SIDE), np.float32)
    picture = np.asarray(cv2.warpAffine(source, whole, (SIDE, SIDE)), np.uint8)
    inside = np.asarray(cv2.warpAffine(np.ones(source.shape[:2], np.float32), whole, (SIDE, SIDE)), np.float32)
    if kind < _REPEATED_SHARE + _BLACK_SHARE:
        return picture, 1 - inside
    surroundings = borrowed((SIDE, SIDE), around, rng).astype(np.float32)
    picture = np.asarray(picture + surroundings * (1 - inside)[..., None], np.uint8)
    return picture, np.zeros((SIDE, SIDE), np.float32)


def _worsened(picture: Picture, damage: Damage, rng: np.random.Generator) -> Picture:
    """Low light, noise, no colour and JPEG: none of them hides or blurs anything by itself."""
    if rng.random() < damage.dark_share:
        picture = low_light(
            picture,
            exposure_share=float(np.exp(rng.uniform(np.log(0.02), np.log(0.5)))),
            full_well=float(np.exp(rng.uniform(np.log(400), np.log(4000)))),
            rng=rng,
        )
    if rng.random() < damage.noise_share:
        picture = sensor_noise(picture, sigma=float(rng.uniform(1, 14)), rng=rng)
    if rng.random() < 0.06:
        picture = grey(picture)
    if rng.random() < damage.jpeg_share:
        picture = jpeg(picture, quality=int(rng.integers(35, 95)))
    return picture


def _covering_after(covering: int, kinds: list[str], shares: NDArray[np.float32]) -> int:
    """What is worn once `kinds` lie over the face: a mask counts before glasses, other things not at all."""
    if "face_mask" in kinds or covering == MASK:
        return MASK
    if shares[2:4].max() > _LIKE_A_MASK and "scarf" in kinds:
        return NOT_KNOWN  # cloth over nose and mouth is as good as a mask
    if "sunglasses" in kinds or "glasses" in kinds:
        return GLASSES
    if covering == GLASSES and shares[:2].max() > 0.3:
        return NOT_KNOWN
    return covering


def network_input(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """N x 112 x 112 x 3 uint8 BGR as N x 3 x 112 x 112 float32, (value - 127.5) / 128."""
    scaled = (pictures.astype(np.float32) - np.float32(127.5)) / np.float32(128)
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))
