"""What is done to pictures of faces before a network sees them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

from embedder_samples import face

from training.augment.blur import defocus_kernel, motion_kernel
from training.augment.geometry import NO_JITTER, TEMPLATE_112, centre_crop, jittered_crop
from training.augment.occluders import SHARES, face_mask, lay_over, random_occluder
from training.augment.reshape import reshaped

pytestmark = pytest.mark.usefixtures("one_thread")


def test_a_reshaped_face_is_another_face_in_the_same_place() -> None:
    picture = face(1)
    same = reshaped(picture, strength_px=0.0, rng=np.random.default_rng(0))
    assert np.abs(same.astype(int) - picture).max() <= 2
    first, again, other = (reshaped(picture, strength_px=3.0, rng=np.random.default_rng(k)) for k in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    # Features move by a few pixels against each other, and the face as a whole by none.
    paint = np.zeros((128, 128, 3), np.uint8)
    for number, (x, y) in enumerate(TEMPLATE_112 + 8):
        cv2.circle(
            paint,
            (round(x), round(y)),
            3,
            [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255)][number],
            -1,
        )
    steps = []
    for seed in range(20):
        moved = reshaped(paint, strength_px=3.0, rng=np.random.default_rng(seed)).astype(int)
        centres = [
            np.argwhere(np.abs(moved - paint[round(y), round(x)]).sum(2) < 120).mean(0)[::-1]
            for x, y in TEMPLATE_112 + 8
        ]
        steps.append(np.array(centres) - np.round(TEMPLATE_112 + 8))
    assert 0.5 < np.std(steps) < 4
    assert np.abs(np.mean(steps, axis=1)).max() < 1.5


def test_an_unjittered_crop_is_the_centre() -> None:
    picture = face(1)
    crop = jittered_crop(picture, size=112, jitter=NO_JITTER, rng=np.random.default_rng(0))
    assert np.abs(crop.astype(int) - centre_crop(picture, 112)).max() <= 1


@pytest.mark.parametrize("draw", [draw for draw, _ in SHARES])
def test_an_occluder_changes_only_what_it_says_it_covers(draw: Any) -> None:
    picture = face(2)[8:120, 8:120]
    occluder = draw((112, 112), TEMPLATE_112, np.random.default_rng(4))
    result = lay_over(picture, occluder)
    assert occluder.alpha.min() >= 0 and occluder.alpha.max() <= 1
    assert np.array_equal(result[occluder.alpha == 0], picture[occluder.alpha == 0])
    assert np.array_equal(result[occluder.alpha == 1], occluder.texture[occluder.alpha == 1])


def test_a_mask_covers_the_mouth_and_not_the_eyes() -> None:
    for seed in range(20):
        alpha = face_mask((112, 112), TEMPLATE_112, np.random.default_rng(seed)).alpha
        assert alpha[92, 56] > 0.9
        assert alpha[51, 38] == alpha[51, 73] == 0


def test_occluders_repeat_with_their_seed() -> None:
    first, second = (random_occluder((112, 112), TEMPLATE_112, np.random.default_rng(9)) for _ in range(2))
    assert first.kind == second.kind
    assert np.array_equal(first.texture, second.texture)


def test_blur_kernels_keep_the_light_and_have_their_length() -> None:
    for kernel in (motion_kernel(7, 30), motion_kernel(1.5, 90), defocus_kernel(0.5), defocus_kernel(3.2)):
        assert kernel.sum() == pytest.approx(1, abs=1e-4)
    columns = motion_kernel(9, 0).sum(axis=0)
    assert np.count_nonzero(columns > 0.02) in (9, 10, 11)
