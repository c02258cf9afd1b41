"""What the blur output means, and blur of known strength.

Definition: a crop whose details are spread like by a Gaussian of sigma pixels (of the 112 px crop, added to
what a sharp picture has) has blur = 1 - exp(-sigma / 2). So 0 is sharp and 1 is nothing but a smear; the
documented limit .7 lies at sigma = 2.4 px, about the resolution of a face 20 pixels wide. Other kinds of
blur count as the Gaussian of the same variance along their worst direction. Noise, darkness and JPEG
artefacts are no blur.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augment.blur import defocus_blur, gaussian_blur, motion_blur
from training.augment.light import sensor_noise

Picture = NDArray[np.uint8]

BLUR_LIMIT: Final = 0.7  # Baidu v3, table of recommended limits: blur < 0.7
_SCALE_PX: Final = 2.0


def blur_of(sigma_px: float) -> float:
    """The blur value of an equivalent Gaussian sigma in pixels."""
    return float(1 - np.exp(-sigma_px / _SCALE_PX))


def sigma_of(blur: float) -> float:
    """The equivalent Gaussian sigma in pixels of a blur value in [0, 1)."""
    return float(-_SCALE_PX * np.log(1 - blur))


def blurred(picture: Picture, sigma_px: float, rng: np.random.Generator) -> Picture:
    """The picture blurred by one kind at random whose equivalent sigma is `sigma_px`."""
    kind = rng.random()
    if kind < 0.25:
        return gaussian_blur(picture, sigma_px=sigma_px)
    if kind < 0.5:  # variance of a disc along any direction: radius^2 / 4
        return defocus_blur(picture, radius_px=2 * sigma_px)
    if kind < 0.75:  # variance of a segment along itself: length^2 / 12
        angle = float(rng.uniform(0, 180))
        return motion_blur(picture, length_px=float(np.sqrt(12) * sigma_px), angle_deg=angle)
    return far_away(picture, sigma_px, rng)


def far_away(picture: Picture, sigma_px: float, rng: np.random.Generator) -> Picture:
    """The picture shrunk and enlarged again, sometimes with the noise that a small picture has.

    Averaging over f pixels (variance f^2 / 12) and linear interpolation between pixels f apart (f^2 / 6)
    give f^2 / 4, less the 1 / 4 of a picture that is not shrunk.
    """
    factor = float(np.sqrt(4 * sigma_px**2 + 1))
    height, width = picture.shape[:2]
    small_size = (max(3, round(width / factor)), max(3, round(height / factor)))
    small = np.asarray(cv2.resize(picture, small_size, interpolation=cv2.INTER_AREA), np.uint8)
    if rng.random() < 0.4:
        small = sensor_noise(small, sigma=float(rng.uniform(1, 12)), rng=rng)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def detail(picture: Picture) -> tuple[float, float]:
    """Two measures of a crop's sharpness: the strength of its finest detail, and its share of all edges.

    The first is the variance of the Laplacian; the second is that variance over the variance of the first
    derivatives, which does not depend on contrast.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
    height, width = grey.shape
    face = grey[int(height * 0.35) : int(height * 0.9), int(width * 0.2) : int(width * 0.8)]
    fine = float(cv2.Laplacian(face, cv2.CV_32F).var())
    coarse = float(cv2.Sobel(face, cv2.CV_32F, 1, 0).var() + cv2.Sobel(face, cv2.CV_32F, 0, 1).var())
    return fine, fine / max(coarse, 1e-3)
