from __future__ import annotations

from edgeface.config import KioskConfig
from edgeface.live.hints import Hint
from edgeface.live.outcome import Advice
from edgeface.live.policy.kiosk import KioskPolicy
from tests.live.scenes import known, said, scene, stranger


def kiosk() -> KioskPolicy:
    return KioskPolicy(KioskConfig(greet_after_s=10), "kiosk")


def test_a_person_is_greeted_once_in_a_while() -> None:
    policy = kiosk()
    assert said(policy.on_outcome(known("ada"), scene(0, 1))) == ["recognised"]
    assert said(policy.on_outcome(known("ada", 2, 5), scene(5, 2))) == []
    assert said(policy.on_outcome(known("ada", 3, 16), scene(16, 3))) == ["recognised"]


def test_only_the_person_in_front_is_answered_and_the_next_one_when_they_step_up() -> None:
    policy = kiosk()
    assert said(policy.on_outcome(known("ada", 1), scene(0, 1, 2))) == ["recognised"]
    assert said(policy.on_outcome(known("ben", 2), scene(1, 1, 2))) == []
    assert said(policy.on_scene(scene(2, 1, 2))) == []
    assert said(policy.on_scene(scene(3, 2))) == ["recognised"]
    assert said(policy.on_scene(scene(4, 2))) == []


def test_who_leaves_the_queue_is_forgotten() -> None:
    policy = kiosk()
    policy.on_outcome(stranger(2), scene(0, 1, 2))
    assert said(policy.on_scene(scene(1, 1))) == []
    assert said(policy.on_scene(scene(2, 2))) == []


def test_hints_are_for_the_person_in_front() -> None:
    policy = kiosk()
    assert said(policy.on_advice(Advice(1, Hint.CLOSER, 0), scene(0, 1, 2))) == ["hint closer"]
    assert said(policy.on_advice(Advice(2, Hint.CLOSER, 0), scene(0, 1, 2))) == []
