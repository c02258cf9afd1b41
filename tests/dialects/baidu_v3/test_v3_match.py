"""v3/match and v4/mingjing/match."""

from __future__ import annotations

import numpy as np
import pytest

from tests import pictures
from tests.dialects.baidu_v3.v3_calls import of, text_of, token


def test_match(baidu, collins, hopper, hopper_again) -> None:
    result = baidu("v3/match", [of(hopper), of(hopper_again)])
    assert list(result) == ["score", "face_list"]
    assert type(result["score"]) is float and 80 <= result["score"] <= 100
    assert [list(face) for face in result["face_list"]] == [["face_token"]] * 2
    tokens = [baidu("v3/detect", of(text))["face_list"][0]["face_token"] for text in (hopper, hopper_again)]
    assert [face["face_token"] for face in result["face_list"]] == tokens
    assert 0 <= baidu("v3/match", [of(hopper), of(collins)])["score"] < 80


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_match_takes_two_pictures(baidu, hopper, count: int) -> None:
    assert baidu.error("v3/match", [of(hopper)] * count) == 222208


def test_a_match_takes_an_array(baidu, hopper) -> None:
    assert baidu.error("v3/match", of(hopper)) == 222208
    for wrong in ([1, 2], ["a", "b"], [[], []]):
        assert baidu.error("v3/match", wrong) == 216100


def test_the_parameters_of_each_picture(baidu, hopper) -> None:
    for kind in ("LIVE", "IDCARD", "WATERMARK", "CERT"):
        assert baidu("v3/match", [of(hopper, face_type=kind), of(hopper)])["score"] == 100
    assert baidu.error("v3/match", [of(hopper), of(hopper, face_type="INFRARED")]) == 222024
    assert baidu.error("v3/match", [of(hopper), {"image": hopper}]) == 222001
    assert baidu.error("v3/match", [of(hopper), {"image": hopper, "image_type": "X"}]) == 222015
    assert baidu.error("v3/match", [of(hopper), {"image_type": "BASE64"}]) == 222001


def test_a_match_without_a_face(baidu, hopper, nobody) -> None:
    assert baidu.error("v3/match", [of(hopper), of(nobody)]) == 222202
    assert baidu.error("v3/match", [of(nobody), of(hopper)]) == 222202


def test_match_v4(baidu, collins, hopper, hopper_again) -> None:
    answer = baidu.raw("v4/mingjing/match", {"image": hopper, "register_image": hopper_again})
    assert list(answer.json) == ["error_code", "error_msg", "log_id", "result"]
    assert answer.json["error_code"] == 0 and type(answer.json["log_id"]) is int
    assert "warning" not in answer.headers
    result = answer.json["result"]
    assert list(result) == ["score", "face_list"] and 80 <= result["score"] <= 100
    assert result == baidu("v3/match", [of(hopper), of(hopper_again)])
    assert baidu("v4/mingjing/match", image=hopper, register_image=collins)["score"] < 80


def test_v4_image_types(baidu, hopper) -> None:
    (face,) = baidu("v3/detect", of(hopper))["face_list"]
    value = face["face_token"]
    for first in (of(hopper), token(value)):
        given = {**first, "register_image": value, "register_image_type": "FACE_TOKEN"}
        assert baidu("v4/mingjing/match", given)["score"] == 100
    assert baidu.error("v4/mingjing/match", image=hopper, image_type="X", register_image=hopper) == 222015
    assert baidu.error("v4/mingjing/match", image=hopper, register_image=hopper, register_image_type="X") == 222015
    url = {"image": hopper, "register_image": "http://127.0.0.1/x", "register_image_type": "URL"}
    assert baidu.error("v4/mingjing/match", url) == 222204


def test_v4_pictures_are_required(baidu, hopper) -> None:
    assert baidu.error("v4/mingjing/match", register_image=hopper) == 222001
    answer = baidu.raw("v4/mingjing/match", {"image": hopper}).json
    assert (answer["error_code"], answer["error_msg"]) == (222001, "param[register_image] is null")


def test_v4_failures_have_the_form_of_the_document(baidu) -> None:
    answer = baidu.raw("v4/mingjing/match", {}).json
    assert list(answer) == ["error_code", "error_msg", "log_id"]


def test_v4_face_types(baidu, hopper) -> None:
    for kind in ("LIVE", "IDCARD", "WATERMARK", "CERT", "INFRARED"):
        given = {"image": hopper, "register_image": hopper, "face_type": kind, "register_face_type": kind}
        assert baidu("v4/mingjing/match", given)["score"] == 100
    for name in ("face_type", "register_face_type"):
        assert baidu.error("v4/mingjing/match", {"image": hopper, "register_image": hopper, name: "X"}) == 222024


def test_face_sort_type(baidu, collins) -> None:
    # Collins is in the middle, Hopper's face is larger.
    blank = np.full((400, 341, 3), 110, np.uint8)
    crowd = text_of(np.hstack([pictures.side_by_side(pictures.hopper(), pictures.astronaut()), blank]))
    given = {"image": crowd, "register_image": collins}
    for largest in ({}, {"face_sort_type": 0}, {"face_sort_type": "0"}):
        assert baidu("v4/mingjing/match", given | largest)["score"] < 80
    for nearest in (1, "1"):
        assert baidu("v4/mingjing/match", given | {"face_sort_type": nearest})["score"] > 80
    for wrong in (2, -1, "x", True):
        assert baidu.error("v4/mingjing/match", given | {"face_sort_type": wrong}) == 216100


@pytest.mark.parametrize(
    "given",
    [{"sec_level": "lite"}, {"skey": "k"}, {"x_device_id": "d"}, {"data": "c"}, {"sec_level": "lite", "app": "ios"}],
)
def test_encrypted_pictures_cannot_be_opened(baidu, hopper, given) -> None:
    assert baidu.error("v4/mingjing/match", {"register_image": hopper, **given}) == 222203
    assert baidu.error("v4/mingjing/match", {"image": hopper, "register_image": hopper, **given}) == 222203


def test_plain_pictures_of_the_capture_sdk(baidu, hopper) -> None:
    for app in ("ios", "android"):
        given = {"image": hopper, "register_image": hopper, "app": app, "sec_level": "common"}
        assert baidu("v4/mingjing/match", given)["score"] == 100
    for wrong in ({"app": "windows"}, {"sec_level": "high"}):
        assert baidu.error("v4/mingjing/match", {"image": hopper, "register_image": hopper, **wrong}) == 216100


def test_risk_fields_are_left_out_and_named(baidu, hopper) -> None:
    given = {"image": hopper, "register_image": hopper, "risk_identify": True}
    answer = baidu.raw("v4/mingjing/match", given)
    assert list(answer.json) == ["error_code", "error_msg", "log_id", "result"]
    assert answer.headers["warning"].endswith(': risk_level, risk_tag"')
