"""v3/faceset/group/*."""

from __future__ import annotations

import pytest

from tests.dialects.baidu_v3.v3_calls import of

ADD, DELETE = "v3/faceset/group/add", "v3/faceset/group/delete"
GROUPS, USERS = "v3/faceset/group/getlist", "v3/faceset/group/getusers"


def test_add_and_delete(baidu, daemon, hopper) -> None:
    answer = baidu.raw(ADD, {"group_id": "passing"}).json
    assert (answer["error_code"], answer["result"], type(answer["log_id"])) == (0, None, int)
    assert baidu.error(ADD, group_id="passing") == 223101
    value = baidu("v3/faceset/user/add", of(hopper, group_id="passing", user_id="ada"))["face_token"]
    assert baidu(DELETE, group_id="passing") is None
    assert baidu.error(DELETE, group_id="passing") == 223100
    assert baidu.error("v3/faceset/user/get", group_id="passing", user_id="ada") == 223100
    assert all(record.group_id != "passing" for record in daemon.engine.gallery.face(value))


@pytest.mark.parametrize("call", [ADD, DELETE, USERS])
def test_group_ids(baidu, call: str) -> None:
    for wrong in ("no-id", "x" * 129, "组", True, ["a"], "@ALL"):
        assert baidu.error(call, group_id=wrong) == 222006
    for missing in ({}, {"group_id": ""}, {"group_id": None}):
        assert baidu.error(call, missing) == 222001
    baidu(ADD, group_id="a" * 120 + call[-8:].replace("/", "_"))


def test_an_unknown_group(baidu) -> None:
    assert baidu.error(DELETE, group_id="never") == 223100
    assert baidu.error(USERS, group_id="never") == 223100


def test_list_of_users(baidu) -> None:
    names = [f"user{number:04}" for number in range(1002)]
    baidu.fill("large", names)
    assert baidu(USERS, group_id="large") == {"user_id_list": names[:100]}
    assert baidu(USERS, group_id="large", start="5", length="2")["user_id_list"] == names[5:7]
    assert baidu(USERS, group_id="large", length=1000)["user_id_list"] == names[:1000]
    assert baidu(USERS, group_id="large", start=1000, length=50)["user_id_list"] == names[1000:]
    assert baidu(USERS, group_id="large", start=2000)["user_id_list"] == []
    assert baidu.error(USERS, group_id="large", length=1001) == 222003


def test_list_of_groups(baidu) -> None:
    names = [f"listed{number:03}" for number in range(101)]
    for name in names:
        baidu(ADD, group_id=name)
    everything = baidu(GROUPS, length=1000)["group_id_list"]
    assert everything[-101:] == names
    assert baidu(GROUPS) == {"group_id_list": everything[:100]}
    assert baidu(GROUPS, [])["group_id_list"] == everything[:100]  # PHP's way to write no parameters
    assert baidu(GROUPS, b"")["group_id_list"] == everything[:100]
    start = len(everything) - 101
    assert baidu(GROUPS, start=str(start), length="3")["group_id_list"] == names[:3]
    assert baidu(GROUPS, start=len(everything))["group_id_list"] == []


@pytest.mark.parametrize("call", [GROUPS, USERS])
def test_wrong_pages(baidu, call: str) -> None:
    baidu.fill(f"pages{call[-4:]}", ["ada"])
    given = {"group_id": f"pages{call[-4:]}"}
    for wrong in (-1, "x", 1.5, True, [0], "1" * 13):
        assert baidu.error(call, given | {"start": wrong}) == 222002
    for wrong in (0, -1, 1001, "x", 1.5, True, [1]):
        assert baidu.error(call, given | {"length": wrong}) == 222003


def test_the_register_of_id_photographs_is_not_listed(baidu, daemon, registered) -> None:
    hidden = daemon.config.id_register.group
    assert daemon.engine.gallery.has_group(hidden)
    assert hidden not in baidu(GROUPS, length=1000)["group_id_list"]
    for call in (ADD, DELETE, USERS):
        assert baidu.error(call, group_id=hidden) == 223100
    assert daemon.engine.gallery.has_group(hidden)
