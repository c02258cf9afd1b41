"""The units are what systemd accepts, and as closed as we say. Skipped, visibly, where systemd is not installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edgeface.errors import ErrorCode

UNITS = Path(__file__).resolve().parents[2] / "systemd"
MOST_EXPOSURE = 2.0

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units with a program that exists here."""
    for name in ("edgeface.service", "edgeface.socket"):
        text = (UNITS / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("/opt/edgeface/bin/edgeface", "/bin/true"), encoding="utf-8")
    return tmp_path


@needs_systemd
def test_systemd_finds_nothing_wrong(units: Path) -> None:
    files = [str(units / name) for name in ("edgeface.service", "edgeface.socket")]
    done = subprocess.run(["systemd-analyze", "verify", *files], capture_output=True, text=True, check=False)
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "edgeface" in line]
    assert ours == []


@needs_systemd
def test_the_service_exposes_little(units: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(units / "edgeface.service")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"exposure level for edgeface.service: ([\d.]+)", done.stdout)
    if found is None:
        pytest.skip("this systemd-analyze cannot judge a unit file offline")
    assert float(found[1]) < MOST_EXPOSURE


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="systemd-sysusers is not installed")
def test_users_and_groups_are_made() -> None:
    command = ["systemd-sysusers", "--dry-run", str(UNITS / "edgeface.sysusers")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "unrecognized" in done.stderr:
        pytest.skip("this systemd-sysusers has no dry run")
    assert done.returncode == 0, done.stderr


def test_the_watchdog_waits_longer_than_a_call_may_take() -> None:
    text = (UNITS / "edgeface.service").read_text(encoding="utf-8")
    seconds = int(re.search(r"^WatchdogSec=(\d+)$", text, re.M)[1])  # type: ignore[index]
    assert seconds > 3 * 10  # a call is stuck after three deadlines of ten seconds


def test_a_wrong_configuration_is_not_tried_again() -> None:
    text = (UNITS / "edgeface.service").read_text(encoding="utf-8")
    status = int(re.search(r"^RestartPreventExitStatus=(\d+)$", text, re.M)[1])  # type: ignore[index]
    alike = [code for code in ErrorCode if code.spec.exit_code == status]
    assert alike == [ErrorCode.CONFIG_INVALID]  # what may pass by itself ends otherwise, and is tried again


def test_the_credential_is_the_name_that_the_gallery_looks_for() -> None:
    from edgeface.gallery.key_file import CREDENTIAL_NAME

    assert f"LoadCredential={CREDENTIAL_NAME}:" in (UNITS / "edgeface.service").read_text(encoding="utf-8")
