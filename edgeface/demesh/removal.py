"""The filter: find a mesh, make sure that it is one, lift it off.

What it removes: lines in one colour, straight or wavy, one family or a lattice, brighter or darker than the picture,
see-through or opaque, that repeat over the whole picture. What it leaves alone, by design: everything else. Its
limits: lines that follow no rule are not found; a mesh that drifts (its distances change across the picture) is
weakened rather than removed; below opaque lines the picture is filled in from beside them, so that fine
detail there is lost; a pattern finer than 6 pixels at the working size is taken for texture; and a photograph
of nothing but one regular weave may be taken for a mesh.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar, cast

import cv2
import numpy as np
import numpy.typing as npt

from edgeface.demesh.comb import Pattern, find_pattern
from edgeface.demesh.planes import line_planes, without_shades
from edgeface.demesh.veil import Evidence, Guess, ink, lifted, opaque_where
from edgeface.types import FloatArray, ImageArray

Plane = TypeVar("Plane", FloatArray, ImageArray)

MOST_PIXELS = 400_000
"""Pixels at which the mesh is looked for; larger pictures are looked at smaller, and cleaned at their own size."""
_LEAST_SIDE = 64
# Pixels: squares in which a drifting pattern is looked for.
_TILES = (None, 256)
# Share of a plane's energy that each wave must bring: less for the planes (every kind of texture is in them) than
# for the map of lines, which has been freed of the picture.
_COST, _COST_OF_LINES = 60.0, 40.0
_SUSPECT, _SURE, _CLEAR = 0.04, 0.12, 0.3
_CANDIDATES = 3
_REFINEMENTS = 3
_SEEN = 0.05
# Of a drifting mesh: share of the way to its colour from which a pixel is a line, after smoothing (pixels).
_LINE, _SMOOTH = 0.2, 0.6
_CAUTION = 1.5
# Squares per side in which a mesh must show, and in what share of those where it can.
_SQUARES, _EVERYWHERE = 6, 0.7
# Share of the picture that the lines of a mesh cover, their soft edges included.
_LEAST_COVERED, _MOST_COVERED = 0.01, 0.55
# Grey levels by which a mesh changes the pixels of its lines, on average.
_LEAST_CHANGE = 4.0
_STRIP = 512


@dataclass(frozen=True, slots=True, eq=False)
class Demeshed:
    """The picture (the same array where no mesh was found), and the mesh: its share of the pixels and colour."""

    image: ImageArray
    found: bool
    covered: float = 0.0
    colour: tuple[int, int, int] | None = None
    """BGR."""


@dataclass(frozen=True, slots=True, eq=False)
class _Veil:
    """A mesh: its ``cover`` and where it counts as ``opaque``, both 0 to 1; ``clear``: whether its pattern tells
    exactly where its lines are."""

    cover: FloatArray
    opaque: FloatArray
    colour: FloatArray
    guess: Guess
    clear: bool


def remove_mesh(image: ImageArray) -> Demeshed:
    """Remove the mesh over a BGR picture of any size; a picture without one is returned as it is."""
    height, width = image.shape[:2]
    small = _working_size(image)
    veil = _mesh_of(small) if min(small.shape[:2]) >= _LEAST_SIDE else None
    if veil is None:
        return Demeshed(image, found=False)
    fill = cast(ImageArray, np.rint(veil.guess.below).astype(np.uint8))
    clean = np.empty_like(image)
    # In strips: whole, the floats of a large picture would take half a gigabyte.
    for top in range(0, height, _STRIP):
        part = slice(top, min(top + _STRIP, height))
        cover, opaque = (
            np.clip(_enlarged(share, part, height, width), 0.0, 1.0) for share in (veil.cover, veil.opaque)
        )
        clean[part] = lifted(image[part], cover, opaque, veil.colour, _enlarged(fill, part, height, width))
    blue, green, red = (round(float(value)) for value in veil.colour)
    return Demeshed(clean, True, float((veil.cover > _SEEN).mean()), (blue, green, red))


def _working_size(image: ImageArray) -> ImageArray:
    height, width = image.shape[:2]
    factor = (MOST_PIXELS / (height * width)) ** 0.5
    if factor >= 1.0:
        return image
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return cast(ImageArray, cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def _enlarged(small: Plane, rows: slice, height: int, width: int) -> Plane:
    """Some rows of what was made at the working size, in the size of the picture."""
    if small.shape[:2] == (height, width):
        return small[rows]
    down, across = small.shape[0] / height, small.shape[1] / width
    # Centres of pixels lie at halves, as cv2.resize has it.
    back = np.array([[across, 0.0, across / 2 - 0.5], [0.0, down, (rows.start + 0.5) * down - 0.5]])
    size = width, rows.stop - rows.start
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cast(Plane, cv2.warpAffine(small, back, size, flags=flags, borderMode=cv2.BORDER_REPLICATE))


def _mesh_of(image: ImageArray) -> _Veil | None:
    """The mesh over a picture; None where there is none."""
    for lines in _first_look(image):
        veil = _veil(image, lines)
        if veil is not None and _is_mesh(image, veil):
            return veil if veil.clear else _drifting(image, veil)
    return None


def _first_look(image: ImageArray) -> list[FloatArray]:
    """Patterns of the planes, the clearest first, high on their lines."""
    seen: list[tuple[float, FloatArray]] = []
    for tile in _TILES:
        for plane in line_planes(image):
            pattern, share = _look(plane, tile, _COST)
            if share > _SUSPECT:
                seen.append((share, _upright(pattern.fitted(plane))))
        if seen:
            break
    seen.sort(key=lambda item: -item[0])
    return [lines for _, lines in seen[:_CANDIDATES]]


def _upright(lines: FloatArray) -> FloatArray:
    """Lines are thinner than what is between them, so the pattern is skewed towards them."""
    return lines if float(((lines - lines.mean()) ** 3).mean()) >= 0.0 else -lines


def _veil(image: ImageArray, lines: FloatArray) -> _Veil | None:
    """The mesh whose lines are about where a pattern is high; None where a closer look shows no pattern."""
    mask = _widened(lines > _between(lines))
    cover: FloatArray | None = None
    clear = 0.0
    for step in range(_REFINEMENTS):
        guess = Guess.beside(image, mask)
        colour = ink(image, guess, lines, cover)
        evidence = Evidence.of(image, guess, colour)
        if step < _REFINEMENTS - 1:
            closer = _closer_look(evidence.signal(guess))
            if closer is None:
                return None
            lines, clear = closer
        cover = evidence.cover(guess, lines)
        mask = _widened(cover > _SEEN)
    assert cover is not None  # noqa: S101 - there is at least one step
    return _Veil(cover, opaque_where(cover), colour, guess, clear >= _CLEAR)


def _drifting(image: ImageArray, veil: _Veil) -> _Veil:
    """Where the pattern tells only roughly where lines are, the picture's own evidence does, and what lies below is
    filled in; less so among fine detail, where that evidence is poor and a filled-in face would be another's."""
    share = cv2.GaussianBlur(Evidence.of(image, veil.guess, veil.colour).share(), (0, 0), _SMOOTH)
    mask = _widened(share > _LINE)
    guess = Guess.beside(image, mask)
    opaque = np.maximum(veil.opaque, mask * guess.weight**_CAUTION)
    return replace(veil, opaque=cast(FloatArray, opaque), guess=guess)


def _closer_look(signal: FloatArray) -> tuple[FloatArray, float] | None:
    """The pattern in a map of lines, and how clear it is; None where there is none after all."""
    fine = without_shades(signal)
    best, clearest = None, _SURE
    for tile in _TILES:
        pattern, share = _look(fine, tile, _COST_OF_LINES)
        if share > clearest + (0.0 if best is None else 0.02):
            best, clearest = pattern.fitted(fine), share
        if clearest > _CLEAR:
            break
    return None if best is None else (best, clearest)


def _look(signal: FloatArray, tile: int | None, cost: float) -> tuple[Pattern, float]:
    pattern = find_pattern(signal, tile)
    return pattern, pattern.share(signal, pattern.fitted(signal), cost) if pattern.waves else 0.0


def _is_mesh(image: ImageArray, veil: _Veil) -> bool:
    """Whether what was found lies over the whole picture, as a mesh does and a striped shirt does not."""
    evidence = Evidence.of(image, veil.guess, veil.colour)
    on_lines = veil.cover > _SEEN
    if not _LEAST_COVERED < float(on_lines.mean()) < _MOST_COVERED:
        return False
    change = np.abs(image.astype(np.float32) - veil.guess.below).max(axis=2)
    if float(change[on_lines].mean()) < _LEAST_CHANGE:
        return False
    shown = possible = 0
    for rows in np.array_split(np.arange(image.shape[0]), _SQUARES):
        for columns in np.array_split(np.arange(image.shape[1]), _SQUARES):
            square = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
            cover, distance = veil.cover[square], evidence.distance[square]
            expected = float((cover * cover * distance).sum())
            # White on white shows nothing: such a square says neither yes nor no.
            if expected < _LEAST_CHANGE**2 * float((cover > _SEEN).sum() + 1):
                continue
            possible += 1
            shown += 0.5 < float((cover * evidence.moved[square]).sum()) / expected < 2.0
    return possible > 0 and shown >= _EVERYWHERE * possible


def _between(lines: FloatArray) -> float:
    """The height that parts lines from what is between them (Otsu)."""
    low, span = float(lines.min()), max(float(np.ptp(lines)), 1e-6)
    steps = ((lines - low) * (255.0 / span)).astype(np.uint8)
    level, _ = cv2.threshold(steps, 0, 255, cv2.THRESH_OTSU)
    return low + float(level) * span / 255.0


def _widened(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """One pixel more on each side: where a line's edge was smoothed."""
    return cast("npt.NDArray[np.uint8]", cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)))
