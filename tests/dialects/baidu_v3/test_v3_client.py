"""The vendor's own Python client, as published, through our socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.dialects.baidu_v3.v3_calls import NAME, NUMBER, of
from tests.dialects.published import published, through


@pytest.fixture(scope="module")
def client(daemon) -> Iterator[Any]:
    aip = published("baidu-aip", "4.16.13", "aip")
    with through(daemon.socket):
        yield aip.AipFace("1", "ak", "sk")


def _result(answer: dict[str, Any]) -> Any:
    assert answer["error_code"] == 0, answer
    return answer["result"]


def test_detect(client, baidu, both) -> None:
    answer = client.detect(both, "BASE64")
    assert list(answer) == ["error_code", "error_msg", "log_id", "timestamp", "cached", "result"]
    assert _result(answer)["face_num"] == 1
    options = {"face_field": "quality,landmark,landmark150,age", "max_face_num": 2, "face_type": "LIVE"}
    assert _result(client.detect(both, "BASE64", options)) == baidu("v3/detect", of(both, **options))


def test_the_face_library(client, collins, hopper, hopper_again) -> None:
    assert _result(client.groupAdd("aip")) is None
    assert client.groupAdd("aip")["error_code"] == 223101
    added = _result(
        client.addUser(hopper, "BASE64", "aip", "grace", {"user_info": "上将", "quality_control": "NORMAL"})
    )
    assert list(added) == ["face_token", "location"]
    again = _result(client.addUser(hopper_again, "BASE64", "aip", "grace"))
    faces = _result(client.faceGetlist("grace", "aip"))["face_list"]
    assert [face["face_token"] for face in faces] == [added["face_token"], again["face_token"]]
    assert _result(client.faceDelete("grace", "aip", again["face_token"])) is None
    assert client.faceDelete("grace", "aip", again["face_token"])["error_code"] == 223106
    assert _result(client.getUser("grace", "aip")) == {"user_list": [{"user_info": "上将", "group_id": "aip"}]}
    assert _result(client.getUser("grace", "@ALL"))["user_list"][0]["user_info"] == "上将"
    assert _result(client.updateUser(collins, "BASE64", "aip", "grace", {"user_info": "宇航员"}))["face_token"]
    assert len(_result(client.faceGetlist("grace", "aip"))["face_list"]) == 1
    assert _result(client.groupAdd("aip2")) is None
    assert _result(client.userCopy("grace", {"src_group_id": "aip", "dst_group_id": "aip2"})) is None
    assert _result(client.getGroupUsers("aip2", {"start": 0, "length": 50})) == {"user_id_list": ["grace"]}
    assert {"aip", "aip2"} <= set(_result(client.getGroupList({"length": 1000}))["group_id_list"])
    assert len(_result(client.getGroupList())["group_id_list"]) <= 100
    assert _result(client.deleteUser("aip", "grace")) is None
    assert client.deleteUser("aip", "grace")["error_code"] == 223103
    assert _result(client.groupDelete("aip")) is None
    assert client.groupDelete("aip")["error_code"] == 223100


def test_search(client, hopper, both) -> None:
    _result(client.addUser(hopper, "BASE64", "aip_search", "grace"))
    (user,) = _result(client.search(hopper, "BASE64", "aip_search", {"max_user_num": 3}))["user_list"]
    assert user == {"group_id": "aip_search", "user_id": "grace", "user_info": "", "score": 100.0}
    result = _result(client.multiSearch(both, "BASE64", "aip_search", {"max_face_num": 2}))
    assert [bool(face["user_list"]) for face in result["face_list"]] == [True, False]
    assert client.search(hopper, "BASE64", "nowhere")["error_code"] == 223100


def test_match_and_faceverify(client, collins, hopper) -> None:
    assert _result(client.match([of(collins), of(hopper)]))["score"] < 80
    assert len(_result(client.faceverify([of(hopper)]))["face_list"]) == 1
    assert client.faceverify([of(hopper)] * 2)["error_code"] == 222208


def test_identity(client, registered, hopper, collins) -> None:
    assert _result(client.personVerify(hopper, "BASE64", NUMBER, NAME, {"quality_control": "LOW"}))["score"] == 100
    assert client.personVerify(hopper, "BASE64", NUMBER, "李四")["error_code"] == 222351
    answer = client.faceMingJingVerify(NUMBER, NAME, hopper, {"image_type": "BASE64"})
    assert _result(answer) == {"score": 100.0, "verify_status": 0} and isinstance(answer["log_id"], int)
    assert _result(client.faceMingJingVerify(NUMBER, "李四", hopper))["verify_status"] == 1
    assert _result(client.faceMingJingMatch(hopper, "BASE64", collins, "BASE64"))["score"] < 80


def test_online_picture_liveness(client, hopper) -> None:
    answer = client.onlinePictureLiveV4("1", {"image_list": [hopper]})
    assert len(_result(answer)["face_list"]) == 1 and isinstance(answer["log_id"], str)


def test_voice_code(client) -> None:
    for options in (None, {"appid": "223245"}):
        answer = client.videoSessioncode(options)
        assert answer["err_no"] == 0 and set(answer["result"]) == {"session_id", "code"}


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("facelivenessVerifyV1", ["video"]),
        ("facePersonIdmatchV3", [NUMBER, NAME]),
        ("faceMergeV1", [{}, {}]),
        ("faceSkinSmoothV1", ["i", "BASE64", "x"]),
        ("faceLandmarkV1", ["i", "BASE64"]),
        ("faceSceneFacesetUserAdd", ["i", "BASE64", "g", "u", "s"]),
        ("faceSceneFacesetUserUpdate", ["i", "BASE64", "g", "u", "s"]),
        ("faceSceneFacesetGroupAdd", ["g", "s"]),
        ("faceCaptureSearch", ["i", "BASE64", "g"]),
        ("faceIdmatchDateV4", [NAME, NUMBER, "20200101", "20300101"]),
        ("faceVerifyDateV4", [NAME, NUMBER, "20200101", "20300101", "i", "BASE64"]),
    ],
)
def test_what_the_document_does_not_cover(client, method: str, arguments: list[Any]) -> None:
    answer = getattr(client, method)(*arguments)
    assert (answer["error_code"], answer["error_msg"]) == (3, "Unsupported openapi method")


def test_every_method_of_the_client_is_called_here(client) -> None:
    import ast
    import inspect
    import sys

    called = {
        node.attr
        for node in ast.walk(ast.parse(inspect.getsource(sys.modules[__name__])))
        if isinstance(node, ast.Attribute)
    }
    called |= {mark for mark, _ in test_what_the_document_does_not_cover.pytestmark[0].args[1]}
    own = {name for name, member in vars(type(client)).items() if callable(member) and not name.startswith("_")}
    assert own - called == set()
