"""v3/person/verify, v4/mingjing/verify and v1/faceliveness/sessioncode."""

from __future__ import annotations

import re

import pytest

from tests import pictures
from tests.dialects.baidu_v3.v3_calls import NAME, NUMBER, of, text_of, token

CALLS = ["v3/person/verify", "v4/mingjing/verify"]
OTHER_NUMBER = "110233112299822212"

pytestmark = pytest.mark.usefixtures("registered")


def _who(**more):
    return {"id_card_number": NUMBER, "name": NAME, **more}


def test_person_verify(baidu, hopper_again, collins) -> None:
    result = baidu("v3/person/verify", of(hopper_again, **_who()))
    assert list(result) == ["score"] and type(result["score"]) is float and 80 <= result["score"] <= 100
    assert baidu("v3/person/verify", of(collins, **_who()))["score"] < 80


def test_mingjing_verify(baidu, hopper_again, collins) -> None:
    answer = baidu.raw("v4/mingjing/verify", _who(image=hopper_again)).json
    assert list(answer) == ["error_code", "error_msg", "log_id", "result"] and type(answer["log_id"]) is int
    result = answer["result"]
    assert list(result) == ["score", "verify_status"]
    assert type(result["score"]) is float and 80 <= result["score"] <= 100
    assert result["verify_status"] == 0 and type(result["verify_status"]) is int
    stranger = baidu("v4/mingjing/verify", _who(image=collins))
    assert stranger["score"] < 80 and stranger["verify_status"] == 0


def test_an_unknown_number_or_another_name(baidu, hopper) -> None:
    unknown = of(hopper, **_who(id_card_number=OTHER_NUMBER))
    misnamed = of(hopper, **_who(name="李四"))
    assert baidu.error("v3/person/verify", unknown) == 222354
    assert baidu.error("v3/person/verify", misnamed) == 222351
    for given in (unknown, misnamed):
        assert baidu("v4/mingjing/verify", given) == {"score": 0.0, "verify_status": 1}


@pytest.mark.parametrize("call", CALLS)
def test_the_face_is_judged_before_the_number(baidu, nobody, call: str) -> None:
    dark = text_of(pictures.darkened(pictures.hopper(), 0.1))
    for who in (_who(), _who(id_card_number=OTHER_NUMBER), _who(name="李四")):
        assert baidu.error(call, of(nobody, **who)) == 222202
        assert baidu.error(call, of(dark, **who, quality_control="NORMAL")) == 223115
        assert baidu.error(call, of(dark, **who, liveness_control="LOW")) == 223120


@pytest.mark.parametrize("call", CALLS)
def test_id_card_number(baidu, hopper, call: str) -> None:
    given = of(hopper, **_who())
    assert baidu(call, given | {"id_card_number": int(NUMBER)})["score"] > 80
    for missing in (None, ""):
        assert baidu.error(call, given | {"id_card_number": missing}) == 222001
    for wrong in (True, [NUMBER], {"a": 1}, 1.5):
        assert baidu.error(call, given | {"id_card_number": wrong}) == 222022
    for wrong in ("1234", NUMBER + "0", "x" * 18, "号", NUMBER[:-1] + "Y"):
        assert baidu.error(call, given | {"id_card_number": wrong}) == 222353


@pytest.mark.parametrize("call", CALLS)
def test_name(baidu, hopper, call: str) -> None:
    given = of(hopper, **_who())
    for missing in (None, ""):
        assert baidu.error(call, given | {"name": missing}) == 222001
    for wrong in (5, True, ["张三"]):
        assert baidu.error(call, given | {"name": wrong}) == 222023
    for wrong in ("   ", "张" * 67, "a\x07b"):
        assert baidu.error(call, given | {"name": wrong}) == 222352
    assert baidu(call, given | {"name": f" {NAME} "})["score"] > 80


def test_image_types(baidu, hopper) -> None:
    (face,) = baidu("v3/detect", of(hopper))["face_list"]
    for call in CALLS:
        assert baidu(call, token(face["face_token"], **_who()))["score"] == 100
        assert baidu.error(call, _who(image="http://127.0.0.1/x", image_type="URL")) == 222204
        assert baidu.error(call, _who(image=hopper, image_type="X")) == 222015
        assert baidu.error(call, _who(image_type="BASE64")) == 222001
    assert baidu("v4/mingjing/verify", _who(image=hopper))["score"] == 100  # BASE64 by default
    assert baidu.error("v3/person/verify", _who(image=hopper)) == 222001


@pytest.mark.parametrize("given", [{"sec_level": "lite"}, {"skey": "k"}, {"x_device_id": "d"}, {"data": "c"}])
def test_encrypted_pictures_cannot_be_opened(baidu, hopper, given) -> None:
    assert baidu.error("v4/mingjing/verify", _who(**given)) == 222203
    assert baidu.error("v4/mingjing/verify", _who(image=hopper, **given)) == 222203


def test_plain_pictures_of_the_capture_sdk(baidu, hopper) -> None:
    for app in ("ios", "android"):
        assert baidu("v4/mingjing/verify", _who(image=hopper, app=app, sec_level="common"))["score"] == 100
    for wrong in ({"app": "windows"}, {"sec_level": "high"}):
        assert baidu.error("v4/mingjing/verify", _who(image=hopper, **wrong)) == 216100


def test_risk_fields_are_left_out_and_named(baidu, hopper) -> None:
    answer = baidu.raw("v4/mingjing/verify", _who(image=hopper, risk_identify="true"))
    assert set(answer.json) == {"error_code", "error_msg", "log_id", "result"}
    assert answer.headers["warning"].endswith(': risk_level, risk_tag"')
    assert "warning" not in baidu.raw("v4/mingjing/verify", _who(image=hopper, risk_identify=False)).headers


def test_session_code(baidu) -> None:
    answer = baidu.raw("v1/faceliveness/sessioncode", {"appid": "223245"})
    assert answer.status == 200
    body = answer.json
    assert set(body) == {"err_no", "err_msg", "result", "timestamp", "cached", "serverlogid"}
    assert (body["err_no"], body["err_msg"], body["cached"]) == (0, "SUCCESS", 0)
    assert type(body["timestamp"]) is int and re.fullmatch(r"\d{10}", body["serverlogid"])
    assert list(body["result"]) == ["session_id", "code"]
    assert re.fullmatch(r"S[0-9a-f]{22}", body["result"]["session_id"])
    assert re.fullmatch(r"\d{3,6}", body["result"]["code"])


def test_every_session_has_its_own_code(baidu) -> None:
    results = [baidu.raw("v1/faceliveness/sessioncode", {}).json["result"] for _ in range(40)]
    assert len({result["session_id"] for result in results}) == 40
    assert len({result["code"] for result in results}) > 20
    assert len({len(result["code"]) for result in results}) > 1


def test_appid(baidu) -> None:
    for given in ({}, [], {"appid": 223245}, {"appid": ""}):
        assert baidu.raw("v1/faceliveness/sessioncode", given).json["err_no"] == 0
    for wrong in (True, ["1"], {"a": 1}):
        answer = baidu.raw("v1/faceliveness/sessioncode", {"appid": wrong}).json
        assert answer["err_no"] == answer["error_code"] == 222014
        assert answer["err_msg"] == answer["error_msg"] == "param[app_id] format error"
        assert set(answer) == {
            *("err_no", "err_msg", "timestamp", "cached", "serverlogid"),
            *("error_code", "error_msg", "log_id"),
        }
