"""Temperatures and throttling as Linux and a Raspberry Pi tell them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeface.machine import temperatures, throttling


def zone(root: Path, number: int, kind: str, millidegrees: str) -> None:
    folder = root / f"sys/class/thermal/thermal_zone{number}"
    folder.mkdir(parents=True)
    (folder / "type").write_text(f"{kind}\n")
    (folder / "temp").write_text(f"{millidegrees}\n")


def test_temperatures_by_sensor_the_hotter_of_two_of_one_name(tmp_path: Path) -> None:
    zone(tmp_path, 0, "cpu-thermal", "61200")
    zone(tmp_path, 1, "acpitz", "40000")
    zone(tmp_path, 2, "acpitz", "45000")
    zone(tmp_path, 3, "broken", "-274000")
    zone(tmp_path, 4, "silent", "")
    assert temperatures(tmp_path) == {"cpu-thermal": 61.2, "acpitz": 45.0}
    assert temperatures(tmp_path / "nothing") == {}


@pytest.mark.parametrize("device", ["soc/soc:firmware", "soc@107c000000/soc@107c000000:firmware"])
def test_throttling_as_the_kernel_tells_it(tmp_path: Path, device: str) -> None:
    folder = tmp_path / "sys/devices/platform" / device
    folder.mkdir(parents=True)
    (folder / "get_throttled").write_text("50005\n")
    found = throttling(tmp_path)
    assert found is not None
    assert found.now == {"under_voltage", "throttled"}
    assert found.since_boot == {"under_voltage", "throttled"}


def test_throttling_as_vcgencmd_tells_it(tmp_path: Path) -> None:
    found = throttling(tmp_path, lambda: "throttled=0x80008\n")
    assert found is not None
    assert (found.now, found.since_boot) == ({"soft_temperature_limit"}, {"soft_temperature_limit"})
    calm = throttling(tmp_path, lambda: "throttled=0x0\n")
    assert calm is not None
    assert not calm.now and not calm.since_boot


def test_another_machine_has_none(tmp_path: Path) -> None:
    assert throttling(tmp_path, lambda: "") is None
