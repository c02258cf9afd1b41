"""v3/faceverify and v4/faceverify on the default pack: everything but the liveness, which it has no model for."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from tests.dialects.baidu_v3.v3_calls import of, token

LEFT_OUT = ["face_liveness", "thresholds", "liveness"]
PLAIN = ["face_token", "location", "face_probability", "angle"]


@pytest.mark.parametrize("count", [1, 3, 8])
def test_1_3_or_8_pictures(baidu, collins, hopper, count: int) -> None:
    texts = ([collins] + [hopper] * 7)[:count]
    result = baidu("v3/faceverify", [of(text) for text in texts])
    assert list(result) == ["face_list"] and len(result["face_list"]) == count
    assert all(list(face) == PLAIN for face in result["face_list"])
    assert result["face_list"][0] == baidu("v3/detect", of(collins))["face_list"][0]


@pytest.mark.parametrize("count", [0, 2, 4, 7, 9])
def test_another_number_of_pictures(baidu, count: int) -> None:
    assert baidu.error("v3/faceverify", [of("aGk=")] * count) == 222208


def test_the_liveness_is_left_out_and_named(baidu, collins) -> None:
    answer = baidu.raw("v3/faceverify", [of(collins)])
    assert answer.headers["warning"].endswith(f': {", ".join(LEFT_OUT)}"')
    answer = baidu.raw("v4/faceverify", {"sdk_version": "1", "image_list": [collins], "face_field": "spoofing,age"})
    assert answer.headers["warning"].endswith(f': {", ".join([*LEFT_OUT, "spoofing", "age"])}"')
    assert list(answer.json["result"]) == ["face_list"]


def test_face_fields_of_each_picture(baidu, collins, hopper) -> None:
    fields = "age,beauty,expression,faceshape,gender,glasses,landmark,quality,facetype"
    answer = baidu.raw(
        "v3/faceverify", [of(collins, face_field=fields), of(hopper), of(hopper, face_field="quality")]
    )
    first, second, third = answer.json["result"]["face_list"]
    assert list(first) == [*PLAIN, "landmark", "landmark72", "quality"]
    assert list(second) == PLAIN and list(third) == [*PLAIN, "quality"]
    assert len(first["landmark"]) == 4 and len(first["landmark72"]) == 72
    parts = ["left_eye", "right_eye", "nose", "mouth", "left_cheek", "right_cheek", "chin"]
    assert list(first["quality"]["occlusion"]) == parts
    assert set(first["quality"]) == {"occlusion", "blur", "illumination", "completeness"}
    assert answer.headers["warning"].endswith('age, beauty, expression, faceshape, gender, glasses, facetype"')
    assert baidu.error("v3/faceverify", [of(hopper), of(hopper), of(hopper, face_field="x")]) == 222017


def test_parsing_is_left_out_and_named(baidu, collins) -> None:
    answer = baidu.raw("v3/faceverify", [of(collins, face_field="parsing")])
    assert list(answer.json["result"]["face_list"][0]) == PLAIN
    assert answer.headers["warning"].endswith('parsing"')


def test_a_picture_without_a_face(baidu, collins, nobody) -> None:
    assert baidu.error("v3/faceverify", [of(collins), of(nobody), of(collins)]) == 222202
    assert baidu.error("v4/faceverify", sdk_version="1", image_list=[nobody]) == 222202


def test_the_tokens_can_be_used(baidu, collins) -> None:
    (face,) = baidu("v3/faceverify", [of(collins)])["face_list"]
    assert baidu("v3/faceverify", [token(face["face_token"])])["face_list"] == [face]


def test_the_parameters_of_a_picture(baidu, hopper) -> None:
    assert baidu.error("v3/faceverify", [{"image": hopper}]) == 222001
    assert baidu.error("v3/faceverify", [{"image_type": "BASE64"}]) == 222001
    assert baidu.error("v3/faceverify", [of(hopper) | {"image_type": "X"}]) == 222015


def test_version_4(baidu, collins, hopper) -> None:
    answer = baidu.raw("v4/faceverify", {"sdk_version": "1", "image_list": [collins, hopper]}).json
    assert list(answer) == ["error_code", "error_msg", "log_id", "result"]
    assert (answer["error_code"], answer["error_msg"]) == (0, "success")
    assert isinstance(answer["log_id"], str) and answer["log_id"].isdigit()
    assert [list(face) for face in answer["result"]["face_list"]] == [PLAIN, PLAIN]
    assert answer["result"]["face_list"][1] == baidu("v3/detect", of(hopper))["face_list"][0]


def test_a_failure_of_version_4(baidu) -> None:
    answer = baidu.raw("v4/faceverify", {"sdk_version": "1"}).json
    assert list(answer) == ["error_code", "error_msg", "log_id"]
    assert (answer["error_code"], answer["error_msg"]) == (222001, "param[image_list] is null")
    assert isinstance(answer["log_id"], str)


def test_face_fields_of_version_4(baidu, hopper) -> None:
    fields = "landmark,quality,expression,face_shape,gender,glasses,face_type"
    result = baidu("v4/faceverify", sdk_version=1, image_list=[hopper], face_field=fields)
    (face,) = result["face_list"]
    assert list(face) == [*PLAIN, "landmark", "landmark72", "quality"]
    assert "chin" in face["quality"]["occlusion"] and "chin_contour" not in face["quality"]["occlusion"]
    assert baidu.error("v4/faceverify", sdk_version=1, image_list=[hopper], face_field="x") == 222017


def test_image_list(baidu, hopper) -> None:
    assert len(baidu("v4/faceverify", sdk_version="1", image_list=[hopper] * 8)["face_list"]) == 8
    assert baidu.error("v4/faceverify", sdk_version="1", image_list=[hopper] * 9) == 222208
    for missing in ([], None, ""):
        assert baidu.error("v4/faceverify", sdk_version="1", image_list=missing) == 222001
    for wrong in (hopper, [1], [of(hopper)], {"a": hopper}, ["§"]):
        assert baidu.error("v4/faceverify", sdk_version="1", image_list=wrong) == 222013
    assert baidu.error("v4/faceverify", sdk_version="1", image_list=["aGVsbG8="]) == 222203


def test_image_list_as_a_form_field(baidu, hopper) -> None:
    form = urlencode({"sdk_version": "1", "image_list": json.dumps([hopper])})
    answer = baidu.raw("v4/faceverify", form.encode(), {"Content-Type": "application/x-www-form-urlencoded"})
    assert len(answer.json["result"]["face_list"]) == 1


def test_sdk_version(baidu, hopper) -> None:
    assert baidu.error("v4/faceverify", image_list=[hopper]) == 222001
    for wrong in ("2", "x", True):
        assert baidu.error("v4/faceverify", sdk_version=wrong, image_list=[hopper]) == 216100
    # 4 is the SDK that encrypts.
    assert baidu.error("v4/faceverify", sdk_version="4", app="ios", s_key="k", device_id="d", data="c") == 222203
    for given in ({"s_key": "k"}, {"device_id": "d"}, {"data": "c"}):
        assert baidu.error("v4/faceverify", {"sdk_version": "1", "image_list": [hopper], **given}) == 222203
    assert baidu.error("v4/faceverify", sdk_version="1", image_list=[hopper], app="windows") == 216100


def test_option(baidu, hopper) -> None:
    for option in ("COMMON", "GATE", "FINANCE", "LOGISTICS", "INTERNET", "GATE,NONSENSE", ["FINANCE", "X"], "", []):
        assert baidu("v4/faceverify", sdk_version="1", image_list=[hopper], option=option)["face_list"]
    for wrong in ("HOME", "NONSENSE,GATE", 5, ["X"]):
        assert baidu.error("v4/faceverify", sdk_version="1", image_list=[hopper], option=wrong) == 216100
