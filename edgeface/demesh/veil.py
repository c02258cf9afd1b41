"""The mesh as something that was blended in: its colour, and how much of each pixel it covers.

``seen = picture * (1 - cover) + colour * cover``. Where the lines are is known (a pattern); what the picture has
under them is guessed from beside them; colour and cover then follow by regression over the whole picture. Hence a
see-through mesh is undone rather than painted over, and what it veiled comes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from edgeface.types import FloatArray, ImageArray

# Share of pixels that surely are mesh: the crests of its pattern.
_CRESTS = 7.0
# Crests used at most: a regression with four unknowns needs no more.
_MOST_SAMPLES = 20_000
_REGRESSIONS = 6
# Grey levels of error from which a sample counts less (it lies on an edge of the picture).
_OUTLIER = 6.0
# Grey levels of fine detail nearby at which the guess of what lies below is worth half.
_DETAIL_NEAR_CREST, _DETAIL = 4.0, 6.0
# Squared grey levels (three channels) between mesh and picture below which there is nothing to see.
_LEAST_DISTANCE = 300.0
_BINS = 48
# Cover beyond which too little of the picture is left to be brought back, and is filled in instead.
_OPAQUE, _OPAQUE_SPAN = 0.6, 0.25
_LEAST_LEFT = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Guess:
    """What probably lies below the lines: ``below`` float32 (height, width, 3), and the ``weight`` (height, width),
    0 to 1, of that guess (less among fine detail)."""

    below: FloatArray
    weight: FloatArray
    detail: FloatArray

    @classmethod
    def beside(cls, image: ImageArray, mask: npt.NDArray[np.uint8]) -> Guess:
        """From what the mask leaves."""
        below = cv2.inpaint(image, mask, 3, cv2.INPAINT_TELEA).astype(np.float32)
        fine = np.abs(below - cv2.GaussianBlur(below, (0, 0), 3)).max(axis=2)
        detail = cv2.GaussianBlur(fine, (0, 0), 3)
        return cls(below, (1.0 / (1.0 + (detail / _DETAIL) ** 2)).astype(np.float32), detail)


def ink(image: ImageArray, guess: Guess, lines: FloatArray, cover: FloatArray | None) -> FloatArray:
    """The mesh's colour, float32 (3,) BGR. ``lines``: the pattern, high on lines; ``cover``: an earlier estimate.

    On a line ``seen - below`` is ``cover * colour - cover * below``: linear in ``below``, so that bright and dark
    places together tell colour and cover apart.
    """
    if cover is None:
        ys, xs = np.nonzero(lines >= np.percentile(lines, 100.0 - _CRESTS))
    else:
        ys, xs = np.nonzero(cover > 0.4 * np.percentile(cover, 99))
    step = max(1, len(ys) // _MOST_SAMPLES)
    ys, xs = ys[::step], xs[::step]
    amount = np.ones(len(ys)) if cover is None else cover[ys, xs].astype(np.float64)
    below = guess.below[ys, xs].astype(np.float64)
    change = image[ys, xs].astype(np.float64) - below
    trust = 1.0 / (1.0 + (guess.detail[ys, xs].astype(np.float64) / _DETAIL_NEAR_CREST) ** 2)
    weight = np.repeat(trust[:, None], 3, axis=1)
    mixture = np.zeros(4)
    for _ in range(_REGRESSIONS):
        mixture = _solved(amount, below, change, weight)
        error = np.abs(change - amount[:, None] * (mixture[:3] - mixture[3] * below))
        weight = trust[:, None] / (1.0 + error / _OUTLIER)
    return cast(FloatArray, np.clip(mixture[:3] / max(mixture[3], 0.02), 0, 255).astype(np.float32))


def _solved(
    amount: npt.NDArray[np.float64],
    below: npt.NDArray[np.float64],
    change: npt.NDArray[np.float64],
    weight: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Weighted least squares of ``change = amount * (s - a * below)`` for s (3,) and one a."""
    squares = weight * (amount**2)[:, None]
    normal = np.diag([*squares.sum(axis=0), float((squares * below**2).sum())])
    normal[3, :3] = normal[:3, 3] = -(squares * below).sum(axis=0)
    moments = weight * amount[:, None] * change
    right = np.array([*moments.sum(axis=0), -float((moments * below).sum())])
    normal[np.diag_indices(4)] += 1e-9 * float(np.trace(normal)) + 1e-9
    return np.linalg.solve(normal, right)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Per pixel, how far the picture was moved towards the mesh's colour: ``moved / distance`` is its cover."""

    moved: FloatArray
    distance: FloatArray

    @classmethod
    def of(cls, image: ImageArray, guess: Guess, colour: FloatArray) -> Evidence:
        towards = colour - guess.below
        moved = ((image - guess.below) * towards).sum(axis=2)
        return cls(moved, (towards * towards).sum(axis=2))

    def share(self) -> FloatArray:
        """The cover that each pixel by itself tells, about 0 to 1; noisy where the mesh hardly shows."""
        return cast(FloatArray, np.clip(self.moved / np.maximum(self.distance, _LEAST_DISTANCE), -0.1, 1.0))

    def signal(self, guess: Guess) -> FloatArray:
        """A map of the lines for a closer look at their pattern: strong where the evidence is."""
        trust = np.minimum(self.distance / max(float(self.distance.mean()), 1.0), 1.0) * guess.weight
        return cast(FloatArray, (self.share() * np.sqrt(trust)).astype(np.float32))

    def cover(self, guess: Guess, lines: FloatArray) -> FloatArray:
        """The cover, 0 to 1: for each height of the pattern, what the picture shows on average there.

        It never falls with the pattern: more line, more cover.
        """
        low, high = (float(value) for value in np.percentile(lines, [1.0, 99.7]))
        if high <= low:
            return np.zeros_like(lines)
        bins = np.clip((lines - low) * (_BINS / (high - low)), 0, _BINS - 1).astype(np.intp).ravel()
        moved = np.bincount(bins, (self.moved * guess.weight).ravel(), _BINS)
        distance = np.bincount(bins, (self.distance * guess.weight).ravel(), _BINS)
        shares = np.maximum.accumulate(np.clip(moved / np.maximum(distance, 1e-3), 0.0, 1.0))
        heights = low + (np.arange(_BINS) + 0.5) * ((high - low) / _BINS)
        return np.interp(lines, heights, shares).astype(np.float32)


def opaque_where(cover: FloatArray) -> FloatArray:
    """How much of what lies below is to be filled in, 0 to 1: too little of it shines through to be brought back."""
    return cast(FloatArray, np.clip((cover - _OPAQUE) / _OPAQUE_SPAN, 0.0, 1.0).astype(np.float32))


def lifted(
    image: ImageArray, cover: FloatArray, opaque: FloatArray, colour: FloatArray, fill: ImageArray
) -> ImageArray:
    """The picture without its veil: brought back, and ``fill`` instead where it is ``opaque``."""
    amount, covered = cover[..., None], opaque[..., None]
    left = np.maximum(1.0 - amount, _LEAST_LEFT)
    brought_back = np.clip((image - amount * colour) / left, 0, 255)
    mixed = brought_back * (1.0 - covered) + fill * covered
    return cast(ImageArray, np.rint(mixed).astype(np.uint8))
