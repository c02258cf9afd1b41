from __future__ import annotations

import numpy as np
import pytest

from edgeface.simulation.camera import Shot, SimulatedCamera, encode
from edgeface.simulation.occluders import Occluder, cover
from edgeface.simulation.portraits import Portrait


def _luma(image: np.ndarray) -> float:
    return float(image.mean())


def _sharpness(image: np.ndarray) -> float:
    return float(np.abs(np.diff(image.astype(np.float32), axis=1)).mean())


def test_the_same_seed_gives_the_same_frame(eileen: Portrait) -> None:
    first = SimulatedCamera(seed=3).take((eileen, Shot()))
    assert np.array_equal(first, SimulatedCamera(seed=3).take((eileen, Shot())))
    assert not np.array_equal(first, SimulatedCamera(seed=4).take((eileen, Shot())))


def test_frames_have_the_cameras_size() -> None:
    frame = SimulatedCamera(320, 240).take()
    assert frame.shape == (240, 320, 3)
    assert frame.dtype == np.uint8


def test_the_face_is_where_the_shot_says(eileen: Portrait) -> None:
    camera = SimulatedCamera()
    left = camera.take((eileen, Shot(face_width=200, centre=(0.3, 0.5), noise=0)))
    right = camera.take((eileen, Shot(face_width=200, centre=(0.7, 0.5), noise=0)))
    moved = round(0.4 * 640)
    a, b = left[140:340, 92:292], right[140:340, 92 + moved : 292 + moved]
    assert np.abs(a.astype(int) - b.astype(int)).mean() < 3


def test_light_blur_and_motion_do_what_they_say(eileen: Portrait) -> None:
    camera = SimulatedCamera()
    plain = camera.take((eileen, Shot(noise=0)))
    assert _luma(camera.take((eileen, Shot(noise=0, light=0.25)))) == pytest.approx(_luma(plain) / 4, rel=0.05)
    assert _sharpness(camera.take((eileen, Shot(noise=0, blur=5)))) < _sharpness(plain) / 1.5
    assert _sharpness(camera.take((eileen, Shot(noise=0, motion=21)))) < _sharpness(plain) / 1.5


def test_occluders_cover_their_part_only(eileen: Portrait) -> None:
    mouth = tuple(int(value) for value in eileen.points[3:5].mean(axis=0))
    eye = tuple(int(value) for value in eileen.points[0])
    masked = cover(eileen.image, eileen.points, Occluder.MASK)
    shaded = cover(eileen.image, eileen.points, Occluder.SUNGLASSES)
    assert not np.array_equal(masked[mouth[1], mouth[0]], eileen.image[mouth[1], mouth[0]])
    assert np.array_equal(masked[eye[1], eye[0]], eileen.image[eye[1], eye[0]])
    assert shaded[eye[1], eye[0]].max() < 60
    assert np.array_equal(shaded[mouth[1], mouth[0]], eileen.image[mouth[1], mouth[0]])
    assert cover(eileen.image, eileen.points, Occluder.NONE) is eileen.image


def test_two_people_stand_beside_each_other(eileen: Portrait, grace: Portrait) -> None:
    camera = SimulatedCamera()
    shots = Shot(face_width=140, centre=(0.27, 0.45), noise=0), Shot(face_width=140, centre=(0.75, 0.45), noise=0)
    both = camera.take((eileen, shots[0]), (grace, shots[1])).astype(int)
    first = camera.take((eileen, shots[0])).astype(int)
    second = camera.take((grace, shots[1])).astype(int)
    eyes = slice(180, 240)
    assert np.abs(both[eyes, 130:210] - first[eyes, 130:210]).mean() < 3
    assert np.abs(both[eyes, 440:520] - second[eyes, 440:520]).mean() < 3


def test_encoded_frames_are_jpeg() -> None:
    assert encode(SimulatedCamera(64, 48).take())[:2] == b"\xff\xd8"
