"""Detector outputs become faces: geometry, thresholds, suppression and order."""

from __future__ import annotations

import math

import numpy as np

from edgeface.inference.detections import Detections
from edgeface.inference.detector_maps import decode_maps15, decode_yunet
from edgeface.types import FaceOrder, FloatArray

POINTS = np.array([[-0.5, -0.5], [0.5, -0.5], [0, 0], [-0.4, 0.5], [0.4, 0.5]], np.float32)


def empty_maps() -> list[FloatArray]:
    maps = [np.zeros((1, 15, 96 // stride, 160 // stride), np.float32) for stride in (8, 16, 32)]
    for grid in maps:
        grid[:, 0] = -9.0
    return maps


def test_maps_place_a_face() -> None:
    maps = empty_maps()
    cell = maps[1][0, :, 2, 3]  # stride 16: the cell's corner is x 48, y 32
    cell[0] = math.log(0.8 / 0.2)
    cell[1:5] = (0.25, 0.5, math.log(2.0), math.log(3.0))
    cell[5:] = POINTS.ravel()
    found = decode_maps15(maps, 0.5)
    assert np.allclose(found.scores, [0.8])
    assert np.allclose(found.boxes, [[52 - 16, 40 - 24, 52 + 16, 40 + 24]])
    assert np.allclose(found.points[0], POINTS * 16 + (48, 32))
    assert len(decode_maps15(maps, 0.81)) == 0


def test_yunet_heads_place_a_face() -> None:
    sizes = [(96 // stride) * (160 // stride) for stride in (8, 16, 32)]
    heads = [np.zeros((1, size, width), np.float32) for width in (1, 1, 4, 10) for size in sizes]
    row = 1 * 20 + 4  # stride 8: column 4, row 1
    heads[0][0, row] = 0.9
    heads[3][0, row] = 0.4
    heads[6][0, row] = (0.5, 0.5, math.log(5.0), math.log(6.0))
    heads[9][0, row] = POINTS.ravel()
    found = decode_yunet(heads, 160, 0.5)
    assert np.allclose(found.scores, [0.6])
    assert np.allclose(found.boxes, [[36 - 20, 12 - 24, 36 + 20, 12 + 24]])
    assert np.allclose(found.points[0], POINTS * 8 + (32, 8))


def test_nothing_found_is_an_empty_answer() -> None:
    found = decode_maps15(empty_maps(), 0.5)
    assert len(found.suppressed(0.4).at_least(10).scaled(2.0).first(5, FaceOrder.LARGEST, 10, 10)) == 0


def faces(*rows: tuple[float, float, float, float, float]) -> Detections:
    values = np.array(rows, np.float32)
    return Detections(values[:, :4], values[:, 4], np.zeros((len(rows), 5, 2), np.float32))


def test_of_overlapping_boxes_the_surest_stays() -> None:
    found = faces((0, 0, 100, 100, 0.7), (5, 5, 105, 105, 0.9), (10, 10, 110, 110, 0.8), (200, 0, 300, 100, 0.6))
    kept = found.suppressed(0.4)
    assert np.allclose(kept.scores, [0.9, 0.6])


def test_a_suppressed_box_suppresses_nothing() -> None:
    chain = faces((0, 0, 100, 100, 0.9), (40, 0, 140, 100, 0.8), (80, 0, 180, 100, 0.7))
    assert np.allclose(chain.suppressed(0.4).scores, [0.9, 0.7])


def test_thousands_of_boxes_are_no_problem() -> None:
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 5000, (20000, 2))
    boxes = np.concatenate([corner, corner + 50], axis=1).astype(np.float32)
    many = Detections(boxes, rng.uniform(0, 1, 20000).astype(np.float32), np.zeros((20000, 5, 2), np.float32))
    kept = many.suppressed(0.3)
    assert 0 < len(kept) <= 600
    assert (np.diff(kept.scores) <= 0).all()


def test_largest_and_most_central_first() -> None:
    found = faces((0, 0, 90, 90, 0.5), (190, 190, 210, 210, 0.9), (300, 300, 340, 350, 0.7))
    assert found.first(2, FaceOrder.LARGEST, 400, 400).boxes[:, 0].tolist() == [0, 300]
    assert found.first(3, FaceOrder.CENTRAL, 400, 400).boxes[:, 0].tolist() == [190, 300, 0]


def test_small_faces_are_left_out() -> None:
    found = faces((0, 0, 30, 23, 0.9), (0, 0, 30, 24, 0.9))
    assert len(found.at_least(24)) == 1
