"""What a restored picture is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from edgeface.types import ImageArray
from tests import pictures
from tests.demesh.meshes import Coverage, crossed, laid, lattice, lines

WHITE, PALE, GREY, DARK = (255, 255, 255), (240, 240, 240), (150, 150, 150), (30, 30, 30)
BLUE = (200, 120, 40)


@dataclass(frozen=True)
class Mesh:
    """A mesh and how it is laid: colour (BGR) and opacity."""

    draw: Any
    colour: tuple[int, int, int]
    opacity: float

    def over(self, image: ImageArray) -> tuple[ImageArray, Coverage]:
        coverage = self.draw(image.shape[:2])
        return laid(image, coverage, colour=self.colour, opacity=self.opacity), coverage


MESHES: dict[str, Mesh] = {
    "straight, diagonal, white": Mesh(lambda s: lattice(s, degrees=45, period=16, amplitude=0), WHITE, 0.5),
    "straight, upright, dark": Mesh(lambda s: lattice(s, period=22, width=2, amplitude=0), DARK, 0.4),
    "wavy lattice, white": Mesh(lattice, PALE, 0.6),
    "wavy lattice, faint": Mesh(lambda s: lattice(s, width=1.5), WHITE, 0.25),
    "wavy lattice, tilted, dark": Mesh(
        lambda s: crossed(
            lines(s, period=24, width=2, degrees=30, amplitude=6, wavelength=80),
            lines(s, period=24, width=2, degrees=-30, amplitude=6, wavelength=80),
        ),
        DARK,
        0.5,
    ),
    "wavy lattice, grey": Mesh(lambda s: lattice(s, degrees=12, period=22, width=1.5, amplitude=4), GREY, 0.7),
    "wavy lattice, blue": Mesh(lattice, BLUE, 0.6),
    "wavy lattice, broad lines": Mesh(lambda s: lattice(s, degrees=15, period=32, width=3.4, amplitude=7), PALE, 0.6),
    "wavy lines, opaque": Mesh(
        lambda s: lines(s, period=16, width=2, degrees=8, amplitude=7, wavelength=90), PALE, 1.0
    ),
    "drifting lattice": Mesh(lambda s: lattice(s, degrees=10, drift=8), PALE, 0.6),
}


def portraits() -> dict[str, ImageArray]:
    """Head and shoulders, in the size of a printed identity photograph (about 360 pixels)."""
    return {
        "astronaut": np.ascontiguousarray(pictures.astronaut()[:380, 60:380]),
        "hopper": pictures.resized(pictures.hopper(), 0.62),
    }


def psnr(image: ImageArray, clean: ImageArray, where: Any = ...) -> float:
    """Decibels; ``where``: a mask of pixels."""
    error = float(((image[where].astype(float) - clean[where]) ** 2).mean())
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def ssim(image: ImageArray, clean: ImageArray, where: Any = ...) -> float:
    """Structural similarity, the mean over a mask of pixels."""
    metrics = pytest.importorskip("skimage.metrics")
    _, every = metrics.structural_similarity(clean, image, channel_axis=2, full=True)
    return float(every[where].mean())
