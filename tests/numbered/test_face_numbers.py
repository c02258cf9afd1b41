"""Numbers for users, and the use cases on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgeface.config import Config
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.numbered.faces import LEAST_FACE, NumberedFaces
from edgeface.numbered.numbers import NUMBERS, HashedNumbers, new_number, number_of, user_id_of
from edgeface.types import BoundingBox, Face, Template


def users(*user_ids: str) -> Callable[[], HashedNumbers]:
    return lambda: HashedNumbers(user_ids)


@pytest.mark.parametrize("user_id", ["1", "10021", str(2**52 - 1)])
def test_a_number_is_its_own_number(user_id: str) -> None:
    assert number_of(user_id) == int(user_id)
    assert user_id_of(int(user_id), users()) == user_id


@pytest.mark.parametrize("user_id", ["ada", "0", "007", str(2**52), "1" * 40, "a_1", "x" * 128])
def test_any_other_id_has_a_number_beyond(user_id: str) -> None:
    number = number_of(user_id)
    assert 2**52 <= number < 2**53
    assert number in NUMBERS
    assert user_id_of(number, users("eve", user_id, "5")) == user_id
    assert user_id_of(number, users("eve", "5")) is None


def test_numbers_are_distinct_and_do_not_change() -> None:
    ids = [f"user_{number}" for number in range(5000)] + [str(number) for number in range(1, 5000)]
    assert len({number_of(user_id) for user_id in ids}) == len(ids)
    assert number_of("ada") == 8970795931143125  # written into other people's databases


def test_a_number_that_two_have_is_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeface.numbered.numbers.number_of", lambda user_id: 2**52 + 5)
    assert user_id_of(2**52 + 5, users("ada", "eve")) is None
    assert user_id_of(2**52 + 5, users("ada")) == "ada"


@pytest.mark.parametrize("number", [0, -1, 2**53, 2**60])
def test_what_is_no_number(number: int) -> None:
    assert user_id_of(number, users("ada")) is None


def test_new_numbers_are_random_and_written() -> None:
    numbers = [new_number() for _ in range(1000)]
    assert len(set(numbers)) == 1000
    assert all(2**51 <= number < 2**52 and number_of(str(number)) == number for number in numbers)


# --- the use cases, on a real gallery


@pytest.fixture
def numbered(engine: Engine) -> Iterator[NumberedFaces]:
    yield NumberedFaces(engine)


def template(engine: Engine, seed: int) -> Template:
    vector = np.random.default_rng(seed).standard_normal(engine.pack.dimension)
    return Template((vector / np.linalg.norm(vector)).astype(np.float32), engine.pack.contract_id)


def test_numbers_survive_an_archive(engine: Engine, config: Config, numbered: NumberedFaces, tmp_path: Any) -> None:
    for seed, user_id in enumerate(("ada", "10021")):
        engine.enrol_template(template(engine, seed), "staff", user_id, user_info=user_id)
    engine.gallery.export_archive(tmp_path / "a.efa", "secret")
    engine.erase()
    engine.enrol_template(template(engine, 7), "staff", "eve")
    engine.gallery.import_archive(tmp_path / "a.efa", "secret")
    for user_id in ("ada", "10021"):
        assert numbered.find("staff", number_of(user_id)).tag == user_id


def test_the_same_user_has_one_number_in_every_group(engine: Engine, numbered: NumberedFaces) -> None:
    for group_id in ("staff", "night"):
        engine.enrol_template(template(engine, 1), group_id, "ada", user_info=group_id)
    assert [numbered.find(group_id, number_of("ada")).tag for group_id in ("staff", "night")] == ["staff", "night"]
    numbered.delete("night", number_of("ada"))
    assert numbered.find("staff", number_of("ada")).tag == "staff"


def test_all_users_of_a_group_are_told_apart() -> None:
    ids = [f"user_{number}" * (1 + number % 5) for number in range(2000)] + ["10021", "ada"]
    hashed = HashedNumbers(ids)
    assert [hashed.user_id(number_of(user_id)) for user_id in ids if user_id != "10021"] == [*ids[:2000], "ada"]
    assert hashed.user_id(number_of("eve")) is None
    assert HashedNumbers([]).user_id(number_of("eve")) is None


def test_the_users_are_looked_through_once_until_the_gallery_changes(
    engine: Engine, numbered: NumberedFaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.enrol_template(template(engine, 1), "staff", "ada", user_info="Ada")
    looked: list[str] = []
    user_ids = engine.gallery.user_ids
    monkeypatch.setattr(engine.gallery, "user_ids", lambda group_id: looked.append(group_id) or user_ids(group_id))
    for _ in range(3):
        assert NumberedFaces(engine).find("staff", number_of("ada")).tag == "Ada"
        with pytest.raises(EdgeFaceError):
            NumberedFaces(engine).find("staff", number_of("eve"))
    assert looked == ["staff"]
    engine.enrol_template(template(engine, 2), "staff", "eve", user_info="Eve")
    assert numbered.find("staff", number_of("eve")).tag == "Eve"
    engine.delete_user("staff", "ada")
    with pytest.raises(EdgeFaceError) as caught:
        numbered.find("staff", number_of("ada"))
    assert caught.value.code is ErrorCode.FACE_NOT_FOUND
    engine.erase()
    engine.enrol_template(template(engine, 3), "staff", "ada", user_info="again")
    assert numbered.find("staff", number_of("ada")).tag == "again"


def test_a_user_without_a_face_is_no_face(engine: Engine, numbered: NumberedFaces) -> None:
    record = engine.enrol_template(template(engine, 1), "staff", "ada")
    engine.delete_face("staff", "ada", record.face_token)
    with pytest.raises(EdgeFaceError) as caught:
        numbered.find("staff", number_of("ada"))
    assert caught.value.code is ErrorCode.FACE_NOT_FOUND


def test_changing_the_picture_of_one_who_is_gone_makes_nobody(
    engine: Engine, numbered: NumberedFaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Erased by another call between the look-up and the change."""
    engine.enrol_template(template(engine, 1), "staff", "ada")
    found = numbered._user("staff", number_of("ada"))
    monkeypatch.setattr(numbered, "_user", lambda group_id, number: found)
    face = Face(BoundingBox(0, 0, 90, 90), 0.9, np.zeros((5, 2), np.float32), "f" * 32, template=template(engine, 2))
    monkeypatch.setattr(engine, "_probes", lambda *a, **k: (face,))
    engine.delete_user("staff", "ada")
    with pytest.raises(EdgeFaceError) as caught:
        numbered.change("staff", number_of("ada"), picture=b"x", tag="back")
    assert caught.value.code is ErrorCode.USER_NOT_FOUND
    assert engine.gallery.user_ids("staff") == ()


@pytest.mark.parametrize(("width", "height", "passes"), [(30, 30, True), (29.9, 30, False), (30, 29.9, False)])
def test_the_smallest_face(width: float, height: float, passes: bool) -> None:
    face = Face(BoundingBox(5, 5, width, height), 0.9, np.zeros((5, 2), np.float32))
    engine: Any = SimpleNamespace(detect=lambda *a, **k: SimpleNamespace(faces=(face,)), embed=lambda *a, **k: face)
    numbered = NumberedFaces(engine)
    assert LEAST_FACE == 30
    for look in (lambda: numbered.upright(b"x")[0], lambda: numbered.largest(b"x")):
        if passes:
            assert look() is face
            continue
        with pytest.raises(EdgeFaceError) as caught:
            look()
        assert caught.value.code is ErrorCode.QUALITY
        assert caught.value.context["violations"][0]["measure"] in ("face_width", "face_height")


def test_small_faces_beside_large_ones_are_left_out() -> None:
    large = Face(BoundingBox(5, 5, 90, 90), 0.9, np.zeros((5, 2), np.float32))
    small = replace(large, box=BoundingBox(200, 5, 28, 28))
    on_its_side = replace(large, box=BoundingBox(300, 5, 90, 90, rotation=-90))
    engine: Any = SimpleNamespace(detect=lambda *a, **k: SimpleNamespace(faces=(large, small, on_its_side)))
    assert NumberedFaces(engine).upright(b"x") == (large,)
