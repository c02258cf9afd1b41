from __future__ import annotations

import numpy as np
import pytest

from edgeface.cli.drawing import View, draw_face, pose_axes
from edgeface.types import BoundingBox, Face, Landmarks, Pose


def test_a_frontal_heads_axes() -> None:
    across, down, out = pose_axes(Pose(0, 0, 0))
    assert across == pytest.approx((1, 0))
    assert down == pytest.approx((0, 1))
    assert out == pytest.approx((0, 0))


def test_signs_follow_the_documents() -> None:
    assert pose_axes(Pose(30, 0, 0))[2][0] > 0.4  # turned right: the nose points to larger x
    assert pose_axes(Pose(-30, 0, 0))[2][0] < -0.4
    assert pose_axes(Pose(0, -30, 0))[2][1] < -0.4  # looking up
    across = pose_axes(Pose(0, 0, 30))[0]
    assert across == pytest.approx((np.cos(np.radians(30)), np.sin(np.radians(30))))  # clockwise on the screen


def test_only_the_faces_surroundings_are_drawn_on() -> None:
    canvas = np.full((300, 400, 3), 90, np.uint8)
    points = np.asarray([(130, 130), (170, 130), (150, 150), (135, 170), (165, 170)], np.float32)
    dense = np.random.default_rng(0).uniform((110, 105), (190, 195), size=(150, 2)).astype(np.float32)
    face = Face(BoundingBox(100, 100, 100, 100), 0.9, points, landmarks=Landmarks(dense), pose=Pose(10, 5, 0))
    draw_face(canvas, face, (0, 255, 0), View())
    changed = np.argwhere((canvas != 90).any(axis=2))
    assert len(changed) > 200
    assert changed.min(axis=0).min() >= 90
    assert changed.max(axis=0).max() <= 212


def test_a_view_scales_and_moves() -> None:
    fixed = View(scale=2.0, origin=(10.0, 20.0)).fixed([(11.0, 21.5)])
    assert (fixed / 16).tolist() == [[2.0, 3.0]]
