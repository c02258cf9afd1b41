"""Attributes of versions 3 and 4, which the active pack has models for: present when asked for, in their types."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeface.api.dialects.baidu_v3.answers import FaceFields, describe
from edgeface.attributes import Attributes, EyeStatus, Likelihoods
from edgeface.types import BoundingBox, Face
from tests.dialects.baidu_v3.v3_calls import of, token
from tests.dialects.published import published, through

PLAIN = {"face_token", "location", "face_probability", "angle"}
# The models' answers (tests/attribute_packs.py) as the document writes them.
ANSWERS: dict[str, Any] = {
    "age": 31.0,
    "beauty": 64,
    "expression": {"type": "smile", "probability": 0.7},
    "face_shape": {"type": "oval", "probability": 0.6},
    "gender": {"type": "male", "probability": 0.8},
    "glasses": {"type": "common", "probability": 0.7},
    "eye_status": {"left_eye": 0.9, "right_eye": 0.8},
    "emotion": {"type": "happy", "probability": 0.9094},
    "face_type": {"type": "human", "probability": 0.99},
    "spoofing": 0.02,
}
DETECT = [name for name in ANSWERS if name != "spoofing"]
# What each faceverify call asks for, and what its answer calls it.
VERIFY_3 = {name: name for name in ("age", "beauty", "expression", "gender", "glasses")} | {
    "faceshape": "face_shape",
    "facetype": "face_type",
}
VERIFY_4 = {name: name for name in DETECT if name not in ("eye_status", "emotion")} | {"spoofing": "spoofing"}


def same(answer: Any, expected: Any) -> bool:
    """Equal in value and in JSON type; numbers to four digits."""
    if isinstance(expected, dict):
        return list(answer) == list(expected) and all(same(answer[name], expected[name]) for name in expected)
    if isinstance(expected, float):
        return type(answer) is float and answer == pytest.approx(expected, abs=2e-4)
    return type(answer) is type(expected) and answer == expected


@pytest.mark.parametrize("name", DETECT)
def test_what_is_asked_for_appears(full, hopper, name: str) -> None:
    answer = full.raw("v3/detect", of(hopper, face_field=name))
    (face,) = answer.json["result"]["face_list"]
    assert set(face) == {*PLAIN, name}
    assert same(face[name], ANSWERS[name]), face[name]
    assert "warning" not in answer.headers


def test_nothing_appears_unasked(full, hopper) -> None:
    (face,) = full("v3/detect", of(hopper))["face_list"]
    assert set(face) == PLAIN
    (face,) = full("v3/detect", of(hopper, face_field="quality"))["face_list"]
    assert set(face) == {*PLAIN, "quality"}


def test_every_face_has_its_attributes(full, both) -> None:
    answer = full.raw("v3/detect", of(both, face_field=",".join(DETECT), max_face_num=2))
    faces = answer.json["result"]["face_list"]
    assert [set(face) for face in faces] == [{*PLAIN, *DETECT}] * 2
    assert "warning" not in answer.headers


def test_what_nobody_offers_is_named_all_the_same(full, hopper) -> None:
    answer = full.raw("v3/detect", of(hopper, face_field="race,age,parsing"))
    assert set(answer.json["result"]["face_list"][0]) == {*PLAIN, "age"}
    assert answer.headers["warning"].endswith(': race, parsing"')


@pytest.mark.parametrize("name", VERIFY_3)
def test_faceverify_has_the_same_attributes(full, hopper, name: str) -> None:
    answer = full.raw("v3/faceverify", [of(hopper, face_field=name)])
    (face,) = answer.json["result"]["face_list"]
    key = VERIFY_3[name]
    assert set(face) == {*PLAIN, "liveness", key}
    assert same(face[key], ANSWERS[key]), face[key]
    assert "warning" not in answer.headers


@pytest.mark.parametrize("name", VERIFY_4)
def test_faceverify_of_version_4_has_them_too(full, hopper, name: str) -> None:
    answer = full.raw("v4/faceverify", {"sdk_version": "1", "image_list": [hopper], "face_field": name})
    (face,) = answer.json["result"]["face_list"]
    key = VERIFY_4[name]
    assert set(face) == {*PLAIN, "liveness", key}
    assert same(face[key], ANSWERS[key]), face[key]
    assert "warning" not in answer.headers


def test_a_remembered_face_has_its_attributes(full, hopper) -> None:
    (face,) = full("v3/detect", of(hopper))["face_list"]
    answer = full.raw("v3/detect", token(face["face_token"], face_field=",".join(DETECT)))
    (again,) = answer.json["result"]["face_list"]
    assert set(again) == {*PLAIN, *DETECT}
    assert same(again["gender"], ANSWERS["gender"])
    assert "warning" not in answer.headers


def test_an_enrolled_face_has_none(full, collins) -> None:
    added = full("v3/faceset/user/add", of(collins, group_id="attributes", user_id="eileen"))["face_token"]
    full.daemon.engine.forget([added])
    answer = full.raw("v3/detect", token(added, face_field="age,gender,quality"))
    assert answer.json["result"]["face_list"] == [{"face_token": added}]
    assert answer.headers["warning"].endswith(': age, gender, quality"')


def test_what_is_withheld_is_what_a_face_lacks() -> None:
    found = Attributes(age=40.0, eye_status=EyeStatus(1.0, 0.25))
    face = Face(BoundingBox(0, 0, 9, 9), 1.0, np.zeros((5, 2), np.float32), "t", attributes=found)
    described = describe(face, FaceFields(("age", "gender", "eye_status", "facetype", "race"), ("chin",)))
    assert described.entry["age"] == 40.0
    assert described.entry["eye_status"] == {"left_eye": 1.0, "right_eye": 0.25}
    assert described.withheld == ("gender", "facetype", "race")


def test_the_likeliest_class_is_answered() -> None:
    surprised = Likelihoods((("angry", 0.2), ("surprise", 0.5), ("neutral", 0.3)))
    face = Face(
        BoundingBox(0, 0, 9, 9), 1.0, np.zeros((5, 2), np.float32), "t", attributes=Attributes(emotion=surprised)
    )
    entry = describe(face, FaceFields(("emotion",), ())).entry
    assert entry["emotion"] == {"type": "surprise", "probability": 0.5}


def test_the_published_client_gets_them(full, hopper) -> None:
    aip = published("baidu-aip", "4.16.13", "aip")
    with through(full.daemon.socket):
        client = aip.AipFace("1", "ak", "sk")
        (face,) = client.detect(hopper, "BASE64", {"face_field": ",".join(DETECT)})["result"]["face_list"]
        assert all(same(face[name], ANSWERS[name]) for name in DETECT)
        result = client.faceverify([of(hopper, face_field="age,faceshape")])["result"]
        assert {"age", "face_shape", "liveness"} < set(result["face_list"][0])
        answer = client.onlinePictureLiveV4("1", {"image_list": [hopper], "face_field": "spoofing"})
        assert same(answer["result"]["face_list"][0]["spoofing"], ANSWERS["spoofing"])
