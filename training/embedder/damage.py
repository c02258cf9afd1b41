"""What the student sees of a picture whose clean template it must give: moved, relit, blurred, covered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.augment.blur import random_blur
from training.augment.geometry import TEMPLATE_112, Jitter, jittered_crop
from training.augment.light import low_light, random_light, sensor_noise
from training.augment.occluders import lay_over, random_occluder

SIDE = 112


@dataclass(frozen=True, slots=True)
class Damage:
    """How often and how far pictures are damaged; shares are in [0, 1].

    clean_share: of all pictures, those that are only moved. The other shares are of the rest.
    """

    jitter: Jitter
    clean_share: float
    light_share: float
    occluder_share: float
    noise_share: float
    low_light_share: float


def damage_from(settings: dict[str, Any]) -> Damage:
    """The `[damage]` table of the configuration."""
    table = settings["damage"]
    jitter = Jitter(
        rotation_deg=float(table["rotation_deg"]),
        scale=float(table["scale"]),
        shift_px=float(table["shift_px"]),
        mirror_share=float(table["mirror_share"]),
    )
    return Damage(
        jitter=jitter,
        clean_share=float(table["clean_share"]),
        light_share=float(table["light_share"]),
        occluder_share=float(table["occluder_share"]),
        noise_share=float(table["noise_share"]),
        low_light_share=float(table["low_light_share"]),
    )


def damaged(canvas: NDArray[np.uint8], damage: Damage, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A 112x112x3 student's crop from a 128x128x3 canvas.

    The mirror image keeps the picture's target: over many passes the student learns the mean of the
    templates of both sides, which verifies better than either.
    """
    crop = jittered_crop(canvas, size=SIDE, jitter=damage.jitter, rng=rng)
    if rng.random() < damage.clean_share:
        return crop
    if rng.random() < damage.occluder_share:
        points = TEMPLATE_112 + rng.normal(0.0, 1.0, TEMPLATE_112.shape)
        crop = lay_over(crop, random_occluder((SIDE, SIDE), points, rng))
    if rng.random() < damage.light_share:
        crop = random_light(crop, rng)
    if rng.random() < damage.low_light_share:
        crop = low_light(
            crop,
            exposure_share=float(np.exp(rng.uniform(np.log(0.03), 0.0))),
            full_well=float(np.exp(rng.uniform(np.log(300.0), np.log(4000.0)))),
            rng=rng,
        )
    crop = random_blur(crop, rng)
    if rng.random() < damage.noise_share:
        crop = sensor_noise(crop, sigma=float(rng.uniform(2, 12)), rng=rng)
    return crop


def as_input(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The network's input Nx3x112x112 from Nx112x112x3 uint8 BGR."""
    values = (crops.astype(np.float32) - np.float32(127.5)) / np.float32(128)
    return np.ascontiguousarray(values.transpose(0, 3, 1, 2))
