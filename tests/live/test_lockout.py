from __future__ import annotations

from pathlib import Path

from edgeface.config import DoorConfig
from edgeface.live.policy.lockout import FILE, Lockout

CONFIG = DoorConfig(failures=3, failure_window_s=10, lockout_s=100)


def lockout(folder: Path, now: float, boot_id: str = "a") -> Lockout:
    return Lockout(CONFIG, folder, now=now, boot_id=boot_id)


def test_repeated_refusals_lock_and_the_lock_ends(tmp_path: Path) -> None:
    door = lockout(tmp_path, 0)
    assert [door.failed(now) for now in (1, 2, 3)] == [False, False, True]
    assert door.left_s(50) == 53
    assert door.left_s(104) == 0


def test_refusals_far_apart_and_those_before_a_passage_do_not_add_up(tmp_path: Path) -> None:
    door = lockout(tmp_path, 0)
    assert not any(door.failed(now) for now in (0, 11, 22, 33))
    door.passed()
    assert not any(door.failed(now) for now in (34, 35))


def test_a_restart_does_not_end_a_lockout(tmp_path: Path) -> None:
    door = lockout(tmp_path, 0)
    for now in (1, 2, 3):
        door.failed(now)
    assert lockout(tmp_path, 43).left_s(43) == 60


def test_a_reboot_serves_the_whole_lockout_again_because_its_time_is_not_known(tmp_path: Path) -> None:
    door = lockout(tmp_path, 1000)
    for now in (1001, 1002, 1003):
        door.failed(now)
    assert lockout(tmp_path, 5, boot_id="b").left_s(5) == 100


def test_a_spoilt_file_is_a_whole_lockout(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{", encoding="utf-8")
    assert lockout(tmp_path, 5).left_s(5) == 100


def test_no_file_is_no_lockout(tmp_path: Path) -> None:
    assert lockout(tmp_path, 5).left_s(5) == 0
