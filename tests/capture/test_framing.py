from __future__ import annotations

import numpy as np
import pytest

from edgeface.capture.framing import Framing
from edgeface.capture.source import RawFrame
from edgeface.config import CameraConfig
from edgeface.types import ImageArray


def cornered(width: int, height: int) -> ImageArray:
    """Dark, with its upper left quarter bright."""
    image = np.zeros((height, width, 3), np.uint8)
    image[: height // 2, : width // 2] = 255
    return image


def bright_corner(image: ImageArray) -> str:
    height, width = image.shape[:2]
    quarters = {
        "upper left": image[: height // 2, : width // 2],
        "upper right": image[: height // 2, width // 2 :],
        "lower left": image[height // 2 :, : width // 2],
        "lower right": image[height // 2 :, width // 2 :],
    }
    return max(quarters, key=lambda name: float(quarters[name].mean()))


@pytest.mark.parametrize(
    ("rotate", "corner"), [(0, "upper left"), (90, "upper right"), (180, "lower right"), (270, "lower left")]
)
@pytest.mark.parametrize("hardware_small", [False, True])
@pytest.mark.parametrize("mirror", [False, True])
def test_both_pictures_are_turned_once_and_never_mirrored(
    rotate: int, mirror: bool, corner: str, hardware_small: bool
) -> None:
    config = CameraConfig.model_validate(
        {"width": 640, "height": 480, "detect_width": 160, "rotate": rotate, "mirror": mirror}
    )
    small = cornered(160, 120) if hardware_small else None
    image, shrunk = Framing.of(config).apply(RawFrame(cornered(640, 480), small))
    assert bright_corner(image) == corner
    assert bright_corner(shrunk) == corner
    turned = rotate in (90, 270)
    assert image.shape[:2] == ((640, 480) if turned else (480, 640))
    assert shrunk.shape[:2] == ((160, 120) if turned else (120, 160))


@pytest.mark.parametrize("size", [(4000, 3000), (3000, 4000), (1281, 721), (1999, 17), (641, 480)])
def test_nothing_is_larger_than_the_ring_has_room_for(size: tuple[int, int]) -> None:
    framing = Framing.of(CameraConfig(width=640, height=480, detect_width=300))
    image, small = framing.apply(RawFrame(np.zeros((size[1], size[0], 3), np.uint8)))
    assert image.nbytes <= framing.image_bytes
    assert small.nbytes <= framing.small_bytes
    assert max(small.shape[:2]) <= 300
    assert image.shape[1] / image.shape[0] == pytest.approx(size[0] / size[1], rel=0.15)


def test_a_small_picture_is_left_as_it_is() -> None:
    raw = RawFrame(cornered(320, 240))
    image, small = Framing.of(CameraConfig(detect_width=320)).apply(raw)
    assert image is raw.image
    assert small is image
