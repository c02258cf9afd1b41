"""Measures that need no model, against values that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgeface.quality.measures import completeness, illumination, interocular_distance
from edgeface.types import BoundingBox

POINTS = np.array([[40, 40], [60, 40], [50, 55], [42, 65], [58, 65]], np.float32)


@pytest.mark.parametrize(
    ("colour", "luma"),
    [((0, 0, 0), 0.0), ((255, 255, 255), 255.0), ((255, 0, 0), 29.07), ((0, 255, 0), 149.69), ((0, 0, 255), 76.25)],
)
def test_illumination_is_bt601_luma(colour: tuple[int, int, int], luma: float) -> None:
    image = np.full((100, 100, 3), colour, np.uint8)
    assert illumination(image, BoundingBox(10, 10, 50, 50)) == pytest.approx(luma, abs=0.05)


def test_illumination_sees_only_the_face() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    image[20:60, 30:70] = 200
    assert illumination(image, BoundingBox(30, 20, 40, 40)) == pytest.approx(200.0)
    assert illumination(image, BoundingBox(30, 0, 40, 40)) == pytest.approx(100.0)


def test_illumination_of_a_box_that_leaves_the_picture() -> None:
    image = np.full((100, 100, 3), 90, np.uint8)
    assert illumination(image, BoundingBox(-50, -50, 100, 100)) == pytest.approx(90.0)
    assert illumination(image, BoundingBox(200, 200, 10, 10)) == 0.0


@pytest.mark.parametrize(
    ("box", "whole"),
    [
        (BoundingBox(30, 20, 40, 60), 1),
        (BoundingBox(-1, 20, 40, 60), 1),  # within the detector's own uncertainty
        (BoundingBox(-10, 20, 60, 60), 0),
        (BoundingBox(30, -8, 40, 60), 0),
        (BoundingBox(70, 20, 40, 60), 0),
        (BoundingBox(30, 70, 40, 60), 0),
    ],
)
def test_completeness_by_the_box(box: BoundingBox, whole: int) -> None:
    assert completeness(box, POINTS, 100, 100) == whole


@pytest.mark.parametrize("shift", [(-45, 0), (45, 0), (0, -45), (0, 40)])
def test_completeness_by_the_points(shift: tuple[int, int]) -> None:
    assert completeness(BoundingBox(30, 20, 40, 60), POINTS + np.float32(shift), 100, 100) == 0


def test_interocular_distance() -> None:
    assert interocular_distance(np.array([[10, 10], [40, 50]], np.float32)) == pytest.approx(50.0)
