"""What every test may use: a configuration in a temporary directory, a real engine on it, simulated pictures."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edgeface.config import Config, ModelsConfig, ServerConfig
from edgeface.simulation.camera import Shot, SimulatedCamera, encode
from edgeface.simulation.portraits import Portrait, eileen_collins, grace_hopper
from tests.packs import default_folder

if TYPE_CHECKING:
    from edgeface.engine import Engine

TakePicture = Callable[..., bytes]


@pytest.fixture(scope="session", autouse=True)
def children_that_can_be_interrupted() -> None:
    """A shell starts its background jobs with SIGINT ignored, and children inherit that: tests that send one hang."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Config]:
    """State below ``tmp_path``; the socket in a short folder, because its path has a limit of 107 bytes.

    FP32, so that no test waits for the micro-benchmark or depends on its outcome.
    """
    pack = os.environ.get("EDGEFACE_MODEL_PACK")
    short = Path(tempfile.mkdtemp(prefix="ef-"))
    yield Config(
        state_dir=tmp_path / "state",
        models=ModelsConfig(pack=Path(pack) if pack else None, precision="fp32"),
        server=ServerConfig(socket=short / "edgeface.sock", socket_group=None),
    )
    shutil.rmtree(short, ignore_errors=True)


@pytest.fixture
def engine(config: Config) -> Iterator[Engine]:
    """A real engine on the default pack (or the one that EDGEFACE_MODEL_PACK names)."""
    if config.models.pack is None:
        default_folder("detector", "embedder")
    from edgeface.engine import Engine

    with Engine.open(config) as opened:
        yield opened


@pytest.fixture(scope="session")
def eileen() -> Portrait:
    pytest.importorskip("skimage")
    return eileen_collins()


@pytest.fixture(scope="session")
def grace() -> Portrait:
    pytest.importorskip("matplotlib")
    return grace_hopper()


@pytest.fixture(scope="session")
def take() -> TakePicture:
    """``take(portrait, face_width=200, light=0.1, seed=3)``: a simulated camera's JPEG."""

    def picture(portrait: Portrait, *, seed: int = 0, **shot: object) -> bytes:
        shot.setdefault("face_width", 190.0)
        return encode(SimulatedCamera(640, 480, seed=seed).take((portrait, Shot(**shot))))  # type: ignore[arg-type]

    return picture


@pytest.fixture(scope="session")
def eval_data() -> Path:
    """The folder of evaluation data that EDGEFACE_EVAL_DATA names; the test is skipped without it."""
    folder = os.environ.get("EDGEFACE_EVAL_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("EDGEFACE_EVAL_DATA names no folder with zoo/ and data/")
    return Path(folder)
