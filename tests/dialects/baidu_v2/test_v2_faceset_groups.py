"""faceset/group/*: getlist, getusers, adduser, deleteuser."""

from __future__ import annotations

import pytest

from tests.api.running import Running
from tests.dialects.baidu_v2.baidu_v2_wire import call, error, failure, fill, group, raw

LIST = "v2/faceset/group/getlist"
USERS = "v2/faceset/group/getusers"
ADD = "v2/faceset/group/adduser"
LEAVE = "v2/faceset/group/deleteuser"


def groups_of(daemon: Running, uid: str) -> list[str]:
    return [item["group_id"] for item in call(daemon, "v2/faceset/user/get", uid=uid)["result"]]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_getlist(daemon: Running, method: str) -> None:
    one, two = group("list"), group("list")
    fill(daemon, one, 1)
    fill(daemon, two, 1)
    body = call(daemon, LIST, method, num=1000)
    assert set(body) == {"log_id", "result_num", "result"}
    assert type(body["result_num"]) is int and body["result_num"] == len(body["result"])
    assert body["result"].index(one) < body["result"].index(two)


@pytest.mark.parametrize("count", ["num", "end"])
def test_getlist_pages(daemon: Running, count: str) -> None:
    for _ in range(3):
        daemon.engine.gallery.add_group(group("page"))
    every = call(daemon, LIST, num=1000)["result"]
    assert call(daemon, LIST, start=1, **{count: 2})["result"] == every[1:3]
    assert call(daemon, LIST, start=len(every) - 1, **{count: 2})["result"] == every[-1:]
    assert call(daemon, LIST, start=len(every))["result"] == []
    assert call(daemon, LIST, start=1, num=2, end=1)["result"] == every[1:3]


def test_a_page_has_100_by_default(daemon: Running) -> None:
    for _ in range(101):
        daemon.engine.gallery.add_group(group("many"))
    assert call(daemon, LIST)["result_num"] == 100
    name = group("crowd")
    users = fill(daemon, name, 101)
    body = call(daemon, USERS, group_id=name)
    assert [user["uid"] for user in body["result"]] == users[:100]


@pytest.mark.parametrize("count", ["num", "end"])
@pytest.mark.parametrize("path", [LIST, USERS])
def test_a_page_has_1000_at_most(daemon: Running, path: str, count: str) -> None:
    name = group()
    fill(daemon, name, 1)
    fields = {"group_id": name} if path == USERS else {}
    assert call(daemon, path, **fields, **{count: 1000})["result_num"] >= 1
    for wrong in (1001, 0, -1, "all"):
        assert error(daemon, path, **fields, **{count: wrong}) == 216100
    for wrong in (-1, "first"):
        assert error(daemon, path, **fields, start=wrong) == 216100


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_getusers(daemon: Running, method: str) -> None:
    name = group()
    fill(daemon, name, 3)
    body = call(daemon, USERS, method, group_id=name)
    assert set(body) == {"log_id", "result_num", "result"}
    assert body["result_num"] == 3
    assert body["result"][0] == {"uid": "user0", "user_info": "info of user0"}
    body = call(daemon, USERS, method, group_id=name, start=1, num=1)
    assert [user["uid"] for user in body["result"]] == ["user1"]
    assert call(daemon, USERS, method, group_id=name, start=3)["result"] == []


def test_getusers_of_a_group_that_is_missing_or_empty(daemon: Running) -> None:
    empty = group()
    daemon.engine.gallery.add_group(empty)
    for name in (empty, group("missing")):
        body = failure(raw(daemon, USERS, group_id=name))
        assert (body["error_code"], body["error_msg"]) == (216618, "no user in group")
    assert error(daemon, USERS) == 216101
    assert error(daemon, USERS, group_id="a-b") == 216100
    assert error(daemon, USERS, group_id="x" * 129) == 216103


def test_adduser_copies_faces_and_info(daemon: Running, hopper: bytes) -> None:
    source, one, two = group(), group(), group()
    uid = group("user")
    call(daemon, "v2/faceset/user/add", uid=uid, user_info="Rear Admiral", group_id=source, image=hopper)
    body = call(daemon, ADD, src_group_id=source, group_id=f"{one},{two}", uid=uid)
    assert set(body) == {"log_id"}
    assert groups_of(daemon, uid) == [source, one, two]
    (user,) = call(daemon, "v2/identify", group_id=two, image=hopper)["result"]
    assert (user["uid"], user["user_info"]) == (uid, "Rear Admiral") and user["scores"][0] >= 80


def test_adduser_again_is_already_add_and_changes_nothing(daemon: Running) -> None:
    source, one, two = group(), group(), group()
    fill(daemon, source, 1)
    call(daemon, ADD, src_group_id=source, group_id=one, uid="user0")
    for targets in (one, f"{two},{one}", source):
        body = failure(raw(daemon, ADD, src_group_id=source, group_id=targets, uid="user0"))
        assert (body["error_code"], body["error_msg"]) == (216100, "already add")
    assert error(daemon, USERS, group_id=two) == 216618


def test_adduser_of_what_is_unknown(daemon: Running) -> None:
    source = group()
    fill(daemon, source, 1)
    assert error(daemon, ADD, src_group_id=source, group_id=group(), uid="nobody") == 216611
    assert error(daemon, ADD, src_group_id=group("missing"), group_id=group(), uid="user0") == 216618


def test_adduser_checks_its_parameters(daemon: Running) -> None:
    source = group()
    fill(daemon, source, 1)
    fields = {"src_group_id": source, "group_id": group(), "uid": "user0"}
    for name, wrong, number in (
        ("src_group_id", "", 216101),
        ("src_group_id", "a-b", 216100),
        ("src_group_id", "x" * 129, 216103),
        ("group_id", "", 216101),
        ("group_id", "a-b", 216100),
        ("group_id", "a," + "x" * 49, 216103),
        ("group_id", ",".join(f"t{number}" for number in range(11)), 216631),
        ("uid", "", 216101),
        ("uid", "a-b", 216111),
    ):
        assert error(daemon, ADD, **{**fields, name: wrong}) == number
    ten = ",".join(group() for _ in range(10))
    call(daemon, ADD, **{**fields, "group_id": ten})


def test_deleteuser_leaves_the_other_groups(daemon: Running) -> None:
    one, two, three = group(), group(), group()
    uid = group("user")
    fill(daemon, one, 1)
    daemon.engine.gallery.add_group(two)
    gallery = daemon.engine.gallery
    for name in (one, two, three):
        gallery.memberships.enrol([name], uid, [(gallery.templates(one, "user0")[0], "t")], duplicate_similarity=None)
    assert set(call(daemon, LEAVE, group_id=f"{one},{two}", uid=uid)) == {"log_id"}
    assert groups_of(daemon, uid) == [three]


def test_a_user_must_be_in_one_group_at_least(daemon: Running) -> None:
    one, two = group(), group()
    uid = group("user")
    fill(daemon, one, 1)
    gallery = daemon.engine.gallery
    face = (gallery.templates(one, "user0")[0], "t")
    gallery.memberships.enrol([one, two], uid, [face], duplicate_similarity=None)
    body = failure(raw(daemon, LEAVE, group_id=f"{one},{two}", uid=uid))
    assert (body["error_code"], body["error_msg"]) == (216619, "user must be in one group at least")
    assert groups_of(daemon, uid) == [one, two]
    call(daemon, LEAVE, group_id=one, uid=uid)
    assert error(daemon, LEAVE, group_id=two, uid=uid) == 216619


def test_deleteuser_of_what_is_unknown(daemon: Running) -> None:
    one, two = group(), group()
    fill(daemon, one, 1)
    daemon.engine.gallery.add_group(two)
    assert error(daemon, LEAVE, group_id=one, uid="nobody_here") == 216611
    assert error(daemon, LEAVE, group_id=two, uid="user0") == 216611
    assert error(daemon, LEAVE, group_id=group("missing"), uid="user0") == 216618


def test_deleteuser_checks_its_parameters(daemon: Running) -> None:
    assert error(daemon, LEAVE, uid="u") == 216101
    assert error(daemon, LEAVE, group_id="g") == 216101
    assert error(daemon, LEAVE, group_id="a-b", uid="u") == 216100
    assert error(daemon, LEAVE, group_id="a," + "x" * 49, uid="u") == 216103
    assert error(daemon, LEAVE, group_id=",".join(f"t{number}" for number in range(11)), uid="u") == 216103
    assert error(daemon, LEAVE, group_id="g", uid="u" * 129) == 216111
