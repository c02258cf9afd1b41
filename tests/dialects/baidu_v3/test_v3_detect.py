"""v3/detect: parameters, the fields of a face, and what is left out."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from edgeface.api.dialects.baidu_v3.landmark_names import LANDMARK_150_NAMES
from tests import pictures
from tests.dialects.baidu_v3.v3_calls import of, text_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LAYOUT = Path(__file__).parents[3] / "models" / "default" / "landmark_layout.toml"
UNMEASURED = ["age", "beauty", "expression", "face_shape", "gender", "glasses", "eye_status", "emotion", "face_type"]


def _xy(value):
    assert list(value) == ["x", "y"] and all(type(number) is float for number in value.values())
    return value["x"], value["y"]


def test_the_default_answer(baidu, collins) -> None:
    result = baidu("v3/detect", of(collins))
    assert list(result) == ["face_num", "face_list"] and result["face_num"] == 1
    (face,) = result["face_list"]
    assert list(face) == ["face_token", "location", "face_probability", "angle"]
    assert isinstance(face["face_token"], str) and 0 < len(face["face_token"]) <= 64
    assert type(face["face_probability"]) is float and 0.5 < face["face_probability"] <= 1


def test_the_envelope(baidu, collins) -> None:
    answer = baidu.raw("v3/detect", of(collins))
    body = answer.json
    assert list(body) == ["error_code", "error_msg", "log_id", "timestamp", "cached", "result"]
    assert (body["error_code"], body["error_msg"], body["cached"]) == (0, "SUCCESS", 0)
    assert type(body["log_id"]) is int and body["log_id"] > 0 and type(body["timestamp"]) is int
    assert body["log_id"] != baidu.raw("v3/detect", of(collins)).json["log_id"]
    assert "warning" not in answer.headers


def test_location_and_angle(baidu, collins) -> None:
    (face,) = baidu("v3/detect", of(collins))["face_list"]
    place = face["location"]
    assert list(place) == ["left", "top", "width", "height", "rotation"]
    assert all(type(place[name]) is float for name in ("left", "top", "width", "height"))
    assert type(place["rotation"]) is int and abs(place["rotation"]) < 15
    for name, expected in zip(("left", "top", "width", "height"), pictures.ASTRONAUT_FACE, strict=True):
        assert place[name] == pytest.approx(expected, abs=25), name
    assert list(face["angle"]) == ["yaw", "pitch", "roll"]
    assert all(type(value) is float and abs(value) < 20 for value in face["angle"].values())


@pytest.mark.parametrize("degrees", [25, -25])
def test_rotation_and_roll_are_clockwise(baidu, degrees: int) -> None:
    turned = text_of(pictures.moved(pictures.hopper(), degrees=degrees))
    (face,) = baidu("v3/detect", of(turned))["face_list"]
    assert face["location"]["rotation"] == pytest.approx(degrees, abs=8)
    assert face["angle"]["roll"] == pytest.approx(degrees, abs=8)


def test_landmarks(baidu, hopper) -> None:
    (face,) = baidu("v3/detect", of(hopper, face_field="landmark"))["face_list"]
    left_eye, right_eye, nose, mouth = (_xy(point) for point in face["landmark"])
    assert left_eye[0] < nose[0] < right_eye[0] and left_eye[1] < nose[1] < mouth[1]
    assert len([_xy(point) for point in face["landmark72"]]) == 72
    assert "landmark150" not in face and "quality" not in face
    place = face["location"]
    assert place["left"] < mouth[0] < place["left"] + place["width"]


def test_landmark150_is_an_object_of_150_named_points(baidu, hopper) -> None:
    (face,) = baidu("v3/detect", of(hopper, face_field="landmark150"))["face_list"]
    points = face["landmark150"]
    assert len(points) == 150
    assert _xy(points["cheek_right_1"])[0] < _xy(points["nose_tip"])[0] < _xy(points["cheek_left_1"])[0]
    assert points["chin_2"]["y"] > points["mouth_corner_left_outer"]["y"] > points["nose_tip"]["y"]
    assert "landmark" not in face


def test_the_names_are_those_of_the_layout() -> None:
    layout = tomllib.loads(LAYOUT.read_text(encoding="utf-8"))
    assert list(LANDMARK_150_NAMES) == layout["names"]


def test_quality(baidu, hopper) -> None:
    (face,) = baidu("v3/detect", of(hopper, face_field="quality"))["face_list"]
    quality = face["quality"]
    assert set(quality) == {"occlusion", "blur", "illumination", "completeness"}
    assert type(quality["blur"]) is float and 0 <= quality["blur"] < 0.7
    assert type(quality["illumination"]) is float and 40 < quality["illumination"] < 255
    assert type(quality["completeness"]) is int and quality["completeness"] == 1
    assert all(type(share) is float and 0 <= share < 0.5 for share in quality["occlusion"].values())


def test_the_chin_has_the_name_of_the_table_and_that_of_the_example(baidu, hopper) -> None:
    (face,) = baidu("v3/detect", of(hopper, face_field="quality"))["face_list"]
    occlusion = face["quality"]["occlusion"]
    parts = {"left_eye", "right_eye", "nose", "mouth", "left_cheek", "right_cheek"}
    assert set(occlusion) == parts | {"chin", "chin_contour"}
    assert occlusion["chin"] == occlusion["chin_contour"]


def test_quality_follows_the_picture(baidu) -> None:
    covered = text_of(pictures.occluded(pictures.hopper(), 205, 260, 130, 75))
    dark, cut = text_of(pictures.darkened(pictures.hopper(), 0.2)), text_of(pictures.hopper()[:, 215:])
    blurred = text_of(pictures.blurred(pictures.hopper(), 8))
    covered, dark, cut, blurred = (
        baidu("v3/detect", of(text, face_field="quality"))["face_list"][0]["quality"]
        for text in (covered, dark, cut, blurred)
    )
    assert covered["occlusion"]["mouth"] > 0.7 > covered["occlusion"]["left_eye"]
    assert dark["illumination"] < 40
    assert cut["completeness"] == 0
    assert blurred["blur"] > 0.7


def test_unmeasured_attributes_are_left_out_and_named(baidu, collins) -> None:
    answer = baidu.raw("v3/detect", of(collins, face_field=",".join([*UNMEASURED, "race", "quality"])))
    (face,) = answer.json["result"]["face_list"]
    assert set(face) == {"face_token", "location", "face_probability", "angle", "quality"}
    warning = answer.headers["warning"]
    assert warning.startswith("199 edgeface ") and warning.endswith(f'{", ".join([*UNMEASURED, "race"])}"')


@pytest.mark.parametrize("wrong", ["landmark68", "quality;age", 5, ["quality"], {"a": 1}])
def test_an_unknown_face_field(baidu, collins, wrong) -> None:
    assert baidu.error("v3/detect", of(collins, face_field=wrong)) == 222017


@pytest.mark.parametrize("empty", ["", None, " , "])
def test_an_empty_face_field_is_the_default(baidu, collins, empty) -> None:
    (face,) = baidu("v3/detect", of(collins, face_field=empty))["face_list"]
    assert set(face) == {"face_token", "location", "face_probability", "angle"}


def test_max_face_num_is_1_unless_given(baidu, both) -> None:
    result = baidu("v3/detect", of(both))
    assert result["face_num"] == len(result["face_list"]) == 1
    for two in (2, "2", 10):
        result = baidu("v3/detect", of(both, max_face_num=two))
        assert result["face_num"] == len(result["face_list"]) == 2
    first, second = (face["location"] for face in result["face_list"])
    assert first["width"] * first["height"] > second["width"] * second["height"]


def test_at_most_10_faces(baidu) -> None:
    small = pictures.resized(pictures.hopper()[60:460, 80:430], 0.6)
    crowd = text_of(np.vstack([np.hstack([small] * 4)] * 3))
    assert baidu("v3/detect", of(crowd, max_face_num="10"))["face_num"] == 10
    assert baidu.error("v3/detect", of(crowd, max_face_num="11")) == 222016


@pytest.mark.parametrize("wrong", [0, -1, 11, "two", "2.5", 1.5, True, [1], "1" * 5000])
def test_a_wrong_max_face_num(baidu, collins, wrong) -> None:
    assert baidu.error("v3/detect", of(collins, max_face_num=wrong)) == 222016


@pytest.mark.parametrize("kind", ["LIVE", "IDCARD", "WATERMARK", "CERT", "", None])
def test_face_types(baidu, collins, kind) -> None:
    assert baidu("v3/detect", of(collins, face_type=kind))["face_num"] == 1


@pytest.mark.parametrize("wrong", ["INFRARED", "live", 1, ["LIVE"]])
def test_a_wrong_face_type(baidu, collins, wrong) -> None:
    assert baidu.error("v3/detect", of(collins, face_type=wrong)) == 222024


def test_no_face(baidu, nobody) -> None:
    assert baidu.error("v3/detect", of(nobody)) == 222202


def test_unknown_parameters_are_ignored(baidu, collins) -> None:
    assert baidu("v3/detect", of(collins, quality="high", aipSdk="python", nonsense={"a": []}))["face_num"] == 1
