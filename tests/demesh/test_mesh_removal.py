"""The mesh goes, the face comes back, and a picture without a mesh stays what it is."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface.demesh.removal import MOST_PIXELS, remove_mesh
from edgeface.engine import Engine
from edgeface.types import ImageArray
from tests import pictures
from tests.api.running import make_config
from tests.demesh.judging import BLUE, DARK, MESHES, PALE, portraits, psnr, ssim
from tests.demesh.meshes import laid, lattice, lines

REGULAR = [name for name in MESHES if not name.startswith("drifting")]


def stored(image: ImageArray, quality: int = 92) -> ImageArray:
    """As it comes from a system that stores photographs: a JPEG."""
    data = pictures.encoded(image, ".jpg", cv2.IMWRITE_JPEG_QUALITY, quality)
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


@cache
def portrait(name: str) -> ImageArray:
    return portraits()[name]


@pytest.fixture(scope="module")
def likeness() -> Iterator[Callable[[ImageArray, ImageArray], float]]:
    """The cosine of two pictures' faces; -1 where one has none."""
    with tempfile.TemporaryDirectory() as folder, Engine.open(make_config(Path(folder))) as engine:

        def cosine(image: ImageArray, clean: ImageArray) -> float:
            if not engine.detect(image).faces:
                return -1.0
            one, other = engine.embed(image).template, engine.embed(clean).template
            assert one is not None and other is not None
            return float(one.vector @ other.vector)

        yield cosine


@pytest.mark.parametrize("mesh", REGULAR)
def test_mesh_over_a_portrait(mesh: str, likeness: Callable[[ImageArray, ImageArray], float]) -> None:
    clean = portrait("astronaut")
    meshed, coverage = MESHES[mesh].over(clean)
    seen = stored(meshed)
    cleaned = remove_mesh(seen)
    where = coverage > 0.05
    assert cleaned.found
    assert cleaned.colour is not None
    assert np.abs(np.array(cleaned.colour) - MESHES[mesh].colour).max() <= 40
    assert cleaned.covered == pytest.approx(where.mean(), abs=0.08)
    assert psnr(cleaned.image, clean, where) > psnr(seen, clean, where) + 5.0
    assert ssim(cleaned.image, clean, where) > ssim(seen, clean, where) + 0.12
    before, after = likeness(seen, clean), likeness(cleaned.image, clean)
    assert after > 0.75 and 1.0 - after < 0.6 * (1.0 - before)


@pytest.mark.parametrize("mesh", ["straight, upright, dark", "wavy lattice, white", "wavy lattice, blue"])
def test_mesh_over_another_portrait(mesh: str, likeness: Callable[[ImageArray, ImageArray], float]) -> None:
    clean = portrait("hopper")
    meshed, coverage = MESHES[mesh].over(clean)
    cleaned = remove_mesh(meshed).image
    where = coverage > 0.05
    assert psnr(cleaned, clean, where) > psnr(meshed, clean, where) + 8.0
    assert likeness(cleaned, clean) > max(0.9, likeness(meshed, clean) + 0.1)


@pytest.mark.parametrize(("degrees", "period"), [(0, 14.0), (5, 27.3), (33, 18.0), (60, 22.0), (80, 11.0)], ids=str)
def test_any_angle_and_distance(degrees: float, period: float) -> None:
    clean = portrait("astronaut")
    coverage = lattice(clean.shape[:2], degrees=degrees, period=period, amplitude=0.2 * period, width=1.6)
    seen = laid(clean, coverage, colour=PALE, opacity=0.55)
    where = coverage > 0.05
    assert psnr(remove_mesh(seen).image, clean, where) > psnr(seen, clean, where) + 7.0


@pytest.mark.parametrize(("colour", "opacity"), [(PALE, 0.3), (DARK, 0.3), (DARK, 0.8), (BLUE, 0.8)])
def test_any_colour_and_opacity(colour: tuple[int, int, int], opacity: float) -> None:
    clean = portrait("astronaut")
    coverage = lines(clean.shape[:2], period=15, width=1.8, degrees=20, amplitude=4, wavelength=70)
    seen = laid(clean, coverage, colour=colour, opacity=opacity)
    cleaned = remove_mesh(seen)
    assert cleaned.colour is not None
    assert np.abs(np.array(cleaned.colour) - colour).max() <= 20
    where = coverage > 0.05
    assert psnr(cleaned.image, clean, where) > psnr(seen, clean, where) + 6.0


@pytest.mark.parametrize("name", ["astronaut", "hopper"])
def test_drifting_mesh_is_weakened(name: str, likeness: Callable[[ImageArray, ImageArray], float]) -> None:
    clean = portrait(name)
    meshed, coverage = MESHES["drifting lattice"].over(clean)
    cleaned = remove_mesh(meshed).image
    where = coverage > 0.05
    assert psnr(cleaned, clean, where) > psnr(meshed, clean, where) + 1.5
    assert likeness(cleaned, clean) > likeness(meshed, clean) + 0.02


def test_a_grey_picture() -> None:
    grey = cv2.cvtColor(portrait("astronaut"), cv2.COLOR_BGR2GRAY)
    clean = cv2.merge([grey, grey, grey])
    seen = laid(clean, lattice(clean.shape[:2]), colour=PALE, opacity=0.6)
    cleaned = remove_mesh(seen).image
    assert psnr(cleaned, clean) > psnr(seen, clean) + 6.0
    assert np.ptp(cleaned.astype(int), axis=2).max() <= 3


def test_a_large_picture_is_cleaned_at_its_own_size() -> None:
    clean = pictures.resized(portrait("astronaut"), 3.0)
    height, width = clean.shape[:2]
    assert height * width > 1.5 * MOST_PIXELS
    coverage = lattice((height, width), period=60, width=5, amplitude=15, wavelength=192)
    seen = laid(clean, coverage, colour=PALE, opacity=0.6)
    cleaned = remove_mesh(seen).image
    assert cleaned.shape == clean.shape and cleaned.dtype == np.uint8
    assert psnr(cleaned, clean, coverage > 0.05) > psnr(seen, clean, coverage > 0.05) + 6.0


# --- without a mesh


@pytest.mark.parametrize("name", ["astronaut", "hopper", *pictures.NON_FACES])
@pytest.mark.parametrize("quality", [None, 60])
def test_a_picture_without_a_mesh_is_returned_as_it_is(name: str, quality: int | None) -> None:
    image = portrait(name) if name in portraits() else pictures.resized(pictures.non_face(name), 0.7)
    if quality is not None:
        image = stored(image, quality)
    before = image.copy()
    answer = remove_mesh(image)
    assert not answer.found and answer.image is image
    np.testing.assert_array_equal(image, before)


def test_a_striped_shirt_is_no_mesh() -> None:
    clean = pictures.hopper()
    shirt = lattice(clean.shape[:2], period=14, amplitude=0, width=3)
    shirt[:380] = 0
    dressed = laid(clean, shirt, colour=DARK, opacity=0.7)
    assert remove_mesh(dressed).image is dressed


def test_what_is_left_has_no_mesh() -> None:
    clean = portrait("astronaut")
    once = remove_mesh(laid(clean, lattice(clean.shape[:2]), colour=PALE, opacity=0.6)).image
    assert psnr(remove_mesh(once).image, clean) > psnr(once, clean) - 0.5


@pytest.mark.parametrize("shape", [(1, 1), (24, 24), (63, 200), (64, 64), (70, 2000), (301, 77)])
@pytest.mark.parametrize("kind", ["flat", "ramp", "noise", "lines"])
def test_any_shape_and_content(shape: tuple[int, int], kind: str) -> None:
    height, width = shape
    image = np.full((height, width, 3), 130, np.uint8)
    if kind == "ramp":
        image[:] = np.linspace(0, 255, width, dtype=np.uint8)[None, :, None]
    elif kind == "noise":
        image = np.random.default_rng(1).integers(0, 256, image.shape, np.uint8)
    elif kind == "lines":
        image[::7] = 255
    answer = remove_mesh(image)
    assert answer.image.shape == image.shape and answer.image.dtype == np.uint8
    if kind != "lines":
        assert answer.image is image


def test_the_picture_that_came_is_not_changed() -> None:
    clean = portrait("astronaut")
    seen = laid(clean, lattice(clean.shape[:2]), colour=PALE, opacity=0.6)
    before = seen.copy()
    first, second = remove_mesh(seen).image, remove_mesh(seen).image
    np.testing.assert_array_equal(seen, before)
    np.testing.assert_array_equal(first, second)
