from __future__ import annotations

from datetime import timedelta

from edgeface.config import AttendanceConfig
from edgeface.live.policy.attendance import AttendancePolicy, Passage
from tests.live.scenes import MONDAY, known, said, scene, stranger, undecided

HOUR = 3600.0


def gate(direction: str = "both", *earlier: Passage) -> AttendancePolicy:
    config = AttendanceConfig.model_validate({"direction": direction, "debounce_s": 60, "day_starts": "04:00"})
    return AttendancePolicy(config, "gate", earlier)


def test_passages_of_a_day_alternate_and_the_next_day_begins_with_in() -> None:
    policy = gate()
    directions = [
        event.data["direction"]
        for hour in (0, 4, 5, 20, 22)  # noon, 16:00, 17:00, 08:00 and 10:00 of Tuesday
        for event in policy.on_outcome(known("ada", at=hour * HOUR), scene(hour * HOUR, 1))
    ]
    assert directions == ["in", "out", "in", "in", "out"]


def test_an_out_after_midnight_belongs_to_the_day_on_which_the_shift_began() -> None:
    policy = gate()
    assert said(policy.on_outcome(known("ada"), scene(0, 1))) == ["passage in"]
    assert said(policy.on_outcome(known("ada", at=15 * HOUR), scene(15 * HOUR, 1))) == ["passage out"]  # 03:00


def test_a_gate_of_one_direction() -> None:
    policy = gate("out")
    for now in (0.0, 100.0, 200.0):
        assert said(policy.on_outcome(known("ada", at=now), scene(now, 1))) == ["passage out"]


def test_a_double_read_is_one_passage_also_when_it_goes_on_and_on() -> None:
    policy = gate()
    assert said(policy.on_outcome(known("ada"), scene(0, 1))) == ["passage in"]
    for now in (30.0, 80.0, 130.0):
        assert said(policy.on_outcome(known("ada", at=now), scene(now, 1))) == []
    assert said(policy.on_outcome(known("ben", at=131), scene(131, 2))) == ["passage in"]
    assert said(policy.on_outcome(known("ada", at=200), scene(200, 1))) == ["passage out"]


def test_directions_and_double_reads_go_on_after_a_restart() -> None:
    minute_ago = Passage("ada", "in", MONDAY - timedelta(seconds=30))
    assert said(gate("both", minute_ago).on_outcome(known("ada"), scene(0, 1))) == []
    hour_ago = Passage("ada", "in", MONDAY - timedelta(hours=1))
    assert said(gate("both", hour_ago).on_outcome(known("ada"), scene(0, 1))) == ["passage out"]
    yesterday = Passage("ada", "in", MONDAY - timedelta(days=1))
    assert said(gate("both", yesterday).on_outcome(known("ada"), scene(0, 1))) == ["passage in"]


def test_who_is_not_recognised_passes_as_what_they_are() -> None:
    policy = gate()
    assert said(policy.on_outcome(stranger(), scene(0, 1))) == ["unknown"]
    assert said(policy.on_outcome(undecided(), scene(0, 1))) == ["undecided"]
