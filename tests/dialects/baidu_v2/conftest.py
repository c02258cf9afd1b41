"""One daemon for the package; tests use group names of their own."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from tests import pictures
from tests.api.running import Running, running
from tests.dialects.full_pack import running_full, spoof


@pytest.fixture(scope="package")
def daemon() -> Iterator[Running]:
    # Room for the document's 20M of pictures and what the form adds to them.
    with running(max_request_bytes=24 * 1024 * 1024) as started:
        yield started


@pytest.fixture(scope="package")
def full() -> Iterator[Running]:
    """A daemon whose pack has a model for every attribute."""
    with running_full() as started:
        yield started


@pytest.fixture(scope="session")
def hopper_spoof() -> bytes:
    """Hopper, and to the daemon with a model for every attribute a picture of her."""
    return pictures.encoded(spoof(pictures.hopper()), ".jpg")


@pytest.fixture(scope="session")
def hopper() -> bytes:
    return pictures.encoded(pictures.hopper(), ".jpg")


@pytest.fixture(scope="session")
def hopper_again() -> bytes:
    """Another picture of the same face, unlike enough for a second enrolment."""
    image = cv2.convertScaleAbs(pictures.moved(pictures.hopper(), x=-6, y=8, degrees=14, scale=0.86), alpha=0.7)
    return pictures.encoded(cv2.GaussianBlur(image, (0, 0), 1.5), ".jpg")


@pytest.fixture(scope="session")
def eileen() -> bytes:
    """Large enough for the gate of enrolment (faces from 100 x 100 pixels)."""
    return pictures.encoded(pictures.resized(pictures.astronaut(), 1.5), ".jpg")


@pytest.fixture(scope="session")
def small_face() -> bytes:
    """A face of less than 100 x 100 pixels."""
    return pictures.encoded(pictures.astronaut(), ".jpg")


@pytest.fixture(scope="session")
def both() -> bytes:
    """Two people in one picture: Hopper larger, Collins smaller."""
    left, right = pictures.hopper(), pictures.astronaut()
    height = min(left.shape[0], right.shape[0])
    return pictures.encoded(np.hstack([left[:height], right[:height]]), ".jpg")


@pytest.fixture(scope="session")
def nobody() -> bytes:
    """A plain gradient: no detector, however eager, sees a face in it."""
    ramp = np.linspace(60, 190, 320, dtype=np.uint8)
    return pictures.encoded(np.repeat(np.tile(ramp, (240, 1))[..., None], 3, axis=2), ".jpg")
