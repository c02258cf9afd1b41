from __future__ import annotations

from pathlib import Path

import pytest

from edgeface.config import AccessRule, DoorConfig
from edgeface.live.hints import Hint
from edgeface.live.outcome import Advice, Outcome
from edgeface.live.policy.door import DoorPolicy
from edgeface.live.policy.lockout import Lockout
from tests.live.scenes import known, said, scene, stranger, undecided

RULES = (AccessRule(group="staff", days=("mon",), start="07:00", end="19:00"), AccessRule(group="owners"))
GROUPS = {"ada": ["staff"], "olga": ["owners"], "ben": ["visitors"]}


@pytest.fixture
def door(tmp_path: Path) -> DoorPolicy:
    config = DoorConfig(rules=RULES, failures=3, failure_window_s=60, lockout_s=100, reopen_after_s=3)
    lockout = Lockout(config, tmp_path, now=0.0, boot_id="a")
    return DoorPolicy(config, lockout, lambda user: GROUPS.get(user, ()), expires_s=2.0, source="front")


def test_one_face_that_is_known_and_allowed_opens_and_the_order_expires(door: DoorPolicy) -> None:
    (event,) = door.on_outcome(known("ada"), scene(0, 1))
    assert said((event,)) == ["door_opened"]
    assert (event.expires_s, event.data["user_id"], event.source) == (2.0, "ada", "front")


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (known("ben"), "no_rule"),
        (known("nobody"), "no_rule"),
        (stranger(), "unknown_person"),
        (undecided(), "undecided"),
    ],
)
def test_everything_else_is_refused_with_its_reason(door: DoorPolicy, outcome: Outcome, reason: str) -> None:
    assert said(door.on_outcome(outcome, scene(0, 1))) == [f"refused {reason}"]


def test_outside_hours_and_with_a_clock_that_cannot_be_trusted(door: DoorPolicy) -> None:
    night = 9 * 3600.0
    assert said(door.on_outcome(known("ada", at=night), scene(night, 1))) == ["refused outside_hours"]
    assert said(door.on_outcome(known("ada"), scene(0, 1, trusted=False))) == ["refused clock_not_trusted"]
    assert said(door.on_outcome(known("olga", at=night), scene(night, 1, trusted=False))) == ["door_opened"]


def test_two_faces_open_nothing_until_the_one_stands_there_alone(door: DoorPolicy) -> None:
    assert said(door.on_outcome(known("ada", track=1), scene(0, 1, 2))) == ["refused several_faces"]
    assert said(door.on_scene(scene(1, 1, 2))) == []
    assert said(door.on_scene(scene(2, 1))) == ["door_opened"]
    assert said(door.on_scene(scene(2.1, 1))) == []


def test_who_stays_must_be_the_one_who_was_recognised_and_not_long_ago(door: DoorPolicy) -> None:
    door.on_outcome(known("ada", track=1), scene(0, 1, 2))
    assert said(door.on_scene(scene(1, 2))) == []
    door.on_outcome(known("ada", track=3, at=10), scene(10, 3, 4))
    assert said(door.on_scene(scene(16, 3))) == []


def test_of_two_known_people_the_one_who_stays_passes(door: DoorPolicy) -> None:
    door.on_outcome(known("ada", track=1), scene(0, 1, 2))
    door.on_outcome(known("olga", track=2), scene(0.1, 1, 2))
    (event,) = door.on_scene(scene(1.5, 1))
    assert (event.kind.value, event.data["user_id"]) == ("door_opened", "ada")


def test_the_same_person_is_not_answered_again_at_once(door: DoorPolicy) -> None:
    door.on_outcome(known("ada"), scene(0, 1))
    assert said(door.on_outcome(known("ada", 2, 2), scene(2, 2))) == []
    assert said(door.on_outcome(known("ada", 3, 4), scene(4, 3))) == ["door_opened"]


def test_repeated_refusals_lock_the_door_for_everybody(door: DoorPolicy) -> None:
    assert said(door.on_outcome(stranger(1), scene(1, 1))) == ["refused unknown_person"]
    assert said(door.on_outcome(stranger(2), scene(2, 2))) == ["refused unknown_person"]
    assert said(door.on_outcome(stranger(3), scene(3, 3))) == ["refused unknown_person", "lockout"]
    assert said(door.on_outcome(known("ada", 4, 50), scene(50, 4))) == ["refused locked_out"]
    assert said(door.on_outcome(known("ada", 5, 104), scene(104, 5))) == ["door_opened"]


def test_who_could_not_be_decided_on_does_not_lock_it(door: DoorPolicy) -> None:
    for number in range(10):
        assert said(door.on_outcome(undecided(number), scene(number, number))) == ["refused undecided"]


def test_several_people_get_the_hint_to_stand_there_alone(door: DoorPolicy) -> None:
    advice = Advice(1, Hint.TOO_DARK, 0.0)
    assert said(door.on_advice(advice, scene(0, 1))) == ["hint too_dark"]
    assert said(door.on_advice(advice, scene(0, 1, 2))) == ["hint one_person"]
