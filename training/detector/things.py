"""Pictures of things that are no faces: round, pebbly, cloudy, striped and symmetrical ones.

Scenes of people hold few textures and few round objects, and a network that never saw any takes gravel, a plate or
the moon for a face. None of these is drawn with eyes and a mouth in a face's places.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augment.surfaces import Picture as Image
from training.augment.surfaces import any_colour, texture
from training.detector.mosaic import Picture, faceless_piece
from training.detector.scenes import unlabelled

SIDE = 320  # pixels of the square pictures
_TRIALS = 20  # pieces drawn until one shows no face
_SMALLEST_PIECE = 16  # pixels of its shorter side: below, enlarging leaves nothing but a smear
_PIECES_SHARE = 0.35  # of the pictures are pieces of scenes that show no face; the others are drawn


def draw_things(count: int, scenes: Sequence[Picture], rng: np.random.Generator) -> list[Picture]:
    """Draw `count` pictures without faces, some of them from pieces of `scenes`."""
    found = []
    for _ in range(count):
        piece = symmetrical_piece(scenes, rng) if scenes and rng.random() < _PIECES_SHARE else None
        image = KINDS[int(rng.integers(len(KINDS)))](rng) if piece is None else piece
        found.append(Picture(finished(image, rng), unlabelled()))
    return found


def pebbles(rng: np.random.Generator) -> Image:
    """Round bodies packed or strewn, shaded from one side: gravel, coins, berries, cells."""
    ground = any_colour(rng) * rng.uniform(0.1, 1.0)
    image = texture((SIDE, SIDE), ground, rng, patterned=False)
    typical, spread = np.exp(rng.uniform(np.log(5), np.log(45))), rng.uniform(0.05, 0.6)
    colour, variety = any_colour(rng), rng.uniform(3, 45)
    light, fill = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 2.5)
    for _ in range(min(900, int(fill * SIDE**2 / (np.pi * typical**2)))):
        radius = max(2.0, typical * np.exp(rng.normal(0, spread)))
        _body(image, rng.uniform(0, SIDE, 2), radius, colour + rng.normal(0, variety, 3), light, rng)
    return image


def _body(
    image: Image,
    centre: NDArray[np.float64],
    radius: float,
    colour: NDArray[np.float64],
    light: float,
    rng: np.random.Generator,
) -> None:
    """One shaded ellipse with an edge, in place."""
    axes = np.array([radius, radius * rng.uniform(0.55, 1.0)])
    angle = rng.uniform(0, 180)
    toward = np.array([np.cos(light), np.sin(light)]) * radius
    edge = np.clip(colour * rng.uniform(0.2, 0.8), 0, 255).tolist()
    _fill(image, centre, axes, angle, edge)
    for step in np.linspace(0.92, 0.3, 4):
        shade = np.clip(colour * (1.25 - 0.45 * step), 0, 255).tolist()
        _fill(image, centre + toward * 0.3 * (0.92 - step), axes * step, angle, shade)


def _fill(
    image: Image, centre: NDArray[np.float64], axes: NDArray[np.float64], angle: float, colour: list[float]
) -> None:
    at, sizes = np.round(centre).astype(int).tolist(), np.maximum(np.round(axes), 1).astype(int).tolist()
    cv2.ellipse(image, at, sizes, angle, 0, 360, colour, -1, cv2.LINE_AA)


def round_thing(rng: np.random.Generator) -> Image:
    """One to three large discs with rings, rays and spots: plates, cups, clocks, lamps, the moon."""
    image = texture((SIDE, SIDE), any_colour(rng), rng)
    for _ in range(int(rng.integers(1, 4))):
        centre, radius = rng.uniform(0.2, 0.8, 2) * SIDE, rng.uniform(0.12, 0.45) * SIDE
        axes, angle = np.array([radius, radius * rng.uniform(0.5, 1.0)]), rng.uniform(0, 180)
        _fill(image, centre, axes * rng.uniform(1.0, 1.12), angle, np.clip(any_colour(rng), 0, 255).tolist())
        surface = texture((SIDE, SIDE), any_colour(rng), rng, patterned=bool(rng.random() < 0.3))
        inside = np.zeros((SIDE, SIDE, 3), np.uint8)
        _fill(inside, centre, axes, angle, [1, 1, 1])
        np.copyto(image, surface, where=inside > 0)
        for _ in range(int(rng.integers(0, 4))):
            ring = np.maximum(np.round(axes * rng.uniform(0.1, 0.98)), 1).astype(int).tolist()
            at = np.round(centre + rng.normal(0, 0.06, 2) * radius).astype(int).tolist()
            colour = np.clip(any_colour(rng), 0, 255).tolist()
            cv2.ellipse(image, at, ring, angle, 0, 360, colour, int(rng.integers(1, 6)), cv2.LINE_AA)
        if rng.random() < 0.4:
            _rays(image, centre, radius, rng)
        # One spot or many: two or three could stand like eyes and a mouth.
        for _ in range(int(rng.choice([0, 1, 8, 20]))):
            place = centre + rng.uniform(-0.7, 0.7, 2) * axes
            spot = np.exp(rng.uniform(np.log(0.02), np.log(0.2))) * radius
            _body(image, place, spot, any_colour(rng), rng.uniform(0, 2 * np.pi), rng)
    return image


def _rays(image: Image, centre: NDArray[np.float64], radius: float, rng: np.random.Generator) -> None:
    """Lines from near the centre outwards, straight or bent: spokes, hands of a clock, vessels, a handle."""
    colour, width = np.clip(any_colour(rng), 0, 255).tolist(), int(rng.integers(1, 6))
    for start in rng.uniform(0, 2 * np.pi, int(rng.integers(1, 16))):
        reach, bend = np.linspace(0, rng.uniform(0.4, 1.3), 12), rng.normal(0, 0.8)
        angles = start + bend * reach
        line = centre + radius * reach[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        cv2.polylines(image, [np.round(line).astype(np.int32)], False, colour, width, cv2.LINE_AA)


def clouds(rng: np.random.Generator) -> Image:
    """Noise of some roughness in one or several colours: walls, leaves, fur, sky, soil."""
    steepness, across = rng.uniform(0.4, 1.8), np.fft.fftfreq(SIDE)
    frequency = np.maximum(np.hypot(across[:, None] * rng.uniform(0.4, 1.0), across[None]), 1 / SIDE)
    noise = np.fft.ifft2(np.fft.fft2(rng.standard_normal((3, SIDE, SIDE))) / frequency**steepness).real
    noise /= noise.std(axis=(1, 2), keepdims=True)
    shared = rng.uniform(0.3, 1.0)  # how far the colours go together
    mixed = shared * noise[:1] + (1 - shared) * noise
    surface = any_colour(rng) + rng.uniform(8, 60) * mixed.transpose(1, 2, 0)
    return np.clip(surface, 0, 255).astype(np.uint8)


def lights(rng: np.random.Generator) -> Image:
    """Soft bright spots in the dark, or dark ones on a bright ground: stars, lamps, stains."""
    field = np.zeros((SIDE, SIDE, 3), np.float32)
    largest = np.exp(rng.uniform(np.log(4), np.log(90)))
    for _ in range(int(np.exp(rng.uniform(np.log(3), np.log(300))))):
        x, y = rng.uniform(0, SIDE, 2)
        radius, colour = np.exp(rng.uniform(0, np.log(largest))), rng.uniform(0.3, 1.0, 3)
        spot = np.zeros((SIDE, SIDE), np.uint8)
        axes = np.array([radius, radius * rng.uniform(0.3, 1.0)])
        _fill(spot, np.array([x, y]), axes, rng.uniform(0, 180), [255])
        field = np.maximum(field, spot[..., None] / np.float32(255) * colour.astype(np.float32))
    field = cv2.GaussianBlur(field, (0, 0), rng.uniform(0.6, 4)).astype(np.float32, copy=False)
    dark, bright = rng.uniform(0, 50, 3), rng.uniform(120, 255)
    image = np.clip(dark + field * bright, 0, 255).astype(np.uint8)
    return image if rng.random() < 0.7 else np.asarray(255 - image, np.uint8)


def bars(rng: np.random.Generator) -> Image:
    """Rectangles, beams and rows of strokes: shelves, windows, tools, cars, print."""
    image = texture((SIDE, SIDE), any_colour(rng), rng)
    angle, rows = rng.normal(0, 0.3), rng.random() < 0.4
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    for _ in range(int(rng.integers(10, 60))):
        size = np.exp(rng.uniform(np.log(3), np.log(20 if rows else 120), 2))
        place = rng.uniform(0, SIDE, 2)
        if rows:
            place[1] = np.round(place[1] / 24) * 24
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * size / 2 @ turn.T + place
        cv2.fillPoly(image, [np.round(corners).astype(np.int32)], np.clip(any_colour(rng), 0, 255).tolist())
    return image


KINDS: tuple[Callable[[np.random.Generator], Image], ...] = (
    pebbles,
    pebbles,
    round_thing,
    round_thing,
    clouds,
    lights,
    bars,
)


def symmetrical_piece(scenes: Sequence[Picture], rng: np.random.Generator) -> Image | None:
    """A piece of a scene that shows no face, enlarged, often with its own mirror image as its other half."""
    for _ in range(_TRIALS):
        piece = faceless_piece(scenes[int(rng.integers(len(scenes)))], rng)
        if piece is None or min(piece.shape[:2]) < _SMALLEST_PIECE:
            continue
        if rng.random() < 0.7:
            piece = np.concatenate([piece, piece[:, ::-1]], axis=1)
        return cv2.resize(piece, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
    return None


def finished(image: Image, rng: np.random.Generator) -> Image:
    """The picture as a camera may have seen it: often grey, mostly a little out of focus."""
    if rng.random() < 0.3:
        image = np.repeat(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2).astype(np.uint8, copy=False)
    if rng.random() < 0.8:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 2.0)).astype(np.uint8, copy=False)
    return image
