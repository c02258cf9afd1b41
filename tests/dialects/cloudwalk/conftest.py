from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from cloudwalk_calls import CloudWalk

from tests import pictures
from tests.api.running import Running, running


@pytest.fixture(scope="package")
def daemon() -> Iterator[Running]:
    with running(max_request_bytes=6_000_000) as started:
        yield started


@pytest.fixture(scope="package")
def cloudwalk(daemon: Running) -> CloudWalk:
    return CloudWalk(daemon.socket)


@pytest.fixture(scope="session")
def astronaut() -> bytes:
    return pictures.encoded(pictures.astronaut(), ".jpg")


@pytest.fixture(scope="session")
def hopper() -> bytes:
    return pictures.encoded(pictures.hopper(), ".jpg")


@pytest.fixture(scope="session")
def both() -> bytes:
    """Two people; the woman on the left has the larger face."""
    return pictures.encoded(pictures.side_by_side(pictures.hopper(), pictures.astronaut()), ".jpg")


@pytest.fixture(scope="session")
def no_face() -> bytes:
    ramp = np.linspace(60, 190, 320, dtype=np.uint8)
    return pictures.encoded(np.repeat(np.tile(ramp, (240, 1))[..., None], 3, axis=2), ".jpg")


@pytest.fixture(scope="session")
def turned(astronaut: bytes) -> dict[int, bytes]:
    """The astronaut upright and turned clockwise by 90, 180 and 270 degrees."""
    image = pictures.astronaut()
    return {90 * quarters: pictures.encoded(pictures.turned(image, quarters), ".jpg") for quarters in range(4)}
