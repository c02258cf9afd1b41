"""Attributes of version 2 that the active pack has models for: present when asked for, in the documents' types."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from edgeface.api.dialects.baidu_v2 import answers
from edgeface.attributes import Attributes, Likelihoods
from edgeface.register import IdRegister
from edgeface.types import BoundingBox, Face, Pose
from tests.api.running import Running
from tests.dialects.baidu_v2.baidu_v2_wire import b64, raw, withheld

ALWAYS = {"location", "face_probability", "rotation_angle", "yaw", "pitch", "roll"}
# The models' answers (tests/attribute_packs.py) as the documents write them. All of their tables have
# expression_probability, the recorded answer of 2018 has expression_probablity: both are answered.
ANSWERS: dict[str, dict[str, Any]] = {
    "age": {"age": 31.0},
    "beauty": {"beauty": 64.5},
    "expression": {"expression": 1, "expression_probability": 0.7, "expression_probablity": 0.7},
    "faceshape": {
        "faceshape": [
            {"type": "square", "probability": 0.05},
            {"type": "triangle", "probability": 0.05},
            {"type": "oval", "probability": 0.6},
            {"type": "heart", "probability": 0.2},
            {"type": "round", "probability": 0.1},
        ]
    },
    "gender": {"gender": "male", "gender_probability": 0.8},
    "glasses": {"glasses": 1, "glasses_probability": 0.7},
}
TYPE = {"human": pytest.approx(0.99, abs=1e-4), "cartoon": pytest.approx(0.01, abs=1e-4)}


def same(answer: Any, expected: Any) -> bool:
    """Equal in value and in JSON type; numbers to four digits."""
    if isinstance(expected, dict):
        return set(answer) == set(expected) and all(same(answer[name], expected[name]) for name in expected)
    if isinstance(expected, list):
        return len(answer) == len(expected) and all(map(same, answer, expected))
    if isinstance(expected, float):
        return type(answer) is float and answer == pytest.approx(expected, abs=1e-4)
    return type(answer) is type(expected) and answer == expected


@pytest.mark.parametrize("path", ["v1/detect", "v2/detect"])
@pytest.mark.parametrize("word", ANSWERS)
def test_what_is_asked_for_appears(full: Running, hopper: bytes, path: str, word: str) -> None:
    answer = raw(full, path, image=hopper, face_fields=word)
    (face,) = answer.json["result"]
    shown = {name: value for name, value in face.items() if name not in ALWAYS}
    assert same(shown, ANSWERS[word]), shown
    assert withheld(answer) == set()


def test_nothing_appears_unasked(full: Running, hopper: bytes) -> None:
    answer = raw(full, "v2/detect", image=hopper)
    assert set(answer.json["result"][0]) == ALWAYS
    assert set(raw(full, "v2/detect", image=hopper, face_fields="landmark").json["result"][0]) == {
        *ALWAYS,
        "landmark",
        "landmark72",
    }


def test_every_face_has_its_attributes(full: Running, both: bytes) -> None:
    words = ["age", "face-shape", "gender"]  # the hyphen of the SDK chapters
    answer = raw(full, "v2/detect", image=both, max_face_num=2, face_fields=",".join(words))
    expected = {*ALWAYS, "age", "faceshape", "gender", "gender_probability"}
    assert [set(face) for face in answer.json["result"]] == [expected] * 2
    assert withheld(answer) == set()


def test_race_is_not_offered(full: Running, hopper: bytes) -> None:
    answer = raw(full, "v2/detect", image=hopper, face_fields="race,age")
    assert set(answer.json["result"][0]) == {*ALWAYS, "age"}
    assert withheld(answer) == {"race"}


@pytest.mark.parametrize("path", ["v2/detect", "v2/faceverify"])
def test_qualities_type_tells_people_from_cartoons(full: Running, hopper: bytes, path: str) -> None:
    answer = raw(full, path, image=hopper, face_fields="qualities")
    (face,) = answer.json["result"]
    assert set(face["qualities"]) == {"occlusion", "blur", "illumination", "completeness", "type"}
    assert face["qualities"]["type"] == TYPE
    assert all(type(share) is float for share in face["qualities"]["type"].values())
    assert withheld(answer) == set()


def test_qualities_type_of_match_and_person_verify(full: Running, hopper: bytes) -> None:
    answer = raw(full, "v2/match", images=b64(hopper, hopper), ext_fields="qualities")
    assert [item["type"] for item in json.loads(answer.json["ext_info"]["qualities"])] == [TYPE, TYPE]
    assert withheld(answer) == set()
    number, name = "110233112299822211", "张三"
    register = IdRegister(full.engine)
    register.add(hopper, number, name)
    try:
        given = {"image": hopper, "id_card_number": number, "name": name, "ext_fields": "qualities"}
        answer = raw(full, "v2/person/verify", **given)
        assert answer.json["ext_info"]["qualities"]["type"] == TYPE
        assert withheld(answer) == set()
    finally:
        register.remove(number)


def test_faceverify_has_no_other_attributes(full: Running, hopper: bytes) -> None:
    answer = raw(full, "v2/faceverify", image=hopper, face_fields=",".join(ANSWERS))
    assert set(answer.json["result"][0]) == ALWAYS
    assert withheld(answer) == set()


def described(attributes: Attributes, *words: str) -> tuple[dict[str, Any], set[str]]:
    """What detect says of a face with these attributes, besides its place; what is withheld."""
    points = np.zeros((5, 2), np.float32)
    left_out = answers.Withheld()
    face = Face(BoundingBox(0, 0, 9, 9), 1.0, points, pose=Pose(0, 0, 0), attributes=attributes)
    answer = answers.face(face, answers.fields_of(words), left_out)
    return {name: value for name, value in answer.items() if name not in ALWAYS}, set(left_out)


def test_what_is_withheld_is_what_a_face_lacks() -> None:
    assert described(Attributes(age=40.0), "age", "beauty", "gender") == ({"age": 40.0}, {"beauty", "gender"})


@pytest.mark.parametrize(("kind", "number"), [("none", 0), ("smile", 1), ("laugh", 2)])
def test_kinds_of_expression_are_numbers(kind: str, number: int) -> None:
    found, _ = described(Attributes(expression=Likelihoods(((kind, 0.6), ("other", 0.4)))), "expression")
    assert (found["expression"], found["expression_probability"]) == (number, 0.6)


@pytest.mark.parametrize(("kind", "number"), [("none", 0), ("common", 1), ("sun", 2)])
def test_kinds_of_glasses_are_numbers(kind: str, number: int) -> None:
    found, _ = described(Attributes(glasses=Likelihoods(((kind, 0.6), ("other", 0.4)))), "glasses")
    assert found == {"glasses": number, "glasses_probability": 0.6}
