from __future__ import annotations

from pathlib import Path

import pytest

from edgeface.cli.checks import Status
from edgeface.cli.checks_machine import cpu_flags, machine_findings
from tests.cli.conftest import Run


@pytest.fixture
def pi(tmp_path: Path) -> Path:
    """The files of a Raspberry Pi that is hot, badly supplied and has no camera."""
    files = {
        "proc/cpuinfo": "processor\t: 0\nFeatures\t: fp asimd asimddp\n",
        "proc/meminfo": "MemTotal:  4000000 kB\nMemAvailable:  200000 kB\n",
        "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
        "sys/class/thermal/thermal_zone0/temp": "85600\n",
        "sys/devices/platform/soc/soc:firmware/get_throttled": "0x50005\n",
    }
    for name, text in files.items():
        file = tmp_path / "root" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "root"


def test_a_suffering_pi_is_seen(pi: Path) -> None:
    found = {finding.name: finding for finding in machine_findings(pi)}
    assert cpu_flags(pi) == {"fp", "asimd", "asimddp"}
    assert "asimddp" in found["byte dot product"].detail
    assert found["memory"].status is Status.WARN
    assert found["temperature"].status is Status.WARN
    assert "86" in found["temperature"].detail
    assert found["throttling"].status is Status.WARN
    assert "under-voltage now" in found["throttling"].detail
    assert "throttled since boot" in found["throttling"].detail
    assert found["V4L2"].status is Status.WARN


def test_a_healthy_pi_is_not_complained_about(pi: Path) -> None:
    (pi / "sys/class/thermal/thermal_zone0/temp").write_text("51000\n")
    (pi / "sys/devices/platform/soc/soc:firmware/get_throttled").write_text("0x0\n")
    (pi / "proc/meminfo").write_text("MemTotal:  4000000 kB\nMemAvailable:  3000000 kB\n")
    (pi / "dev").mkdir()
    (pi / "dev/video0").touch()
    found = {finding.name: finding.status for finding in machine_findings(pi)}
    assert {found[name] for name in ("memory", "temperature", "throttling", "V4L2")} == {Status.OK}


def test_every_problem_says_what_to_do(run: Run) -> None:
    ran = run("doctor", "--json")
    areas = {finding["area"] for finding in ran.data["findings"]}
    assert areas == {"machine", "camera", "models", "state", "daemon"}
    for finding in ran.data["findings"]:
        assert finding["status"] in ("ok", "warn", "fail")
        assert finding["detail"]
        assert finding["status"] == "ok" or finding["advice"]
    assert ran.code == (0 if ran.data["healthy"] else 1)
    assert "FP32" in run("doctor").out


def test_a_gallery_key_open_to_others_fails(run: Run, eileen_jpg: Path, config: object) -> None:
    run("groups", "add", "staff")
    state_dir = config.state_dir  # type: ignore[attr-defined]
    assert _finding(run, "gallery")["status"] == "ok"
    (state_dir / "gallery.key").chmod(0o644)
    ran = run("doctor", "--json")
    assert ran.code == 1
    assert _finding(run, "key")["status"] == "fail"


def test_a_state_directory_that_cannot_be_made_fails(run: Run) -> None:
    ran = run("doctor", "--state-dir", "/dev/null/state", "--json")
    assert ran.code == 1
    assert any(item["name"] == "directory" and item["status"] == "fail" for item in ran.data["findings"])


def _finding(run: Run, name: str) -> dict[str, str]:
    return next(item for item in run("doctor", "--json").data["findings"] if item["name"] == name)
