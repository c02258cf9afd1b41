"""Alignment, turns and the coarse pose: what they promise holds for any face."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeface import geometry
from tests.pictures import astronaut

TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)


@settings(max_examples=60, deadline=None)
@given(
    angle=st.floats(-180, 180),
    scale=st.floats(0.05, 20),
    x=st.floats(-500, 5000),
    y=st.floats(-500, 5000),
)
def test_similarity_finds_any_turn_scale_and_shift(angle: float, scale: float, x: float, y: float) -> None:
    radians = math.radians(angle)
    linear = scale * np.array([[math.cos(radians), -math.sin(radians)], [math.sin(radians), math.cos(radians)]])
    points = TEMPLATE @ linear.T + (x, y)
    matrix = geometry.similarity(points, TEMPLATE)
    assert np.allclose(geometry.transform_points(matrix, points), TEMPLATE, atol=1e-2)
    assert abs((geometry.turn_of(matrix) - angle + 180) % 360 - 180) < 1e-6


def test_similarity_is_the_least_squares_fit() -> None:
    rng = np.random.default_rng(3)
    points = TEMPLATE * 2 + rng.normal(0, 3, TEMPLATE.shape)
    matrix = geometry.similarity(points, TEMPLATE)
    error = np.square(geometry.transform_points(matrix, points) - TEMPLATE).sum()
    for change in rng.normal(0, 0.02, (50, 4)):
        a, b = matrix[0, 0] + change[0], matrix[1, 0] + change[1]
        other = np.array([[a, -b, matrix[0, 2] + change[2]], [b, a, matrix[1, 2] + change[3]]])
        assert np.square(geometry.transform_points(other, points) - TEMPLATE).sum() >= error


def aligned(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The 112 x 112 crop in which the points lie best on the template."""
    return geometry.warp(image, geometry.similarity(points, TEMPLATE), 112)


def test_coinciding_points_do_not_break_alignment() -> None:
    matrix = geometry.similarity(np.full((5, 2), 7.0), TEMPLATE)
    assert np.isfinite(matrix).all()


@pytest.mark.parametrize("factor", [1.0, 3.0, 8.0])
def test_a_large_face_is_shrunk_without_aliasing(factor: float) -> None:
    # A fine checkerboard is grey from afar; sampling single pixels would show black and white.
    board = np.indices((900, 900)).sum(axis=0) % 2 * 255
    image = np.repeat(board[..., None], 3, axis=2).astype(np.uint8)
    crop = aligned(image, TEMPLATE * factor + 1.3)
    inside = crop[10:-10, 10:-10].astype(float)
    if factor > 1.0:
        assert inside.std() < 40.0
    assert abs(inside.mean() - 127) < 6.0


@pytest.mark.parametrize("scale", [2.0, 2.9, 4.0])
def test_shrinking_first_does_not_move_the_crop(scale: float) -> None:
    points = np.array([[205.0, 110], [249, 112], [226, 138], [208, 158], [245, 160]])
    picture = cv2.GaussianBlur(astronaut(), (0, 0), 2)
    small = aligned(picture, points)
    large = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    scaled = aligned(large, (points + 0.5) * scale - 0.5)
    assert np.abs(small.astype(int) - scaled.astype(int)).mean() < 1.0


@pytest.mark.parametrize("turns", range(-1, 5))
def test_points_come_back_from_a_turned_picture(turns: int) -> None:
    image = np.zeros((60, 100, 3), np.uint8)
    image[17, 80] = 255
    turned = geometry.rotate_right_angle(image, turns)
    y, x = np.argwhere(turned[..., 0] == 255)[0]
    back = geometry.rotate_points_back(np.array([[x + 0.5, y + 0.5]]), turns, 100, 60)
    assert np.allclose(back, [[80.5, 17.5]])


def test_iou() -> None:
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]], np.float32)
    assert np.allclose(geometry.iou(boxes, boxes), [[1, 1 / 3, 0], [1 / 3, 1, 0], [0, 0, 1]], atol=1e-6)


@pytest.mark.parametrize("angle", [-170, -90, -20, 0, 35, 90, 180])
def test_rotation_is_clockwise_positive(angle: float) -> None:
    # Picture coordinates have y down: a clockwise turn takes +x towards +y.
    radians = math.radians(angle)
    turn = np.array([[math.cos(radians), -math.sin(radians)], [math.sin(radians), math.cos(radians)]])
    found = geometry.rotation_of(TEMPLATE @ turn.T)
    assert abs((found - angle + 180) % 360 - 180) < 1.0
    assert abs((geometry.pose_from_points(TEMPLATE @ turn.T).roll - angle + 180) % 360 - 180) < 1.0


def test_coarse_pose_has_the_documented_signs() -> None:
    frontal = geometry.pose_from_points(TEMPLATE)
    assert abs(frontal.yaw) < 8
    assert abs(frontal.pitch) < 12
    nose = np.zeros((5, 2))
    nose[2] = 1
    # The nose points where the face looks: yaw is positive towards smaller x, pitch positive downwards.
    assert geometry.pose_from_points(TEMPLATE - nose * (8, 0)).yaw > frontal.yaw + 10
    assert geometry.pose_from_points(TEMPLATE + nose * (8, 0)).yaw < frontal.yaw - 10
    assert geometry.pose_from_points(TEMPLATE + nose * (0, 6)).pitch > frontal.pitch + 5
    assert geometry.pose_from_points(TEMPLATE - nose * (0, 6)).pitch < frontal.pitch - 5
