"""What is remembered of faces that were looked at: bounded, for a while, and forgotten when told."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from edgeface.remembered import RememberedFaces
from edgeface.types import BoundingBox, Face, Template

TEMPLATE = Template(np.ones(4, np.float32) / 2, "contract")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def face(token: str, template: Template | None = TEMPLATE) -> Face:
    return Face(BoundingBox(0, 0, 10, 10), 0.9, np.zeros((5, 2), np.float32), token, template=template)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_face_is_known_until_its_time_is_over(clock: Clock) -> None:
    remembered = RememberedFaces(most=10, lifetime_s=60, clock=clock)
    ada = face("ada")
    remembered.add([ada])
    clock.now += 59.9
    assert remembered.get("ada") is ada
    clock.now += 0.1
    assert remembered.get("ada") is None
    assert len(remembered) == 0


def test_asking_does_not_lengthen_a_life_but_seeing_does(clock: Clock) -> None:
    remembered = RememberedFaces(most=10, lifetime_s=60, clock=clock)
    remembered.add([face("asked"), face("seen")])
    clock.now += 40
    assert remembered.get("asked") is not None
    remembered.add([face("seen")])
    clock.now += 30
    assert remembered.get("asked") is None
    assert remembered.get("seen") is not None


def test_the_oldest_go_when_there_are_too_many(clock: Clock) -> None:
    remembered = RememberedFaces(most=3, lifetime_s=60, clock=clock)
    remembered.add([face("a"), face("b"), face("c")])
    remembered.add([face("a")])  # seen again: no longer the oldest
    remembered.add([face("d")])
    assert [token for token in "abcd" if remembered.get(token)] == ["a", "c", "d"]
    remembered.add(face(str(number)) for number in range(1000))
    assert len(remembered) == 3


def test_a_face_that_is_seen_again_is_the_new_one(clock: Clock) -> None:
    remembered = RememberedFaces(most=3, lifetime_s=60, clock=clock)
    older, newer = face("a"), face("a")
    remembered.add([older])
    remembered.add([newer])
    assert remembered.get("a") is newer and len(remembered) == 1


def test_forgetting(clock: Clock) -> None:
    remembered = RememberedFaces(most=10, lifetime_s=60, clock=clock)
    remembered.add([face("a"), face("b"), face("c")])
    remembered.forget(["a", "nobody", "a"])
    assert remembered.get("a") is None and remembered.get("b") is not None
    remembered.clear()
    assert len(remembered) == 0


def test_a_lifetime_of_zero_remembers_nothing(clock: Clock) -> None:
    remembered = RememberedFaces(most=10, lifetime_s=0, clock=clock)
    remembered.add([face("a")])
    assert remembered.get("a") is None and len(remembered) == 0


def test_a_face_that_cannot_stand_for_its_picture_is_not_kept(clock: Clock) -> None:
    remembered = RememberedFaces(most=10, lifetime_s=60, clock=clock)
    remembered.add([face("", TEMPLATE), face("no template", None)])
    assert len(remembered) == 0 and remembered.get("") is None


def test_many_threads_at_once(clock: Clock) -> None:
    remembered = RememberedFaces(most=50, lifetime_s=60, clock=clock)
    failures: list[BaseException] = []

    def work(name: int) -> None:
        try:
            for number in range(300):
                remembered.add([face(f"{name}.{number}")])
                remembered.get(f"{name}.{number - 1}")
                remembered.forget([f"{name}.{number - 2}"])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures and len(remembered) <= 50
