"""The documents' own requests, replayed in their order, with their ids and options."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from edgeface.register import IdRegister
from tests.api.running import Running
from tests.dialects.baidu_v2.baidu_v2_wire import b64, call, error, failure, raw

# group1, group2 and user1 of the C# samples; uid1, uid2, group3 of the Node samples; test1 of the answers.
GROUPS = ("group1", "group2", "group3", "src_group", "dst_group", "dstGroup1", "dstGroup2", "srcgroup")


@pytest.fixture
def library(daemon: Running, hopper: bytes) -> Iterator[None]:
    """user1 in group1, as UserAddDemo leaves it, and nothing of the samples afterwards."""
    body = {"uid": "user1", "user_info": "user's info", "image": hopper}
    call(daemon, "v2/faceset/user/add", group_id="group1,group2", **body)
    yield
    for name in GROUPS:
        if daemon.engine.gallery.has_group(name):
            daemon.engine.delete_group(name)


def test_detect_demo(daemon: Running, both: bytes) -> None:
    assert call(daemon, "v2/detect", image=both)["result_num"] == 1
    assert call(daemon, "v2/detect", image=both, max_face_num=2, face_fields="age")["result_num"] == 2
    # 2017: C#, Java and Python
    assert call(daemon, "v1/detect", image=both, face_fields="beauty,age")["result_num"] == 1
    assert call(daemon, "v1/detect", image=both, max_face_num="1", face_fields="expression")["result_num"] == 1
    fields = "age,beauty,expression,facemark"
    assert call(daemon, "v1/detect", image=both, max_face_num=1, face_fields=fields)["result_num"] == 1


def test_match_demo(daemon: Running, hopper: bytes, eileen: bytes, hopper_again: bytes) -> None:
    images = b64(hopper, eileen)
    assert call(daemon, "v2/match", images=images)["result_num"] == 1
    options = {"ext_fields": "qualities", "image_liveness": ",faceliveness", "types": "7,13"}
    body = call(daemon, "v2/match", images=images, **options)
    assert (body["result"][0]["index_i"], body["result"][0]["index_j"]) == (0, 1)
    # 2017: three pictures (C#), four (PHP, Python)
    assert call(daemon, "v2/match", images=b64(hopper, eileen, hopper_again))["result_num"] == 3
    assert call(daemon, "v2/match", images=b64(hopper, eileen, hopper_again, eileen))["result_num"] == 6


def test_identify_demo(daemon: Running, library: None, hopper: bytes) -> None:
    fields = {"group_id": "group1,group2", "image": hopper}
    assert call(daemon, "v2/identify", **fields)["result_num"] == 1
    body = call(daemon, "v2/identify", **fields, ext_fields="faceliveness", user_top_num=3)
    assert {(user["uid"], user["group_id"]) for user in body["result"]} == {("user1", "group1"), ("user1", "group2")}
    # 2017: Node (a misspelt option), PHP, Python
    assert call(daemon, "v2/identify", **fields, usertopnum=5)["result_num"] == 1
    for top in (1, 0):
        body = call(daemon, "v2/identify", group_id="group1", image=hopper, user_top_num=top, face_top_num=1)
        assert body["result_num"] == 1


def test_verify_demo(daemon: Running, library: None, hopper: bytes) -> None:
    fields = {"uid": "user1", "group_id": "group1,group2", "image": hopper}
    assert call(daemon, "v2/verify", **fields)["result_num"] == 1
    assert call(daemon, "v2/verify", **fields, top_num=3, ext_fields="faceliveness")["result_num"] == 2
    assert call(daemon, "v2/verify", **fields, top_num=5)["result_num"] == 2  # Java


def test_multi_identify_demo(daemon: Running, library: None, both: bytes) -> None:
    fields = {"group_id": "group1,group2", "image": both}
    assert call(daemon, "v2/multi-identify", **fields)["result_num"] == 1
    options = {"ext_fields": "faceliveness", "detect_top_num": 3, "user_top_num": 2}
    assert call(daemon, "v2/multi-identify", **fields, **options)["result_num"] == 4


def test_user_add_demo(daemon: Running, library: None, hopper: bytes, eileen: bytes) -> None:
    fields = {"uid": "user1", "user_info": "user's info", "group_id": "group1,group2"}
    call(daemon, "v2/faceset/user/add", **fields, image=eileen)
    assert error(daemon, "v2/faceset/user/add", **fields, image=eileen) == 216616  # the error of the sample answer
    call(daemon, "v2/faceset/user/add", **fields, image=hopper, action_type="replace")
    # 2017, Node: 张三
    fields = {"uid": "uid1", "user_info": "张三", "group_id": "group1,group2"}
    call(daemon, "v2/faceset/user/add", **fields, image=hopper)


def test_user_update_demo(daemon: Running, library: None, eileen: bytes) -> None:
    fields = {"user_info": "user's info", "group_id": "group1", "image": eileen}
    call(daemon, "v2/faceset/user/update", uid="user1", **fields)
    call(daemon, "v2/faceset/user/update", uid="user1", **fields, action_type="replace")
    body = failure(raw(daemon, "v2/faceset/user/update", uid="uid1", **fields))
    assert (body["error_code"], body["error_msg"]) == (216612, "user not exist")


def test_user_delete_demo(daemon: Running, library: None) -> None:
    call(daemon, "v2/faceset/user/delete", uid="user1", group_id="group1")
    call(daemon, "v2/faceset/user/delete", uid="user1")
    body = failure(raw(daemon, "v2/faceset/user/delete", uid="user1"))
    assert (body["error_code"], body["error_msg"]) == (216612, "user not exist")


def test_user_get_demo(daemon: Running, library: None) -> None:
    body = call(daemon, "v2/faceset/user/get", uid="user1")
    assert [(item["uid"], item["user_info"], item["group_id"]) for item in body["result"]] == [
        ("user1", "user's info", "group1"),
        ("user1", "user's info", "group2"),
    ]
    assert body["result"][0]["groups"] == ["group1", "group2"]
    assert call(daemon, "v2/faceset/user/get", uid="user1", group_id="group1")["result_num"] == 1


def test_group_lists_demo(daemon: Running, library: None) -> None:
    call(daemon, "v2/faceset/group/getlist")
    for options in ({"start": 0, "num": 50}, {"start": 5, "num": 10}, {"start": 0, "num": 100}):
        assert call(daemon, "v2/faceset/group/getlist", **options)["result_num"] <= options["num"]
    users = [{"uid": "user1", "user_info": "user's info"}]
    assert call(daemon, "v2/faceset/group/getusers", group_id="group1")["result"] == users
    assert call(daemon, "v2/faceset/group/getusers", group_id="group1", start=0, num=50)["result"] == users
    for options in ({"start": 5, "end": 10}, {"start": 1, "num": 100}):
        assert call(daemon, "v2/faceset/group/getusers", group_id="group1", **options)["result"] == []


def test_group_adduser_demo(daemon: Running, hopper: bytes) -> None:
    """The C# sample copies from group1 into group1 and group2."""
    try:
        call(daemon, "v2/faceset/user/add", uid="user1", user_info="", group_id="group1", image=hopper)
        fields = {"src_group_id": "group1", "group_id": "group1,group2", "uid": "user1"}
        call(daemon, "v2/faceset/group/adduser", **fields)
        assert call(daemon, "v2/faceset/user/get", uid="user1")["result_num"] == 2
        body = failure(raw(daemon, "v2/faceset/group/adduser", **fields))
        assert (body["error_code"], body["error_msg"]) == (216100, "already add")
    finally:
        daemon.engine.delete_group("group1")
        daemon.engine.delete_group("group2")


def test_group_deleteuser_demo(daemon: Running, library: None) -> None:
    fields = {"group_id": "group1,group2", "uid": "user1"}
    body = failure(raw(daemon, "v2/faceset/group/deleteuser", **fields))
    assert (body["error_code"], body["error_msg"]) == (216619, "user must be in one group at least")
    call(daemon, "v2/faceset/group/adduser", src_group_id="group1", group_id="group3", uid="user1")
    call(daemon, "v2/faceset/group/deleteuser", **fields)


def test_person_verify_demo(daemon: Running, hopper: bytes) -> None:
    register = IdRegister(daemon.engine)
    fields = {"image": hopper, "id_card_number": "110233112299822211", "name": "张三"}
    options = {
        "quality": "use",
        "quality_conf": '{"left_eye": 0.6, "right_eye": 0.6}',
        "faceliveness": "use",
        "faceliveness_conf": '{"faceliveness": 0.834963}',
        "ext_fields": "qualities",
    }
    assert error(daemon, "v2/person/verify", **fields) == 216611
    register.add(hopper, "110233112299822211", "张三")
    try:
        assert call(daemon, "v2/person/verify", **fields)["result"] >= 0.8
        # It asks for a liveness check, which this device does not have: refused.
        assert error(daemon, "v2/person/verify", **fields, **options) == 216400
        del options["faceliveness"]
        assert "qualities" in call(daemon, "v2/person/verify", **fields, **options)["ext_info"]
    finally:
        register.remove("110233112299822211")


def test_faceverify_demo(daemon: Running, both: bytes) -> None:
    assert call(daemon, "v2/faceverify", image=both)["result_num"] == 1
    body = call(daemon, "v2/faceverify", image=both, max_face_num=2, face_fields="qualities")
    assert body["result_num"] == 2 and all("qualities" in face for face in body["result"])
