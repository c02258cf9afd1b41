"""Things in front of a face, drawn by ourselves: masks, glasses, hands, hair, scarves, phones, frames, spots.

An occluder is placed by the face's five points (left eye, right eye, nose tip, left and right mouth corner;
"left" = smaller x), so it fits any crop and any alignment. Because we draw it we know exactly which pixels
it covers: that is the label the quality model learns from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augment.surfaces import (
    Picture,
    Points,
    any_colour,
    bezier,
    ellipse,
    face_frame,
    filled,
    skin_colour,
    smooth_outline,
    texture,
)


@dataclass(frozen=True, slots=True)
class Occluder:
    """A texture and how much of it is seen.

    texture: HxWx3 uint8 BGR. alpha: HxW float32 in [0, 1]; 1 hides the face, 0 leaves it.
    kind: name of the function that drew it.
    """

    texture: Picture
    alpha: NDArray[np.float32]
    kind: str


def face_mask(shape: tuple[int, int], points: Points, rng: np.random.Generator) -> Occluder:
    """A mask over nose, mouth and chin: surgical, cloth or respirator; sometimes worn below the nose."""
    frame = face_frame(points)
    top = rng.uniform(0.75, 0.95) if rng.random() < 0.2 else rng.uniform(0.15, 0.55)
    nose = np.asarray(points[2] - frame.origin)
    lean = float(np.dot(nose, frame.across)) / max(frame.unit**2, 1e-6)  # turned faces: follow the nose
    side, chin = rng.uniform(0.85, 1.1), rng.uniform(1.6, 2.0)
    corners = frame.at(
        [
            (-side + lean * 0.3, top + rng.uniform(0.1, 0.35)),
            (-0.35 + lean, top + 0.08),
            (lean, top - rng.uniform(0.0, 0.1)),
            (0.35 + lean, top + 0.08),
            (side + lean * 0.3, top + rng.uniform(0.1, 0.35)),
            (0.75 * side, chin - 0.4),
            (lean * 0.5, chin),
            (-0.75 * side, chin - 0.4),
        ]
    )
    corners += rng.normal(0, 0.02 * frame.unit, corners.shape)
    colour = (
        np.array([rng.uniform(190, 250), rng.uniform(190, 240), rng.uniform(150, 235)])
        if rng.random() < 0.5
        else any_colour(rng)
    )
    surface = texture(shape, colour, rng)
    if rng.random() < 0.5:  # pleats
        for place in np.linspace(top + 0.45, chin - 0.35, int(rng.integers(2, 5))):
            ends = np.round(frame.at([(-0.75, place), (0.75, place)])).astype(int)
            cv2.line(surface, ends[0].tolist(), ends[1].tolist(), (colour * 0.85).tolist(), 1, cv2.LINE_AA)
    return Occluder(surface, filled(shape, [smooth_outline(corners)], soft_px=0.5), "face_mask")


def sunglasses(shape: tuple[int, int], points: Points, rng: np.random.Generator) -> Occluder:
    """Dark or mirrored lenses over both eyes, with bridge and temples."""
    frame = face_frame(points)
    along = frame.across * rng.uniform(0.34, 0.46)
    beside = frame.down * rng.uniform(0.24, 0.36)
    drop = frame.down * rng.uniform(-0.05, 0.08)
    square = rng.uniform(2.0, 4.5)
    lenses = [ellipse(eye + drop, along, beside, squareness=square) for eye in (points[0], points[1])]
    alpha = filled(shape, lenses, soft_px=0.4) * np.float32(rng.uniform(0.8, 1.0))
    thickness = max(1, round(frame.unit * 0.07))
    rims = np.zeros(shape, np.uint8)
    bridge = np.round(frame.at([(-0.15, -0.05), (0.15, -0.05)])).astype(int)
    left = np.round(frame.at([(-0.9, -0.05), (-1.35, -0.1)])).astype(int)
    right = np.round(frame.at([(0.9, -0.05), (1.35, -0.1)])).astype(int)
    for ends in (bridge, left, right):
        cv2.line(rims, ends[0].tolist(), ends[1].tolist(), 255, thickness, cv2.LINE_AA)
    alpha = np.maximum(alpha, rims.astype(np.float32) / np.float32(255))
    colour = np.full(3, rng.uniform(0, 60)) if rng.random() < 0.75 else any_colour(rng)
    return Occluder(texture(shape, colour, rng), alpha, "sunglasses")


def glasses(shape: tuple[int, int], points: Points, rng: np.random.Generator) -> Occluder:
    """Spectacles: rims, bridge and temples; the lenses stay clear, sometimes with a faint reflection."""
    frame = face_frame(points)
    along = frame.across * rng.uniform(0.32, 0.44)
    beside = frame.down * rng.uniform(0.2, 0.34)
    drop = frame.down * rng.uniform(-0.03, 0.08)
    square = rng.uniform(2.0, 4.5)
    thickness = max(1, round(frame.unit * rng.uniform(0.02, 0.09)))
    alpha = np.zeros(shape, np.uint8)
    lenses = [ellipse(eye + drop, along, beside, squareness=square) for eye in (points[0], points[1])]
    for lens in lenses:
        outline = [np.round(lens * 16).astype(np.int32)]
        cv2.polylines(alpha, outline, True, 255, thickness, cv2.LINE_AA, shift=4)
    for places in (
        [(-0.14, -0.02), (0.14, -0.02)],
        [(-0.88, -0.05), (-1.35, -0.1)],
        [(0.88, -0.05), (1.35, -0.1)],
    ):
        ends = np.round(frame.at(places)).astype(int)
        cv2.line(alpha, ends[0].tolist(), ends[1].tolist(), 255, thickness, cv2.LINE_AA)
    seen = alpha.astype(np.float32) / np.float32(255)
    surface = texture(shape, any_colour(rng) * rng.uniform(0.1, 1.0), rng)
    if rng.random() < 0.3:  # a window or a lamp in the lenses
        shine = filled(shape, lenses, soft_px=2.0) * np.float32(rng.uniform(0.05, 0.35))
        surface = np.where((seen > 0.5)[..., None], surface, np.uint8(235)).astype(np.uint8)
        seen = np.maximum(seen, shine)
    return Occluder(surface, seen, "glasses")


def hand(shape: tuple[int, int], points: Points, rng: np.random.Generator) -> Occluder:
    """A hand held before some part of the face: a palm and three to five fingers of a skin colour."""
    frame = face_frame(points)
    centre = frame.at([(rng.uniform(-0.9, 0.9), rng.uniform(-0.3, 1.7))])[0]
    turn = rng.uniform(0, 2 * np.pi)
    forward = np.array([np.cos(turn), np.sin(turn)]) * frame.unit
    aside = np.array([-forward[1], forward[0]])
    size = rng.uniform(0.7, 1.2)
    colour = skin_colour(rng)
    surface = texture(shape, colour, rng, patterned=False)
    outlines = [ellipse(centre - forward * 0.55 * size, forward * 0.55 * size, aside * 0.5 * size, squareness=3)]
    count = int(rng.integers(3, 6))
    for place in np.linspace(-0.42, 0.42, count):
        spread = rng.uniform(0.0, 0.25)
        reach = forward + aside * place * spread
        middle = centre + aside * place * size + reach * 0.4 * size
        outlines.append(ellipse(middle, reach * rng.uniform(0.4, 0.6) * size, aside * 0.11 * size))
        edge = np.round((middle + aside * 0.11 * size) * 16).astype(int)
        tip = np.round((middle + aside * 0.11 * size + reach * 0.4 * size) * 16).astype(int)
        cv2.line(surface, edge.tolist(), tip.tolist(), (colour * 0.7).tolist(), 1, cv2.LINE_AA, shift=4)
    return Occluder(surface, filled(shape, outlines, soft_px=0.5), "hand")


def hair(shape: tuple[int, int], points: Points, rng: np.random.Generator) -> Occluder:
    """Locks of hair falling from above over the forehead, an eye or a cheek."""
    frame = face_frame(points)
    alpha = np.zeros(shape, np.uint8)
    surface = texture(shape, np.zeros(3) + 20, rng)
    base = np.array([20.0, 30.0, 45.0]) * rng.uniform(0.2, 4.0)
    start = rng.uniform(-1.1, 1.1)
    for _ in range(int(rng.integers(25, 90))):
        x = start + rng.normal(0, 0.25)
        end = x + rng.normal(-0.2 * np.sign(start), 0.25)
        length = rng.uniform(0.4, 2.2)
        bend = rng.normal(0, 0.15)
        strand = frame.at([(x, -1.6), ((x + end) / 2 + bend, -1.2 + length / 2), (end, -1.2 + length)])
        line = [np.round(bezier(strand) * 16).astype(np.int32)]
        width = int(rng.integers(1, 4))
        cv2.polylines(alpha, line, False, 255, width, cv2.LINE_AA, shift=4)
        cv2.polylines(surface, line, False, (base * rng.uniform(0.6, 1.4)).tolist(), width, cv2.LINE_AA, shift=4)
    return Occluder(surface, alpha.astype(np.float32) / np.float32(255), "hair")


def scarf(shape: tuple[int, int], points: Points, rng: np.random.Generator) -> Occluder:
    """Cloth around the lower face, up to mouth or nose, out to both edges of the picture."""
    frame = face_frame(points)
    top, tilt = rng.uniform(0.5, 1.5), rng.uniform(-0.25, 0.25)
    corners = frame.at(
        [
            (-3.0, top - tilt),
            (-0.6, top - tilt * 0.3 + rng.normal(0, 0.1)),
            (0.6, top + rng.normal(0, 0.1)),
            (3.0, top + tilt),
            (3.0, 4.0),
            (-3.0, 4.0),
        ]
    )
    return Occluder(texture(shape, any_colour(rng), rng), filled(shape, [corners], soft_px=0.6), "scarf")


def phone(shape: tuple[int, int], points: Points, rng: np.random.Generator) -> Occluder:
    """A rigid slab (phone, card, sheet of paper, cup) anywhere on the face, at any angle."""
    frame = face_frame(points)
    centre = frame.at([(rng.uniform(-1.0, 1.0), rng.uniform(-0.5, 1.8))])[0]
    turn = rng.uniform(0, np.pi)
    along = np.array([np.cos(turn), np.sin(turn)]) * frame.unit * rng.uniform(0.25, 0.9)
    beside = np.array([-np.sin(turn), np.cos(turn)]) * frame.unit * rng.uniform(0.2, 0.5)
    corners = np.array([centre + along + beside, centre + along - beside, centre - along - beside])
    corners = np.concatenate([corners, [centre - along + beside]])
    surface = texture(shape, any_colour(rng), rng)
    inner = centre + (corners - centre) * rng.uniform(0.75, 0.95)
    if rng.random() < 0.5:
        cv2.fillPoly(surface, [np.round(inner).astype(np.int32)], any_colour(rng).tolist(), cv2.LINE_AA)
    return Occluder(surface, filled(shape, [corners], soft_px=0.4), "phone")


def picture_frame(shape: tuple[int, int], points: Points, rng: np.random.Generator) -> Occluder:
    """The face cut off by a straight edge from one side: a door, a pillar, the border of the picture."""
    frame = face_frame(points)
    turn = rng.choice([0.0, np.pi / 2, np.pi, 1.5 * np.pi]) + rng.normal(0, 0.15)
    outward = np.array([np.cos(turn), np.sin(turn)]) * frame.unit
    aside = np.array([-outward[1], outward[0]])
    middle = frame.at([(0.0, 0.55)])[0] + outward * rng.uniform(0.1, 1.3)
    corners = np.array([middle + aside * 4, middle + outward * 5 + aside * 4, middle + outward * 5 - aside * 4])
    corners = np.concatenate([corners, [middle - aside * 4]])
    surface = texture(shape, any_colour(rng), rng) if rng.random() < 0.7 else np.zeros((*shape, 3), np.uint8)
    return Occluder(surface, filled(shape, [corners], soft_px=0.3), "picture_frame")


def spot(shape: tuple[int, int], points: Points, rng: np.random.Generator) -> Occluder:
    """A smooth closed shape of any colour anywhere on the face."""
    frame = face_frame(points)
    centre = frame.at([(rng.uniform(-1.0, 1.0), rng.uniform(-0.7, 1.8))])[0]
    count = int(rng.integers(4, 9))
    angle = np.sort(rng.uniform(0, 2 * np.pi, count))
    radius = frame.unit * rng.uniform(0.15, 0.75) * rng.uniform(0.6, 1.3, count)
    corners = centre + np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius[:, None]
    soft = float(rng.uniform(0.3, 2.0))
    return Occluder(
        texture(shape, any_colour(rng), rng), filled(shape, [smooth_outline(corners)], soft_px=soft), "spot"
    )


Draw = Callable[[tuple[int, int], Points, np.random.Generator], Occluder]

# How often each kind is drawn by random_occluder; masks and glasses are what doors and kiosks meet most.
SHARES: tuple[tuple[Draw, float], ...] = (
    (face_mask, 0.3),
    (sunglasses, 0.14),
    (glasses, 0.14),
    (hand, 0.1),
    (hair, 0.08),
    (scarf, 0.06),
    (phone, 0.06),
    (picture_frame, 0.06),
    (spot, 0.06),
)


def random_occluder(shape: tuple[int, int], points: Points, rng: np.random.Generator) -> Occluder:
    """Draw one occluder of a random kind. shape: (height, width). points: 5x2 pixels."""
    weights = np.array([share for _, share in SHARES])
    draw = SHARES[int(rng.choice(len(SHARES), p=weights / weights.sum()))][0]
    return draw(shape, points, rng)


def lay_over(picture: Picture, occluder: Occluder) -> Picture:
    """The picture with the occluder in front. Both must have the same height and width."""
    alpha = occluder.alpha[..., None]
    mixed = picture.astype(np.float32) * (1 - alpha) + occluder.texture.astype(np.float32) * alpha
    return np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
