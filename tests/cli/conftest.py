"""Runs the command line in this process, and reads its envelope."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edgeface.cli import main
from edgeface.config import Config
from edgeface.simulation.portraits import Portrait
from tests.conftest import TakePicture
from tests.packs import default_folder


@dataclass(frozen=True, slots=True)
class Ran:
    """One run: exit code, and what was written where."""

    code: int
    out: str
    err: str

    @property
    def envelope(self) -> dict[str, Any]:
        """stdout as the one line of JSON that it must be."""
        lines = self.out.splitlines()
        assert len(lines) == 1, self.out
        found: dict[str, Any] = json.loads(lines[0])
        return found

    @property
    def data(self) -> dict[str, Any]:
        assert self.envelope["ok"], self.envelope
        found: dict[str, Any] = self.envelope["data"]
        return found

    @property
    def error(self) -> dict[str, Any]:
        assert not self.envelope["ok"], self.envelope
        found: dict[str, Any] = self.envelope["error"]
        return found


Run = Callable[..., Ran]


@pytest.fixture
def run(config: Config, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """``run("groups", "list")``: on the test's state directory, in FP32, with the default pack."""
    if config.models.pack is None:
        default_folder("detector", "embedder")
    monkeypatch.setenv("EDGEFACE_STATE_DIR", str(config.state_dir))
    monkeypatch.setenv("EDGEFACE_SERVER__SOCKET", str(config.server.socket))
    monkeypatch.setenv("EDGEFACE_MODELS__PRECISION", "fp32")
    monkeypatch.delenv("EDGEFACE_PASSPHRASE", raising=False)
    monkeypatch.setenv("COLUMNS", "200")

    def command(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    yield command


@pytest.fixture
def eileen_jpg(tmp_path: Path, eileen: Portrait, take: TakePicture) -> Path:
    file = tmp_path / "eileen.jpg"
    file.write_bytes(take(eileen))
    return file


@pytest.fixture
def eileen_again_jpg(tmp_path: Path, eileen: Portrait, take: TakePicture) -> Path:
    file = tmp_path / "eileen_again.jpg"
    file.write_bytes(take(eileen, seed=1, face_width=130.0, roll=9.0, light=0.6, blur=1.2))
    return file


@pytest.fixture
def grace_jpg(tmp_path: Path, grace: Portrait, take: TakePicture) -> Path:
    file = tmp_path / "grace.jpg"
    file.write_bytes(take(grace))
    return file
