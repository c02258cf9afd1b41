"""faceset/user/delete and get."""

from __future__ import annotations

import pytest

from tests.api.running import Running
from tests.dialects.baidu_v2.baidu_v2_wire import add, call, error, faces, failure, group, raw


def test_delete_from_every_group(daemon: Running, hopper: bytes) -> None:
    one, two, uid = group(), group(), group("user")
    add(daemon, f"{one},{two}", uid, hopper)
    assert set(call(daemon, "v2/faceset/user/delete", uid=uid)) == {"log_id"}
    answer = raw(daemon, "v2/faceset/user/delete", uid=uid)
    assert failure(answer)["error_code"] == 216612 and failure(answer)["error_msg"] == "user not exist"
    assert error(daemon, "v2/faceset/user/get", uid=uid) == 216611


def test_delete_from_one_group_only(daemon: Running, hopper: bytes) -> None:
    one, two, uid = group(), group(), group("user")
    add(daemon, f"{one},{two}", uid, hopper)
    call(daemon, "v2/faceset/user/delete", uid=uid, group_id=one)
    assert [item["group_id"] for item in call(daemon, "v2/faceset/user/get", uid=uid)["result"]] == [two]
    assert error(daemon, "v2/faceset/user/delete", uid=uid, group_id=one) == 216612
    # all of the named groups or none
    assert error(daemon, "v2/faceset/user/delete", uid=uid, group_id=f"{two},{one}") == 216612
    assert faces(daemon, two, uid) == 1
    assert error(daemon, "v2/faceset/user/delete", uid=uid, group_id=group("missing")) == 216618
    call(daemon, "v2/faceset/user/delete", uid=uid, group_id=two)


def test_delete_checks_its_parameters(daemon: Running) -> None:
    assert error(daemon, "v2/faceset/user/delete") == 216101
    assert error(daemon, "v2/faceset/user/delete", uid="a b") == 216111
    assert error(daemon, "v2/faceset/user/delete", uid="u", group_id="a-b") == 216100
    assert error(daemon, "v2/faceset/user/delete", uid="u", group_id="x" * 129) == 216103


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_get_shows_every_group_of_a_user(daemon: Running, hopper: bytes, method: str) -> None:
    one, two, uid = group(), group(), group("user")
    add(daemon, one, uid, hopper, "info 1")
    add(daemon, two, uid, hopper, "info 2")
    body = call(daemon, "v2/faceset/user/get", method, uid=uid)
    assert set(body) == {"log_id", "result_num", "result"}
    assert body["result_num"] == 2
    assert body["result"] == [
        {"uid": uid, "user_info": "info 1", "group_id": one, "groups": [one, two]},
        {"uid": uid, "user_info": "info 2", "group_id": two, "groups": [one, two]},
    ]
    body = call(daemon, "v2/faceset/user/get", method, uid=uid, group_id=two)
    assert body["result"] == [{"uid": uid, "user_info": "info 2", "group_id": two, "groups": [one, two]}]


def test_get_of_an_unknown_user(daemon: Running, hopper: bytes) -> None:
    name = group()
    add(daemon, name, "grace", hopper)
    assert error(daemon, "v2/faceset/user/get", uid=group("nobody")) == 216611
    assert error(daemon, "v2/faceset/user/get", uid=group("nobody"), group_id=name) == 216611
    assert error(daemon, "v2/faceset/user/get", uid="grace", group_id=group("missing")) == 216618


def test_get_checks_its_parameters(daemon: Running) -> None:
    assert error(daemon, "v2/faceset/user/get") == 216101
    assert error(daemon, "v2/faceset/user/get", uid="u" * 129) == 216111
    assert error(daemon, "v2/faceset/user/get", uid="u", group_id="a-b") == 216100
