"""When a turned face counts as righted."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

from edgeface.inference.detections import Detections
from training.detector.turned import is_righted

UPRIGHT = np.array([[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]], np.float32)


def found(*faces: np.ndarray) -> Detections:
    count = len(faces)
    return Detections(
        np.tile(np.array([20, 20, 80, 95], np.float32), (count, 1)),
        np.full(count, 0.9, np.float32),
        np.array(faces, np.float32).reshape(count, 5, 2),
    )


def clockwise(points: np.ndarray) -> np.ndarray:
    return np.stack([100 - points[:, 1], points[:, 0]], axis=1)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_eyes_must_lie_as_the_picture_was_turned(turns: int) -> None:
    points = UPRIGHT
    for _ in range(turns):
        points = clockwise(points)
    assert is_righted(found(points), turns)
    assert not is_righted(found(points), (turns + 1) % 4)
    assert not is_righted(found(points), (turns + 2) % 4)


def test_nothing_found_and_two_found_are_not_right() -> None:
    assert not is_righted(found(), 0)
    assert not is_righted(found(UPRIGHT, UPRIGHT), 0)
