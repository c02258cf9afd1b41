"""Periodic patterns: found as peaks of the spectrum, kept as a sum of plane waves.

Straight lines at equal distances are one row of peaks; wavy lines with one wavelength, and lattices of both, are
periodic in two directions and hence rows of peaks too. A portrait has no peaks: its spectrum falls smoothly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from edgeface.types import FloatArray

Waves = npt.NDArray[np.float64]
"""(n, 2): cycles per pixel downwards and to the right."""

# A peak stands out from the median of its neighbourhood so many times. Noise alone exceeds 5 medians once in 3e7
# frequencies (Rayleigh distribution).
_STANDS_OUT = 5.0
_NEIGHBOURHOOD = 21
# Pixels: a longer period has too few repetitions in a photograph to be told from shading.
_LONGEST_PERIOD = 60.0
_MOST_WAVES = 150
_ROUNDS = 3
# Overlapping windows' share of a wave that another one may explain before it counts as the same.
_DAMPING = 1e-2
_LEVELS = 255.0


@dataclass(frozen=True, slots=True, eq=False)
class Comb:
    """Waves within a rectangle of a picture, and what is needed to fit them."""

    top: int
    left: int
    waves: Waves
    down: npt.NDArray[np.complex64]
    """(height, n): each wave along a column."""
    across: npt.NDArray[np.complex64]
    """(width, n): each wave along a row."""

    @classmethod
    def of(cls, waves: Waves, shape: tuple[int, int], top: int = 0, left: int = 0) -> Comb:
        height, width = shape
        down = np.exp(2j * np.pi * np.outer(np.arange(height), waves[:, 0])).astype(np.complex64)
        across = np.exp(2j * np.pi * np.outer(np.arange(width), waves[:, 1])).astype(np.complex64)
        return cls(top, left, waves, down, across)

    @property
    def shape(self) -> tuple[int, int]:
        return self.down.shape[0], self.across.shape[0]

    def fitted(self, signal: FloatArray) -> FloatArray:
        """The sum of these waves that is nearest to a signal of this shape (weighted towards its middle)."""
        height, width = self.shape
        rows, columns = _window(height), _window(width)
        weighted = (signal * np.outer(rows, columns)).astype(np.complex64)
        seen = ((weighted @ self.across.conj()) * self.down.conj()).sum(axis=0)
        # How much each wave looks like each other through the window: a product, because the window is one.
        alike = _gram(self.down, rows) * _gram(self.across, columns)
        total = rows.sum() * columns.sum()
        alike = alike / total + _DAMPING * np.eye(len(self.waves), dtype=np.complex64)
        amplitudes = 2.0 * np.linalg.solve(alike, seen / total)
        return cast(FloatArray, np.ascontiguousarray(((self.down * amplitudes) @ self.across.T).real, np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """Combs that cover a picture together; one, where the pattern is the same all over."""

    shape: tuple[int, int]
    combs: tuple[Comb, ...]

    @property
    def waves(self) -> int:
        return sum(len(comb.waves) for comb in self.combs)

    def fitted(self, signal: FloatArray) -> FloatArray:
        """The pattern that is nearest to a signal: float32 (height, width), mean about 0."""
        whole = np.zeros(self.shape, np.float32)
        weights = np.full(self.shape, 1e-6, np.float32)
        for comb in self.combs:
            height, width = comb.shape
            place = slice(comb.top, comb.top + height), slice(comb.left, comb.left + width)
            weight = np.outer(np.hamming(height), np.hamming(width)).astype(np.float32)
            weights[place] += weight
            if len(comb.waves):
                whole[place] += comb.fitted(signal[place]) * weight
        return cast(FloatArray, whole / weights)

    def share(self, signal: FloatArray, fitted: FloatArray, cost: float) -> float:
        """How much of a signal's energy is the pattern, less what as many waves would explain of noise."""
        energy = float((fitted**2).sum()) * float((signal**2).sum())
        if energy <= 0.0:
            return 0.0
        likeness = float((fitted * signal).sum()) / energy**0.5
        return float(likeness**2) - cost * self.waves / signal.size


def find_pattern(signal: FloatArray, tile: int | None = None) -> Pattern:
    """The periodic pattern of a float32 (height, width) signal, mean 0; with no waves where there is none.

    tile: pixels; look in overlapping squares of that side, for patterns that drift across the picture.
    """
    height, width = signal.shape
    if tile is None:
        return Pattern((height, width), (Comb.of(_waves(signal), (height, width)),))
    combs = []
    for top, rows in _cuts(height, tile):
        for left, columns in _cuts(width, tile):
            part = signal[top : top + rows, left : left + columns]
            combs.append(Comb.of(_waves(part), (rows, columns), top, left))
    return Pattern((height, width), tuple(combs))


def _waves(signal: FloatArray) -> Waves:
    """The waves of a signal; each round looks for weaker ones in what the earlier ones leave."""
    found: Waves = np.zeros((0, 2))
    left = signal
    for number in range(_ROUNDS):
        more = _peaks(left)
        if not len(more):
            break
        found = np.concatenate([found, more])
        if number < _ROUNDS - 1:
            left = signal - Comb.of(found, (signal.shape[0], signal.shape[1])).fitted(signal)
    return found


def _peaks(signal: FloatArray) -> Waves:
    height, width = signal.shape
    rows, columns = cv2.getOptimalDFTSize(height), cv2.getOptimalDFTSize(width)
    spectrum = np.fft.rfft2(signal * np.outer(_window(height), _window(width)), (rows, columns))
    level = np.log(np.fft.fftshift(np.abs(spectrum), axes=0).astype(np.float32) + 1e-6)
    low, span = float(level.min()), float(level.max() - level.min())
    if span <= 0.0:
        return np.zeros((0, 2))
    steps = ((level - low) * (_LEVELS / span)).astype(np.uint8)
    usual = cv2.medianBlur(steps, _NEIGHBOURHOOD).astype(np.float32) * (span / _LEVELS) + low
    highest = level >= cv2.dilate(level, np.ones((5, 5), np.uint8))
    y, x = np.nonzero(highest & (level - usual > np.log(_STANDS_OUT)))
    middle = rows // 2
    # Of a real signal's spectrum the first column is its own mirror image.
    fine = np.hypot((y - middle) / rows, x / columns) > 1.0 / _LONGEST_PERIOD
    keep = fine & ~((x == 0) & (y < middle))
    y, x = y[keep], x[keep]
    strongest = np.argsort(-level[y, x], kind="stable")[:_MOST_WAVES]
    y, x = y[strongest], x[strongest]
    above, beside = np.clip(y, 1, rows - 2), np.clip(x, 1, level.shape[1] - 2)
    off_y = _summit(level[above - 1, x], level[above, x], level[above + 1, x])
    off_x = np.where(x > 0, _summit(level[y, beside - 1], level[y, beside], level[y, beside + 1]), 0.0)
    return np.stack([(y - middle + off_y) / rows, (x + off_x) / columns], axis=1)


def _summit(before: FloatArray, here: FloatArray, after: FloatArray) -> FloatArray:
    """Where the parabola through three neighbours is highest, in steps from the middle one."""
    bend = before - 2.0 * here + after
    return cast(FloatArray, np.clip(0.5 * (before - after) / np.minimum(bend, -1e-6), -0.5, 0.5))


def _window(length: int) -> FloatArray:
    """Hann, without its zeros."""
    return np.hanning(length + 2)[1:-1].astype(np.float32)


def _gram(waves: npt.NDArray[np.complex64], weights: FloatArray) -> npt.NDArray[np.complex64]:
    return cast("npt.NDArray[np.complex64]", (waves.conj() * weights[:, None]).T @ waves)


def _cuts(length: int, tile: int) -> list[tuple[int, int]]:
    """(start, size) of half-overlapping pieces."""
    if length <= tile * 5 // 4:
        return [(0, length)]
    count = -(-(length - tile) * 2 // tile)
    return [(round(index * (length - tile) / count), tile) for index in range(count + 1)]
