from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeface.events.event import EventKind, NewEvent
from tests import pictures
from tests.api.running import Running, running


@pytest.fixture(scope="package")
def daemon() -> Iterator[Running]:
    """One daemon for every test that leaves it as it was; tests use group names of their own."""
    with running() as started:
        yield started


@pytest.fixture
def alone() -> Iterator[Running]:
    """A daemon of one's own, whose log begins with an event of its own (and what that says of the clock)."""
    with running() as started:
        started.services.events.append(NewEvent(EventKind.SYSTEM, {"what": "test"}, "test"))
        yield started


@pytest.fixture(scope="session")
def portrait() -> bytes:
    return pictures.encoded(pictures.astronaut(), ".jpg")


@pytest.fixture(scope="session")
def other_portrait() -> bytes:
    return pictures.encoded(pictures.hopper(), ".jpg")


@pytest.fixture(scope="session")
def no_face() -> bytes:
    """A plain gradient: no detector, however eager, sees a face in it. (That real scenes without people have none
    is the detector's test, not the API's.)"""
    ramp = np.linspace(60, 190, 320, dtype=np.uint8)
    return pictures.encoded(np.repeat(np.tile(ramp, (240, 1))[..., None], 3, axis=2), ".jpg")


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with a path short enough for a Unix socket (at most 107 characters)."""
    folder = Path(tempfile.mkdtemp(prefix="ef"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
