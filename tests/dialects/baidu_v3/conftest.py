from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from edgeface.api.dialects.baidu_v3.portraits import MOST_BYTES
from edgeface.engine import Gate
from edgeface.register import IdRegister
from edgeface.types import QualityLevel
from tests import pictures
from tests.api.running import Running, running
from tests.dialects.baidu_v3.v3_calls import NAME, NUMBER, Baidu, text_of
from tests.dialects.full_pack import running_full, spoof


@pytest.fixture(scope="package")
def daemon() -> Iterator[Running]:
    """One daemon; every test uses group names of its own. It takes bodies a little above the document's limit, so
    that it is the document's limit which is met."""
    with running(max_request_bytes=MOST_BYTES + 1024 * 1024) as started:
        yield started


@pytest.fixture(scope="package")
def baidu(daemon: Running) -> Baidu:
    return Baidu(daemon)


@pytest.fixture(scope="package")
def full() -> Iterator[Baidu]:
    """A daemon whose pack has a model for every attribute."""
    with running_full() as started:
        yield Baidu(started)


@pytest.fixture(scope="session")
def collins() -> str:
    """A portrait; the face is about 90 x 120 pixels."""
    return text_of(pictures.astronaut())


@pytest.fixture(scope="session")
def hopper() -> str:
    """Another person; the face is about 180 x 240 pixels."""
    return text_of(pictures.hopper())


@pytest.fixture(scope="session")
def hopper_spoof() -> str:
    """Hopper, and to the daemon with a model for every attribute a picture of her."""
    return text_of(spoof(pictures.hopper()))


@pytest.fixture(scope="session")
def hopper_again() -> str:
    """Another picture of her: farther away, head tilted, less light, a softer lens."""
    moved = cv2.GaussianBlur(pictures.moved(pictures.hopper(), scale=0.8, degrees=-14), (0, 0), 1.5)
    return text_of((moved * 0.6).astype(np.uint8))


@pytest.fixture(scope="session")
def both() -> str:
    """Both persons; Hopper's face is the larger one."""
    return text_of(pictures.side_by_side(pictures.astronaut(), pictures.hopper()))


@pytest.fixture(scope="session")
def nobody() -> str:
    """A gradient without a face."""
    ramp = np.linspace(60, 190, 320, dtype=np.uint8)
    return text_of(np.repeat(np.tile(ramp, (240, 1))[..., None], 3, axis=2))


@pytest.fixture(scope="package")
def registered(daemon: Running) -> Iterator[None]:
    """Hopper's photograph stands in the register of ID photographs under the document's example number."""
    register = IdRegister(daemon.engine)
    register.add(pictures.encoded(pictures.hopper(), ".jpg"), NUMBER, NAME, gate=Gate(QualityLevel.NONE))
    yield
    register.remove(NUMBER)
