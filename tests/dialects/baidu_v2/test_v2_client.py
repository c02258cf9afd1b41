"""The vendor's own Python client, baidu-aip 2.0.0.1, as published: every method that it has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.running import Running
from tests.dialects.baidu_v2.baidu_v2_wire import group
from tests.dialects.published import published, through


@pytest.fixture
def client(daemon: Running) -> Iterator[Any]:
    aip = published("baidu-aip", "2.0.0.1", "aip")
    with through(daemon.socket):
        yield aip.AipFace("1", "ak", "sk")


def succeeded(answer: dict[str, Any], *names: str) -> dict[str, Any]:
    assert set(answer) == {"log_id", *names}, answer
    assert type(answer["log_id"]) is int
    if "result_num" in names:
        assert type(answer["result_num"]) is int and answer["result_num"] == len(answer["result"])
    return answer


def failed(answer: dict[str, Any]) -> int:
    assert set(answer) == {"error_code", "error_msg", "log_id"}, answer
    return answer["error_code"]


def test_client_detect(client: Any, both: bytes, nobody: bytes) -> None:
    (face,) = succeeded(client.detect(both), "result_num", "result")["result"]
    assert set(face) == {"location", "face_probability", "rotation_angle", "yaw", "pitch", "roll"}
    options = {"max_face_num": 2, "face_fields": "age,landmark,qualities"}
    faces = succeeded(client.detect(both, options), "result_num", "result")["result"]
    assert len(faces) == 2
    for face in faces:
        assert len(face["landmark"]) == 4 and len(face["landmark72"]) == 72
        assert face["qualities"]["completeness"] == 1
    assert client.detect(nobody)["result_num"] == 0
    assert failed(client.detect(b"no picture")) == 216201


def test_client_match(client: Any, hopper: bytes, hopper_again: bytes, eileen: bytes) -> None:
    result = succeeded(client.match([hopper, eileen, b"broken", hopper_again]), "result_num", "result")["result"]
    assert [(item["index_i"], item["index_j"]) for item in result] == [(0, 1), (0, 3), (1, 3)]
    assert result[1]["score"] >= 80 > result[0]["score"]
    options = {"ext_fields": "qualities", "image_liveness": ",faceliveness", "types": "7,13"}
    answer = succeeded(client.match([hopper, eileen], options), "result_num", "result", "ext_info")
    assert set(answer["ext_info"]) == {"qualities"} and type(answer["ext_info"]["qualities"]) is str


def test_client_attributes_and_liveness(full: Running, hopper: bytes, hopper_again: bytes) -> None:
    aip = published("baidu-aip", "2.0.0.1", "aip")
    with through(full.socket):
        client = aip.AipFace("1", "ak", "sk")
        (face,) = client.detect(hopper, {"face_fields": "age,beauty,expression,gender"})["result"]
        assert {"age", "beauty", "expression", "gender"} < set(face)
        where = group("client")
        succeeded(client.addUser("grace", "", where, hopper))
        answers = [
            client.match([hopper, hopper_again], {"image_liveness": "faceliveness,faceliveness"}),
            client.identifyUser(where, hopper, {"ext_fields": "faceliveness"}),
            client.verifyUser("grace", where, hopper, {"ext_fields": "faceliveness"}),
        ]
    for answer in answers:
        succeeded(answer, "result_num", "result", "ext_info")
        assert type(answer["ext_info"]["faceliveness"]) is str
    assert all(float(score) > 0 for score in answers[0]["ext_info"]["faceliveness"].split(","))


def test_client_users(client: Any, hopper: bytes, hopper_again: bytes, eileen: bytes) -> None:
    one, two, uid = group("client"), group("client"), group("user")
    groups = f"{one},{two}"
    succeeded(client.addUser(uid, "Rear Admiral", groups, hopper))
    succeeded(client.addUser(uid, "Rear Admiral", one, hopper_again, {"action_type": "append"}))
    assert failed(client.addUser(uid, "Rear Admiral", one, hopper)) == 216616

    answer = succeeded(client.getUser(uid), "result_num", "result")
    assert [(item["uid"], item["user_info"], item["group_id"]) for item in answer["result"]] == [
        (uid, "Rear Admiral", one),
        (uid, "Rear Admiral", two),
    ]
    assert client.getUser(uid, {"group_id": two})["result_num"] == 1

    answer = succeeded(client.verifyUser(uid, groups, hopper, {"top_num": 3}), "result_num", "result")
    assert answer["result_num"] == 3 and all(type(score) is float and score >= 80 for score in answer["result"])
    assert failed(client.verifyUser("nobody", groups, hopper)) == 216611

    (user,) = succeeded(client.identifyUser(groups, hopper), "result_num", "result")["result"]
    assert set(user) == {"group_id", "uid", "user_info", "scores"} and user["uid"] == uid
    options = {"ext_fields": "faceliveness", "user_top_num": 2}
    assert succeeded(client.identifyUser(groups, hopper, options), "result_num", "result")["result_num"] == 2

    succeeded(client.updateUser(uid, "Astronaut", one, eileen))
    assert client.getUser(uid, {"group_id": one})["result"][0]["user_info"] == "Astronaut"
    assert failed(client.updateUser("nobody", "", one, eileen)) == 216612
    succeeded(client.updateUser("somebody", "", one, eileen, {"action_type": "replace"}))

    succeeded(client.deleteUser(uid, {"group_id": two}))
    succeeded(client.deleteUser(uid))
    assert failed(client.deleteUser(uid)) == 216612
    assert failed(client.getUser(uid)) == 216611


def test_client_groups(client: Any, hopper: bytes) -> None:
    one, two, uid = group("client"), group("client"), group("user")
    client.addUser(uid, "info", one, hopper)
    assert one in succeeded(client.getGroupList({"num": 1000}), "result_num", "result")["result"]
    assert succeeded(client.getGroupList(), "result_num", "result")["result_num"] >= 1
    assert client.getGroupList({"start": 0, "num": 1})["result_num"] == 1

    answer = succeeded(client.getGroupUsers(one), "result_num", "result")
    assert answer["result"] == [{"uid": uid, "user_info": "info"}]
    assert client.getGroupUsers(one, {"start": 1, "num": 100})["result"] == []

    succeeded(client.addGroupUser(one, two, uid))
    answer = client.addGroupUser(one, two, uid)
    assert (failed(answer), answer["error_msg"]) == (216100, "already add")
    succeeded(client.deleteGroupUser(one, uid))
    answer = client.deleteGroupUser(two, uid)
    assert (failed(answer), answer["error_msg"]) == (216619, "user must be in one group at least")


def test_every_method_of_the_client_is_called_here(client: Any) -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    inherited = {"getVersion", "setConnectionTimeoutInMillis", "setSocketTimeoutInMillis", "setProxies", "report"}
    methods = {name for name in dir(client) if not name.startswith("_") and callable(getattr(client, name))}
    assert len(methods - inherited) == 12
    assert [name for name in methods - inherited if f"client.{name}(" not in source] == []
