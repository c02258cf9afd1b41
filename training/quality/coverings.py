"""Things laid over a face whose covered pixels we know: the drawn ones, and ones cut from other pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augment.occluders import (
    Occluder,
    face_mask,
    glasses,
    hair,
    hand,
    phone,
    picture_frame,
    scarf,
    spot,
    sunglasses,
)
from training.augment.surfaces import texture
from training.quality.regions import framed

Picture = NDArray[np.uint8]
Points = NDArray[np.float64]
Draw = Callable[[tuple[int, int], Points, np.random.Generator], Occluder]

# Spectacles leave the eyes to be seen: they are a covering of their own but hide nothing.
CLEAR: Final = frozenset({"glasses"})
# An occluder hides what is behind it from this opacity on, and leaves it below the other.
_HIDES, _LEAVES = 0.65, 0.25
# Borrowed textures come from the outer part of a crop, this share of its width on either side.
_BESIDE: Final = 0.22
# A borrowed hand shows skin of this part of another aligned crop (left, top, right, bottom; of its side).
_CHEEK: Final = (0.24, 0.52, 0.36, 0.66)
# Middles of eyes, nose, mouth, cheeks and chin from the point between the eyes: in interocular distances
# across and in distances from the eyes to the mouth down.
_PLACES: Final = ((-0.5, 0), (0.5, 0), (0, 0.5), (0, 1.0), (-0.62, 0.6), (0.62, 0.6), (0, 1.4))


@dataclass(frozen=True, slots=True)
class Wardrobe:
    """Where real textures come from: any crops, and aligned crops of masked faces (may be empty)."""

    anything: NDArray[np.uint8]
    masked: NDArray[np.uint8]

    def any_crop(self, rng: np.random.Generator) -> Picture:
        """One crop of either collection."""
        source = self.masked if len(self.masked) and rng.random() < 0.15 else self.anything
        return np.asarray(source[int(rng.integers(len(source)))], np.uint8)


def bars(shape: tuple[int, int], points: Points, rng: np.random.Generator) -> Occluder:
    """One to five parallel bars: a grille, a helmet's guard, blinds."""
    unit = float(np.linalg.norm(points[1] - points[0]))
    turn = rng.uniform(0, np.pi)
    along = np.array([np.cos(turn), np.sin(turn)]) * 4 * unit
    aside = np.array([-np.sin(turn), np.cos(turn)]) * unit
    count = int(rng.integers(1, 6))
    gap = rng.uniform(0.3, 0.9)
    width = max(1, round(unit * rng.uniform(0.05, min(0.35, 0.7 * gap))))
    middle = points.mean(axis=0) + aside * rng.uniform(-0.8, 0.8)
    alpha = np.zeros(shape, np.uint8)
    for place in (np.arange(count) - (count - 1) / 2) * gap:
        ends = np.round([middle + aside * place - along, middle + aside * place + along]).astype(int)
        cv2.line(alpha, ends[0].tolist(), ends[1].tolist(), 255, width, cv2.LINE_AA)
    surface = texture(shape, rng.uniform(0, 255, 3), rng)
    return Occluder(surface, alpha.astype(np.float32) / np.float32(255), "bars")


def slab(shape: tuple[int, int], points: Points, rng: np.random.Generator) -> Occluder:
    """A round or boxy thing in front of one region, from a little of it to more than all of it."""
    unit = float(np.linalg.norm(points[1] - points[0]))
    across, down = points[1] - points[0], points[3:].mean(axis=0) - points[:2].mean(axis=0)
    place = _PLACES[int(rng.integers(len(_PLACES)))]
    centre = points[:2].mean(axis=0) + place[0] * across + place[1] * down + rng.normal(0, 0.18 * unit, 2)
    turn, squareness = rng.uniform(0, np.pi), rng.uniform(1.6, 6.0)
    radii = unit * rng.uniform(0.25, 1.15) * rng.uniform(0.7, 1.3, 2)
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    cos, sin = np.cos(angle), np.sin(angle)
    along = np.sign(cos) * np.abs(cos) ** (2 / squareness) * radii[0]
    aside = np.sign(sin) * np.abs(sin) ** (2 / squareness) * radii[1]
    corners = centre + np.column_stack(
        [along * np.cos(turn) - aside * np.sin(turn), along * np.sin(turn) + aside * np.cos(turn)]
    )
    alpha = np.zeros(shape, np.uint8)
    cv2.fillPoly(alpha, [np.round(corners * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    surface = texture(shape, rng.uniform(0, 255, 3), rng)
    return Occluder(surface, alpha.astype(np.float32) / np.float32(255), "slab")


def borrowed(shape: tuple[int, int], source: Picture, rng: np.random.Generator) -> Picture:
    """A texture of the given shape cut from beside the face of an aligned crop, turned and enlarged.

    Hair, cloth, leaves and walls are what really comes before faces; another face's eye or mouth does not.
    """
    side = source.shape[0]
    width = int(rng.integers(round(side * _BESIDE / 2), round(side * _BESIDE)))
    height = int(rng.integers(width, round(side * 0.7)))
    top = int(rng.integers(0, side - height))
    left = 0 if rng.random() < 0.5 else side - width
    piece = np.rot90(source[top : top + height, left : left + width], int(rng.integers(4)))
    enlarged = cv2.resize(np.ascontiguousarray(piece), shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(enlarged, np.uint8)


def _skin(shape: tuple[int, int], source: Picture, drawn: Picture) -> Picture:
    """The skin of another face's cheek over the whole shape, shaded like the drawn hand."""
    side = source.shape[0]
    left, top, right, bottom = (round(part * side) for part in _CHEEK)
    patch = cv2.resize(source[top:bottom, left:right], shape[::-1], interpolation=cv2.INTER_CUBIC)
    shade = drawn.astype(np.float32).mean(axis=2, keepdims=True)
    shade = np.clip(shade / max(float(np.median(shade)), 1.0), 0.5, 1.3)
    return np.asarray(np.clip(patch.astype(np.float32) * shade, 0, 255), np.uint8)


# How often each kind is laid over a face, and how often its surface is cut from another picture.
_KINDS: Final[tuple[tuple[Draw, float, float], ...]] = (
    (face_mask, 0.19, 0.5),
    (slab, 0.20, 0.7),
    (sunglasses, 0.13, 0.05),
    (glasses, 0.08, 0.0),
    (hand, 0.12, 0.7),
    (hair, 0.06, 0.0),
    (scarf, 0.06, 0.5),
    (phone, 0.06, 0.4),
    (picture_frame, 0.06, 0.4),
    (spot, 0.06, 0.7),
    (bars, 0.05, 0.2),
)


def random_covering(shape: tuple[int, int], points: Points, wardrobe: Wardrobe, rng: np.random.Generator) -> Occluder:
    """One thing to lay over the face with these five points, drawn or cut from another picture."""
    weights = np.array([kind[1] for kind in _KINDS])
    draw, _, share = _KINDS[int(rng.choice(len(_KINDS), p=weights / weights.sum()))]
    drawn = draw(shape, points, rng)
    if rng.random() >= share:
        return drawn
    if draw is hand:
        source = wardrobe.anything[int(rng.integers(len(wardrobe.anything)))]
        return Occluder(_skin(shape, source, drawn.texture), drawn.alpha, drawn.kind)
    if draw is face_mask and len(wardrobe.masked) and rng.random() < 0.8:
        return Occluder(_real_mask(shape, wardrobe, rng), drawn.alpha, drawn.kind)
    return Occluder(borrowed(shape, wardrobe.any_crop(rng), rng), drawn.alpha, drawn.kind)


def _real_mask(shape: tuple[int, int], wardrobe: Wardrobe, rng: np.random.Generator) -> Picture:
    """A real mask in its place: the crops share one alignment, so its folds fall where they would."""
    source = wardrobe.masked[int(rng.integers(len(wardrobe.masked)))]
    source = source[:, ::-1] if rng.random() < 0.5 else source
    placed = framed(np.ascontiguousarray(source))
    return np.asarray(cv2.resize(placed, shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def hidden(occluder: Occluder) -> NDArray[np.float32]:
    """Which pixels the occluder hides, H x W in [0, 1]; nothing for clear glasses."""
    if occluder.kind in CLEAR:
        return np.zeros_like(occluder.alpha)
    share = (occluder.alpha - np.float32(_LEAVES)) / np.float32(_HIDES - _LEAVES)
    return np.asarray(np.clip(share, 0, 1), np.float32)


def cast_shadow(picture: Picture, points: Points, rng: np.random.Generator) -> Picture:
    """A shadow with an edge across the face: darker, but nothing is hidden."""
    shape = (picture.shape[0], picture.shape[1])
    outline = (picture_frame if rng.random() < 0.5 else spot)(shape, points, rng)
    strength = np.float32(rng.uniform(0.25, 0.75))
    soft = cv2.GaussianBlur(outline.alpha, (0, 0), float(rng.uniform(0.5, 4.0)))
    return np.asarray(picture * (1 - strength * soft)[..., None], np.uint8)
