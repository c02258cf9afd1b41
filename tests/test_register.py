"""The local register of ID photographs: who is in it, what it decides, what it never shows."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from edgeface.config import Config
from edgeface.engine import Engine, Gate
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.register import MOST_NAME_BYTES, IdRegister
from edgeface.types import QualityLevel
from tests import pictures
from tests.packs import default_folder

NUMBER = "110233112299822211"  # the documents' example
NAME = "张三"
ANY = Gate(QualityLevel.NONE)


@pytest.fixture(scope="module")
def photograph() -> bytes:
    return pictures.encoded(pictures.hopper(), ".jpg")


@pytest.fixture(scope="module")
def snapshot() -> bytes:
    """Another picture of the same person."""
    return pictures.encoded(pictures.moved(pictures.hopper(), scale=0.8, degrees=6), ".jpg")


@pytest.fixture(scope="module")
def stranger() -> bytes:
    return pictures.encoded(pictures.astronaut(), ".jpg")


@pytest.fixture
def register(engine: Engine) -> IdRegister:
    return IdRegister(engine)


def _code(call: object, *arguments: object, **named: object) -> ErrorCode:
    with pytest.raises(EdgeFaceError) as raised:
        call(*arguments, **named)  # type: ignore[operator]
    return raised.value.code


def test_the_same_person_is_recognised_and_a_stranger_is_not(
    register: IdRegister, photograph: bytes, snapshot: bytes, stranger: bytes
) -> None:
    register.add(photograph, NUMBER, NAME, gate=ANY)
    same = register.verify(snapshot, NUMBER, NAME)
    other = register.verify(stranger, NUMBER, NAME)
    assert same.same_person and same.score >= 80 > other.score and not other.same_person
    assert same.fmr < 1e-4 < other.fmr
    assert same.face.box.width > 0


def test_the_score_is_that_of_a_comparison(
    register: IdRegister, engine: Engine, photograph: bytes, snapshot: bytes
) -> None:
    register.add(photograph, NUMBER, NAME, gate=ANY)
    assert register.verify(snapshot, NUMBER, NAME).score == pytest.approx(engine.compare(photograph, snapshot).score)


def test_an_unknown_number_and_a_wrong_name(register: IdRegister, photograph: bytes, stranger: bytes) -> None:
    assert _code(register.verify, photograph, NUMBER, NAME) is ErrorCode.ID_NOT_REGISTERED
    register.add(photograph, NUMBER, NAME, gate=ANY)
    assert _code(register.verify, photograph, "110233112299822212", NAME) is ErrorCode.ID_NOT_REGISTERED
    assert _code(register.verify, photograph, NUMBER, "李四") is ErrorCode.ID_NAME_MISMATCH
    # The name decides before the face does: a stranger with a wrong name learns nothing of the face.
    assert _code(register.verify, stranger, NUMBER, "张") is ErrorCode.ID_NAME_MISMATCH


def test_names_are_compared_as_read_and_numbers_as_meant(register: IdRegister, photograph: bytes) -> None:
    register.add(photograph, "11023311229982221x", "Grace  Brewster\tHopper", gate=ANY)
    assert register.has(" 11023311229982221X ")
    assert register.has("11023311229982221X".translate({ord("1"): "\uff11"}))  # a full-width digit
    assert register.verify(photograph, "11023311229982221X", " \uff27race Brewster Hopper ").same_person
    assert _code(register.verify, photograph, "11023311229982221X", "grace brewster hopper") is (
        ErrorCode.ID_NAME_MISMATCH
    )


@pytest.mark.parametrize("number", ["110233112299822211", "11023311229982221X", "110233112299822"])
def test_numbers_that_can_be(register: IdRegister, number: str) -> None:
    assert register.has(number) is False


@pytest.mark.parametrize(
    "number",
    [
        "",
        "1102331122998222",
        "1102331122998222110",
        "11023311229982X",
        "1102331122998222Y1",
        "X" * 18,
        "1" * 14,
        1,
        None,
    ],
)
def test_numbers_that_cannot_be(register: IdRegister, photograph: bytes, number: str) -> None:
    for call in (register.has, register.remove):
        with pytest.raises(EdgeFaceError) as raised:
            call(number)
        assert raised.value.code is ErrorCode.INVALID_PARAMETER and raised.value.context["parameter"] == "id_number"
    assert _code(register.add, photograph, number, NAME) is ErrorCode.INVALID_PARAMETER
    assert _code(register.verify, photograph, number, NAME) is ErrorCode.INVALID_PARAMETER


@pytest.mark.parametrize(
    "name",
    ["", " \t ", "a" * (MOST_NAME_BYTES + 1), "张" * (MOST_NAME_BYTES // 3 + 1), "\ud800", "a\0b", "\ufdfa" * 20, 7],
)
def test_names_that_cannot_be(register: IdRegister, photograph: bytes, name: str) -> None:
    for call in (register.add, register.verify):
        with pytest.raises(EdgeFaceError) as raised:
            call(photograph, NUMBER, name)
        assert raised.value.code is ErrorCode.INVALID_PARAMETER and raised.value.context["parameter"] == "name"
    assert register.count() == 0


def test_the_longest_name(register: IdRegister, photograph: bytes) -> None:
    register.add(photograph, NUMBER, "a" * MOST_NAME_BYTES, gate=ANY)
    assert register.verify(photograph, NUMBER, "a" * MOST_NAME_BYTES).same_person


def test_a_new_photograph_takes_the_place_of_the_old_one_with_its_name(
    register: IdRegister, photograph: bytes, stranger: bytes
) -> None:
    register.add(photograph, NUMBER, NAME, gate=ANY)
    register.add(stranger, NUMBER, "李四", gate=ANY)
    assert register.count() == 1
    assert _code(register.verify, stranger, NUMBER, NAME) is ErrorCode.ID_NAME_MISMATCH
    assert register.verify(stranger, NUMBER, "李四").same_person
    assert not register.verify(photograph, NUMBER, "李四").same_person


def test_one_more_photograph_of_the_same_person(register: IdRegister, photograph: bytes, stranger: bytes) -> None:
    register.add(photograph, NUMBER, NAME, replace=False, gate=ANY)
    assert _code(register.add, stranger, NUMBER, "李四", replace=False, gate=ANY) is ErrorCode.ID_NAME_MISMATCH
    assert _code(register.add, photograph, NUMBER, NAME, replace=False, gate=ANY) is ErrorCode.FACE_EXISTS
    register.add(stranger, NUMBER, NAME, replace=False, gate=ANY)
    assert register.verify(photograph, NUMBER, NAME).same_person  # the best of the two counts
    assert register.verify(stranger, NUMBER, NAME).same_person


def test_what_was_removed_is_gone(register: IdRegister, engine: Engine, photograph: bytes) -> None:
    token = register.add(photograph, NUMBER, NAME, gate=ANY).face.token
    register.remove(NUMBER)
    assert register.count() == 0 and not register.has(NUMBER)
    assert _code(register.remove, NUMBER) is ErrorCode.ID_NOT_REGISTERED
    assert _code(register.verify, photograph, NUMBER, NAME) is ErrorCode.ID_NOT_REGISTERED
    assert engine.gallery.face(token) == ()


def test_pictures_without_a_usable_face(register: IdRegister, photograph: bytes) -> None:
    empty = pictures.encoded(pictures.non_face("coffee")[:120, :120], ".jpg")
    assert _code(register.add, empty, NUMBER, NAME) is ErrorCode.NO_FACE
    register.add(photograph, NUMBER, NAME, gate=ANY)
    assert _code(register.verify, empty, NUMBER, NAME) is ErrorCode.NO_FACE
    small = pictures.encoded(pictures.moved(pictures.hopper(), scale=0.3), ".jpg")
    strict = Gate(QualityLevel.HIGH)
    assert _code(register.verify, small, NUMBER, NAME, gate=strict) is ErrorCode.QUALITY
    assert _code(register.add, small, NUMBER, NAME, gate=strict) is ErrorCode.QUALITY
    assert register.verify(photograph, NUMBER, NAME).same_person  # the refused photograph replaced nothing


def test_a_token_stands_for_its_picture(register: IdRegister, engine: Engine, photograph: bytes) -> None:
    from edgeface.types import FaceToken

    token = FaceToken(engine.detect(photograph, remember=True).faces[0].token)
    register.add(token, NUMBER, NAME, gate=ANY)
    assert register.verify(token, NUMBER, NAME).same_person
    assert _code(register.verify, FaceToken("0" * 32), NUMBER, NAME) is ErrorCode.FACE_TOKEN_UNKNOWN


def test_neither_number_nor_name_stands_in_the_database(
    register: IdRegister, engine: Engine, config: Config, photograph: bytes
) -> None:
    register.add(photograph, NUMBER, "Grace Hopper", gate=ANY)
    engine.gallery.settle()
    found = b"".join(file.read_bytes() for file in config.state_dir.rglob("*") if file.is_file())
    assert b"id_register" in found  # so that we look at the right place
    assert NUMBER.encode() not in found and b"Hopper" not in found
    with sqlite3.connect(f"file:{config.state_dir / 'gallery.db'}?mode=ro", uri=True) as database:
        ((user_id,),) = database.execute("SELECT name FROM users").fetchall()
    assert len(user_id) == 64 and set(user_id) <= set("0123456789abcdef")


def test_no_search_turns_a_face_into_an_id_number(register: IdRegister, engine: Engine, photograph: bytes) -> None:
    register.add(photograph, NUMBER, NAME, gate=ANY)
    engine.enrol(photograph, "staff", "grace", gate=ANY)
    groups = ["staff", "id_register"]
    template = engine.embed(photograph).template
    assert template is not None
    assert _code(engine.identify, photograph, groups) is ErrorCode.GROUP_NOT_FOUND
    assert _code(engine.identify_all, photograph, groups) is ErrorCode.GROUP_NOT_FOUND
    assert _code(engine.identify_template, template, groups) is ErrorCode.GROUP_NOT_FOUND
    user_id = engine.gallery.users("id_register", 0, 1).items[0].user_id
    assert _code(engine.verify, photograph, "id_register", user_id) is ErrorCode.GROUP_NOT_FOUND


def test_an_archive_carries_the_register_to_a_device_with_another_key(
    register: IdRegister, engine: Engine, config: Config, photograph: bytes, stranger: bytes, tmp_path: Path
) -> None:
    default_folder("detector", "embedder")
    register.add(photograph, NUMBER, NAME, gate=ANY)
    register.add(photograph, "110233112299822212", NAME, gate=ANY)
    archive = tmp_path / "all.edgeface"
    engine.gallery.export_archive(archive, "a passphrase")
    with Engine.open(config.model_copy(update={"state_dir": tmp_path / "other"})) as other:
        there = IdRegister(other)
        there.add(stranger, NUMBER, "李四", gate=ANY)
        other.enrol(photograph, "staff", "grace", gate=ANY)
        other.gallery.import_archive(archive, "a passphrase")
        assert not there.has("110233112299822212")
        assert there.adopt() == 2
        assert there.count() == 2
        assert there.verify(photograph, "110233112299822212", NAME).same_person
        assert there.verify(stranger, NUMBER, "李四").same_person  # what was here stays
        assert not there.verify(photograph, NUMBER, "李四").same_person
        assert there.adopt() == 0
        assert len(other.gallery.faces("staff", "grace")) == 1


def test_an_empty_register(register: IdRegister) -> None:
    assert register.count() == 0
    assert not register.has(NUMBER)
    assert register.adopt() == 0
    assert _code(register.remove, NUMBER) is ErrorCode.ID_NOT_REGISTERED
