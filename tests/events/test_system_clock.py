"""When the wall clock is believed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from edgeface.events.clock import JumpWatch, KernelClock, SystemClock, Trust, read_boot_id


def rtc(folder: Path, name: str = "rtc0", *, hctosys: str = "1", off_s: float = 0) -> None:
    clock = folder / name
    clock.mkdir(parents=True)
    (clock / "hctosys").write_text(hctosys + "\n")
    (clock / "since_epoch").write_text(f"{int(time.time() + off_s)}\n")


def make(tmp_path: Path, trust: Trust, kernel: bool | None) -> SystemClock:
    return SystemClock(trust, kernel=lambda: kernel, rtcs=tmp_path / "rtc", marker=tmp_path / "synchronized")


@pytest.mark.parametrize(
    ("trust", "kernel", "evidence"),
    [
        ("network", True, "network"),
        ("network", False, "none"),
        ("network", None, "none"),
        ("rtc", False, "none"),
        ("always", False, "configured"),
        ("always", None, "configured"),
    ],
)
def test_without_a_hardware_clock(tmp_path: Path, trust: Trust, kernel: bool | None, evidence: str) -> None:
    moment = make(tmp_path, trust, kernel).now()
    assert (moment.evidence, moment.trusted) == (evidence, evidence != "none")


@pytest.mark.parametrize(
    ("facts", "trust", "evidence"),
    [
        ({}, "rtc", "rtc"),
        ({}, "network", "none"),
        ({"hctosys": "0"}, "rtc", "none"),  # it did not set the system clock
        ({"off_s": -30}, "rtc", "none"),  # the two have parted
        ({"off_s": -1.7e9}, "rtc", "none"),  # its battery is empty
    ],
)
def test_a_hardware_clock(tmp_path: Path, facts: dict[str, object], trust: Trust, evidence: str) -> None:
    rtc(tmp_path / "rtc", **facts)  # type: ignore[arg-type]
    assert make(tmp_path, trust, False).now().evidence == evidence


def test_a_hardware_clock_that_says_less_than_has_been_is_not_believed(tmp_path: Path) -> None:
    rtc(tmp_path / "rtc")
    clock = make(tmp_path, "rtc", False)
    assert clock.now().trusted
    clock.not_before(time.time() + 3600)
    assert not clock.now().trusted


@pytest.mark.parametrize(
    ("kernel", "age_s", "evidence"),
    [
        (None, 60, "network"),
        (None, 40_000, "none"),  # no server for half a day
        (None, -60, "none"),  # from the future: the clock was set back
        (False, 60, "none"),  # the kernel knows better than the mark
    ],
)
def test_the_mark_of_timesyncd_counts_where_the_kernel_must_not_be_asked(
    tmp_path: Path, kernel: bool | None, age_s: float, evidence: str
) -> None:
    marker = tmp_path / "synchronized"
    marker.touch()
    os.utime(marker, (time.time() - age_s, time.time() - age_s))
    assert make(tmp_path, "network", kernel).now().evidence == evidence


def test_a_jump_makes_an_older_mark_worthless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = tmp_path / "synchronized"
    marker.touch()
    clock = make(tmp_path, "network", None)
    assert clock.now().trusted
    ahead = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: ahead)
    assert not clock.now().trusted
    os.utime(marker, (ahead, ahead))
    assert not clock.now().trusted  # files are asked once a minute
    minute = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: minute)
    monkeypatch.setattr(time, "time", lambda: ahead + 61)
    assert clock.now().trusted


@pytest.mark.parametrize(("wall", "monotonic", "jump"), [(10, 10, 0), (10.9, 10, 0), (70, 10, 60), (10, 70, -60)])
def test_jumps(wall: float, monotonic: float, jump: float) -> None:
    watch = JumpWatch()
    assert watch.jump_s(1000.0, 5.0) == 0
    assert watch.jump_s(1000.0 + wall, 5.0 + monotonic) == pytest.approx(jump)
    assert watch.jump_s(1001.0 + wall, 6.0 + monotonic) == 0  # said once


def test_this_machine_answers() -> None:
    moment = SystemClock("network").now()
    assert abs(moment.wall - time.time()) < 60 and moment.boot_id == read_boot_id()
    assert KernelClock().synchronised() in (True, False, None)
