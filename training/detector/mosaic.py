"""Training pictures: tiles cut from labelled scenes at random scale, turn and place, put together."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.detector.bend import bend, random_field
from training.detector.crops import FaceCrops
from training.detector.damage import Damage, draw_bar, draw_glasses, draw_mask, lay_patch
from training.detector.decode import Faces, box_side, join_faces, overlaps
from training.detector.scenes import Labels, unlabelled
from training.detector.teacher import MIRROR_ORDER

# Faces smaller than this (square root of the box area, pixels) are neither faces nor background.
SMALLEST_FACE = 9.0
_LARGEST_ZOOM = 2.5
_LEAST_FILL = 0.7  # a scene is not shrunk below this share of its tile's shorter side
_NATURAL_ZOOM = (0.4, 1.3)
_HARD_ZOOM = (0.6, 1.6)
_LARGEST_STRETCH = 0.2
_PIECE = (0.08, 0.4)  # sides of a piece of a picture, as shares of the picture's
_LEAST_PIECE = 8.0  # and at least, in pixels
_SEEN_SHARE = 0.55  # a face cut by its tile's edge is a face while this share of its box is inside
_GONE_SHARE = 0.15  # and background below this one
# A face damaged so far that its colours differ by less (standard deviation over 8 x 8 fields, of 255) is gone too:
# who learns to find it learns to find faces in the dark where there is nothing.
_LEAST_CONTRAST = 4.0


@dataclass(frozen=True, slots=True)
class TileRandomness:
    """Chances of what a picture and its tiles show; angles in degrees.

    `natural`: the picture is one scene near its own size, hardly turned. `turned` and `sideways`: the tile is
    turned by up to `large_angle`, or by any angle; the others by a few times `small_angle` at most. `hard`: the tile
    shows a place where the network errs, once such places are known. `things`: it shows a thing that is no face, if
    there are pictures of such. `stretch`: a tile is drawn out along one axis and pressed together across it; standard
    deviation of the factor's logarithm (half of it in natural pictures). `bent`: it is bent like rubber.
    """

    natural: float = 0.3
    empty: float = 0.08
    turned: float = 0.2
    sideways: float = 0.08
    small_angle: float = 12.0
    large_angle: float = 50.0
    covered: float = 0.18
    replaced: float = 0.15
    damaged: float = 0.7
    hard: float = 0.3
    things: float = 0.1
    stretch: float = 0.08
    bent: float = 0.25


@dataclass(frozen=True, slots=True)
class Drawn:
    """A training picture: `clean` and, damaged, `seen` (side x side x 3 BGR uint8), and its faces."""

    clean: NDArray[np.uint8]
    seen: NDArray[np.uint8]
    labels: Labels


class Picture:
    """A scene in memory with its labels and its halved copies, so that shrinking does not alias."""

    def __init__(self, image: NDArray[np.uint8], labels: Labels) -> None:
        self.labels = labels
        self.levels = [image]
        while min(self.levels[-1].shape[:2]) >= 64 and len(self.levels) < 4:
            height, width = self.levels[-1].shape[:2]
            half = cv2.resize(self.levels[-1], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
            self.levels.append(half.astype(np.uint8, copy=False))

    def warp(self, matrix: NDArray[np.float64], size: tuple[int, int], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Return the picture under `matrix` (2 x 3, picture to tile) as a tile of `size` (width, height)."""
        zoom = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
        level = int(np.clip(np.floor(np.log2(1 / max(zoom, 1e-6)) + 0.25), 0, len(self.levels) - 1))
        source = self.levels[level]
        scaled = matrix.copy()
        scaled[:, 0] *= self.levels[0].shape[1] / source.shape[1]
        scaled[:, 1] *= self.levels[0].shape[0] / source.shape[0]
        border = cv2.BORDER_REPLICATE if rng.random() < 0.5 else cv2.BORDER_CONSTANT
        colour = tuple(int(value) for value in rng.integers(0, 256, 3))
        tile = cv2.warpAffine(source, scaled, size, flags=cv2.INTER_LINEAR, borderMode=border, borderValue=colour)
        return tile.astype(np.uint8, copy=False)


@dataclass(frozen=True, slots=True)
class HardPlace:
    """A place where the network errs. box: float32, x1, y1, x2, y2 in pixels of the picture."""

    picture: Picture
    box: NDArray[np.float32]


def move_faces(faces: Faces, matrix: NDArray[np.float64], *, mirrored: bool) -> Faces:
    """Return `faces` under a similarity `matrix` (2 x 3).

    A box becomes the box around the turned ellipse that it held: a box around its turned corners would grow.
    """
    centre = (faces.boxes[:, :2] + faces.boxes[:, 2:]) / 2
    half = (faces.boxes[:, 2:] - faces.boxes[:, :2]) / 2
    linear = matrix[:, :2]
    centre = centre @ linear.T + matrix[:, 2]
    half = np.sqrt(half**2 @ (linear**2).T)
    points = faces.points @ linear.T + matrix[:, 2]
    if mirrored:
        points = points[:, MIRROR_ORDER]
    boxes = np.concatenate([centre - half, centre + half], axis=1)
    return Faces(boxes.astype(np.float32), faces.scores, points.astype(np.float32))


def visible(image: NDArray[np.uint8], boxes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether anything can be made out inside each box (n x 4) of `image` (h x w x 3)."""
    limits = np.tile(np.array(image.shape[1::-1]), 2)
    corners = np.clip(np.stack([np.floor(boxes[:, :2]), np.ceil(boxes[:, 2:])], axis=1).reshape(-1, 4), 0, limits)
    answers = []
    for x1, y1, x2, y2 in corners.astype(int).tolist():
        if x2 <= x1 or y2 <= y1:
            answers.append(False)
            continue
        fields = cv2.resize(image[y1:y2, x1:x2], (8, 8), interpolation=cv2.INTER_AREA)
        answers.append(bool(fields.std(axis=(0, 1)).max() >= _LEAST_CONTRAST))
    return np.array(answers, bool)


def faceless_piece(picture: Picture, rng: np.random.Generator) -> NDArray[np.uint8] | None:
    """A random piece of `picture` (h x w x 3 BGR) that touches no face; None if the piece drawn does."""
    image = picture.levels[0]
    limits = np.array(image.shape[1::-1])
    extent = np.minimum(np.maximum(limits * rng.uniform(*_PIECE, 2), _LEAST_PIECE), limits)
    corner = (limits - extent) * rng.uniform(0, 1, 2)
    box = np.concatenate([corner, corner + extent]).astype(np.float32)
    if overlaps(box[None], picture.labels.faces.boxes).any():
        return None
    x1, y1, x2, y2 = box.astype(int).tolist()
    return image[y1:y2, x1:x2]


def _split(rng: np.random.Generator, side: int) -> list[tuple[int, int, int, int]]:
    """Return tiles (x, y, width, height) that fill a square of `side` pixels."""
    draw = rng.random()
    if draw < 0.25:
        return [(0, 0, side, side)]
    if draw < 0.65:
        x, y = (int(value) for value in rng.integers(round(side * 0.3), round(side * 0.7), 2))
        return [(0, 0, x, y), (x, 0, side - x, y), (0, y, x, side - y), (x, y, side - x, side - y)]
    count = 3 if draw < 0.85 else 5
    edges = [round(side * index / count) for index in range(count + 1)]
    steps = list(itertools.pairwise(edges))
    return [(x0, y0, x1 - x0, y1 - y0) for y0, y1 in steps for x0, x1 in steps]


def _matrix(
    centre: NDArray[np.floating[Any]],
    zoom: float,
    angle: float,
    margin: float,
    size: tuple[int, int],
    rng: np.random.Generator,
    *,
    stretch: float,
) -> tuple[NDArray[np.float64], bool]:
    """The matrix that brings `centre` to a random place of a tile of `size`, and whether it mirrors (half do).

    angle: degrees. margin: how far from the tile's edges the place is at least, as a share of its sides. stretch: as
    in `TileRandomness`.
    """
    mirrored = bool(rng.random() < 0.5)
    cosine, sine = np.cos(np.radians(angle)) * zoom, np.sin(np.radians(angle)) * zoom
    linear = np.array([[cosine, -sine], [sine, cosine]]) @ _stretching(stretch, rng)
    if mirrored:
        linear = linear * np.array([-1, 1])
    target = np.array(size) * rng.uniform(margin, 1 - margin, 2)
    return np.concatenate([linear, (target - linear @ centre)[:, None]], axis=1), mirrored


def _stretching(deviation: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """A random 2 x 2 matrix that draws out along one axis what it presses together across it."""
    drawn_out = np.exp(np.clip(rng.normal(0, deviation), -_LARGEST_STRETCH, _LARGEST_STRETCH))
    angle = rng.uniform(0, np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(turn @ np.diag([drawn_out, 1 / drawn_out]) @ turn.T)


class Composer:
    """Draws training pictures from scenes in memory."""

    def __init__(
        self,
        groups: Sequence[Sequence[Picture]],
        side: int,
        chances: TileRandomness | None = None,
        crops: FaceCrops | None = None,
        things: Sequence[Picture] = (),
    ) -> None:
        """`groups`: pictures by source, each source drawn equally often; `side`: pixels, a multiple of 32.

        `crops`: more faces, laid over some of the faces of the pictures. `things`: pictures without faces.
        """
        self._groups = [group for group in groups if group]
        self._side = side
        self._crops = crops
        self._things = things
        self._chances = chances or TileRandomness()
        self._damage = Damage()
        # Places where the network errs; whoever knows them better may replace them between two pictures.
        self.hard: Sequence[HardPlace] = ()

    def draw(self, rng: np.random.Generator) -> Drawn:
        """Return the next training picture."""
        canvas = np.empty((self._side, self._side, 3), np.uint8)
        parts: list[Labels] = []
        natural = bool(rng.random() < self._chances.natural)
        tiles = [(0, 0, self._side, self._side)] if natural else _split(rng, self._side)
        for x, y, width, height in tiles:
            tile, labels = self._tile((width, height), rng, natural=natural)
            canvas[y : y + height, x : x + width] = tile
            shift = np.array([[1, 0, x], [0, 1, y]], np.float64)
            parts.append(Labels(move_faces(labels.faces, shift, mirrored=False), labels.sure, labels.pointed))
        together = Labels(
            join_faces([part.faces for part in parts]),
            np.concatenate([part.sure for part in parts]),
            np.concatenate([part.pointed for part in parts]),
        )
        if rng.random() >= self._chances.damaged:
            return Drawn(canvas, canvas, together)
        seen = self._damage.apply(canvas, rng)
        left = visible(seen, together.faces.boxes)
        return Drawn(canvas, seen, Labels(together.faces.select(left), together.sure[left], together.pointed[left]))

    def _tile(
        self, size: tuple[int, int], rng: np.random.Generator, *, natural: bool
    ) -> tuple[NDArray[np.uint8], Labels]:
        hard = self.hard
        if hard and rng.random() < self._chances.hard:
            place = hard[int(rng.integers(len(hard)))]
            picture = place.picture
            matrix, mirrored = self._place_hard(place, size, rng)
        else:
            show_thing = bool(self._things) and rng.random() < self._chances.things
            picture = self._things[int(rng.integers(len(self._things)))] if show_thing else self._any_picture(rng)
            matrix, mirrored = self._place(picture, size, rng, natural=natural)
        tile = picture.warp(matrix, size, rng)
        labels = picture.labels
        faces = move_faces(labels.faces, matrix, mirrored=mirrored)
        if rng.random() < self._chances.bent:
            tile, faces = bend(tile, faces, random_field(size, rng))
        if len(faces) == 0:
            return tile, unlabelled()
        extent = faces.boxes[:, 2:] - faces.boxes[:, :2]
        inside = np.clip(faces.boxes, 0, np.tile(np.array(size, np.float32), 2))
        seen = np.prod(inside[:, 2:] - inside[:, :2], axis=1) / np.maximum(np.prod(extent, axis=1), 1e-6)
        near = seen > _GONE_SHARE
        large = box_side(faces.boxes) >= SMALLEST_FACE
        sure = labels.sure & (seen >= _SEEN_SHARE) & large
        result = Labels(faces.select(near), sure[near], labels.pointed[near])
        self._cover(tile, result, rng)
        return tile, result

    def _place(
        self, picture: Picture, size: tuple[int, int], rng: np.random.Generator, *, natural: bool
    ) -> tuple[NDArray[np.float64], bool]:
        """Return the matrix from picture to tile, and whether it mirrors."""
        chances = self._chances
        faces = picture.labels.faces
        height, width = picture.levels[0].shape[:2]
        smaller = min(size)
        sure = np.flatnonzero(picture.labels.sure)
        if len(sure) and rng.random() >= chances.empty:
            box = faces.boxes[sure[int(rng.integers(len(sure)))]]
            centre = (box[:2] + box[2:]) / 2
            face = float(box_side(box))
            low, high = max(11.0, 0.1 * smaller), max(16.0, 0.95 * smaller)
            wanted = np.exp(rng.uniform(np.log(low), np.log(high)))
            if natural:
                wanted = face * np.exp(rng.uniform(np.log(_NATURAL_ZOOM[0]), np.log(_NATURAL_ZOOM[1])))
            least = _LEAST_FILL * smaller / min(width, height)
            zoom = min(max(wanted / face, least), _LARGEST_ZOOM)
            margin = float(np.clip(0.4 * face * zoom / smaller, 0.12, 0.48))
        else:
            margin = 0.5
            centre = rng.uniform(0, 1, 2) * np.array([width, height])
            zoom = smaller / max(width, height) * np.exp(rng.uniform(0, 1.5))
        if natural:
            return _matrix(centre, zoom, rng.normal(0, 4), margin, size, rng, stretch=chances.stretch / 2)
        return _matrix(centre, zoom, self._angle(rng), margin, size, rng, stretch=chances.stretch)

    def _angle(self, rng: np.random.Generator) -> float:
        chances, draw = self._chances, rng.random()
        if draw < chances.sideways:
            return rng.uniform(-180, 180)
        if draw < chances.sideways + chances.turned:
            return rng.uniform(-chances.large_angle, chances.large_angle)
        return float(np.clip(rng.normal(0, chances.small_angle), -40, 40))

    def _any_picture(self, rng: np.random.Generator) -> Picture:
        group = self._groups[int(rng.integers(len(self._groups)))]
        return group[int(rng.integers(len(group)))]

    def _place_hard(
        self, place: HardPlace, size: tuple[int, int], rng: np.random.Generator
    ) -> tuple[NDArray[np.float64], bool]:
        """As `_place`, but near the place's own size, on which it depends whether the network errs there."""
        centre = (place.box[:2] + place.box[2:]) / 2
        own = float(box_side(place.box))
        zoom = np.exp(rng.uniform(*np.log(_HARD_ZOOM)))
        zoom = min(zoom, 0.9 * min(size) / own, _LARGEST_ZOOM)
        margin = float(np.clip(0.5 * own * zoom / min(size), 0.12, 0.48))
        return _matrix(centre, zoom, self._angle(rng), margin, size, rng, stretch=self._chances.stretch)

    def _cover(self, tile: NDArray[np.uint8], labels: Labels, rng: np.random.Generator) -> None:
        for index in range(len(labels.faces)):
            if not labels.sure[index]:
                continue
            if self._crops and labels.pointed[index] and rng.random() < self._chances.replaced:
                self._crops.lay_over(tile, labels.faces.points[index], rng)
            if rng.random() >= self._chances.covered:
                continue
            draw = rng.random()
            if draw < 0.5 and labels.pointed[index]:
                draw_mask(tile, labels.faces.points[index], rng)
            elif draw < 0.7 and labels.pointed[index]:
                draw_glasses(tile, labels.faces.points[index], rng)
            elif draw < 0.8:
                draw_bar(tile, labels.faces.boxes[index], rng)
            else:
                patch = faceless_piece(self._any_picture(rng), rng)
                if patch is not None:
                    lay_patch(tile, labels.faces.boxes[index], patch, rng)
