"""Root at a command line must not begin a gallery in the daemon's folder: the daemon could not open it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgeface.config import Config
from tests.cli.conftest import Run

DAEMON = 65534  # nobody: any user but root

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has this temptation")


@pytest.fixture
def daemons_folder(config: Config) -> Path:
    config.state_dir.mkdir(mode=0o700, exist_ok=True)
    os.chown(config.state_dir, DAEMON, DAEMON)
    return config.state_dir


def test_root_is_refused_and_told_what_to_do(run: Run, daemons_folder: Path) -> None:
    refused = run("groups", "add", "staff", "--json")
    assert refused.error["code"] == "storage_read_only"
    assert "run as the daemon's user" in refused.error["message"]
    assert list(daemons_folder.iterdir()) == []


def test_what_keeps_nothing_works_and_leaves_nothing(run: Run, daemons_folder: Path, eileen_jpg: Path) -> None:
    assert run("detect", eileen_jpg, "--json").data
    assert list(daemons_folder.iterdir()) == []
