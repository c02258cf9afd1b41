"""v3/search and v3/multi-search."""

from __future__ import annotations

import numpy as np
import pytest

from tests import pictures
from tests.dialects.baidu_v3.v3_calls import of, text_of

BOTH_CALLS = ["v3/search", "v3/multi-search"]
USER_KEYS = ["group_id", "user_id", "user_info", "score"]


@pytest.fixture(scope="module", autouse=True)
def people(baidu, collins, hopper) -> None:
    baidu("v3/faceset/user/add", of(collins, group_id="crew", user_id="eileen", user_info="pilot"))
    baidu("v3/faceset/user/add", of(hopper, group_id="navy", user_id="grace", user_info="海军"))
    baidu("v3/faceset/user/add", of(hopper, group_id="crew", user_id="guest"))


def test_search(baidu, hopper_again) -> None:
    result = baidu("v3/search", of(hopper_again, group_id_list="navy"))
    assert list(result) == ["face_token", "user_list"] and isinstance(result["face_token"], str)
    (user,) = result["user_list"]
    assert list(user) == USER_KEYS
    assert (user["group_id"], user["user_id"], user["user_info"]) == ("navy", "grace", "海军")
    assert type(user["score"]) is float and 80 <= user["score"] <= 100


def test_search_in_several_groups(baidu, hopper_again) -> None:
    result = baidu("v3/search", of(hopper_again, group_id_list="crew, navy", max_user_num="5"))
    assert {(user["group_id"], user["user_id"]) for user in result["user_list"]} == {
        ("crew", "guest"),
        ("navy", "grace"),
    }


def test_nobody_matches(baidu, collins) -> None:
    for call in BOTH_CALLS:
        assert baidu.error(call, of(collins, group_id_list="navy")) == 222207


def test_match_threshold(baidu, collins) -> None:
    for call in BOTH_CALLS:
        for threshold in (80, "80", None, "", 100, "99.9"):
            assert baidu.error(call, of(collins, group_id_list="navy", match_threshold=threshold)) == 222207
    for threshold in (0, "0", 0.0):
        (user,) = baidu("v3/search", of(collins, group_id_list="navy", match_threshold=threshold))["user_list"]
        assert user["user_id"] == "grace" and user["score"] < 80
    above, below = user["score"] + 0.01, user["score"] - 0.01
    assert baidu.error("v3/search", of(collins, group_id_list="navy", match_threshold=above)) == 222207
    assert baidu("v3/search", of(collins, group_id_list="navy", match_threshold=str(below)))["user_list"] == [user]
    (face,) = baidu("v3/multi-search", of(collins, group_id_list="navy", match_threshold=below))["face_list"]
    assert face["user_list"] == [user]


@pytest.mark.parametrize("call", BOTH_CALLS)
@pytest.mark.parametrize("wrong", [-1, 100.01, 101, "-0.1", "high", True, [80], "1e2"])
def test_a_wrong_threshold(baidu, collins, call: str, wrong) -> None:
    given = of(collins, group_id_list="navy", match_threshold=wrong)
    assert baidu.error(call, given) == 216100
    assert baidu.raw(call, given).json["error_msg"] == "param[match_threshold] format error"


def test_authentication_of_one_user(baidu, hopper_again) -> None:
    given = of(hopper_again, group_id_list="crew,navy")
    (user,) = baidu("v3/search", given | {"user_id": "guest"})["user_list"]
    assert (user["group_id"], user["user_id"]) == ("crew", "guest")
    assert baidu.error("v3/search", given | {"user_id": "eileen"}) == 222207
    assert baidu.error("v3/search", given | {"user_id": "nobody"}) == 223103
    for wrong in ("no-id", "x" * 129, "人", True):
        assert baidu.error("v3/search", given | {"user_id": wrong}) == 222018


def test_max_user_num(baidu, hopper) -> None:
    baidu.fill("many", [f"u{number}" for number in range(51)])
    given = of(hopper, group_id_list="many", match_threshold=0)
    assert len(baidu("v3/search", given)["user_list"]) == 1
    assert len(baidu("v3/search", given | {"max_user_num": "3"})["user_list"]) == 3
    scores = [user["score"] for user in baidu("v3/search", given | {"max_user_num": 50})["user_list"]]
    assert len(scores) == 50 and scores == sorted(scores, reverse=True)
    assert baidu.error("v3/search", given | {"max_user_num": 51}) == 222021
    (face,) = baidu("v3/multi-search", given)["face_list"]
    assert len(face["user_list"]) == 1
    (face,) = baidu("v3/multi-search", given | {"max_user_num": "20"})["face_list"]
    assert len(face["user_list"]) == 20
    assert baidu.error("v3/multi-search", given | {"max_user_num": "21"}) == 222021


@pytest.mark.parametrize("call", BOTH_CALLS)
@pytest.mark.parametrize("wrong", [0, -1, "many", 1.5, [1], False])
def test_a_wrong_max_user_num(baidu, hopper, call: str, wrong) -> None:
    assert baidu.error(call, of(hopper, group_id_list="navy", max_user_num=wrong)) == 222021


@pytest.mark.parametrize("call", BOTH_CALLS)
def test_group_id_list(baidu, hopper, call: str) -> None:
    names = [f"{call[3]}group{number}" for number in range(11)]
    for name in names[:10]:
        baidu("v3/faceset/group/add", group_id=name)
    assert baidu.error(call, of(hopper, group_id_list=",".join(names[:10]))) == 222207
    assert baidu.error(call, of(hopper, group_id_list=",".join(names))) == 223104
    assert baidu.error(call, of(hopper, group_id_list=names[10])) == 223100
    assert baidu.error(call, of(hopper, group_id_list="")) == 222001
    assert baidu.error(call, of(hopper)) == 222001
    for wrong in ("navy,", "na-vy", "x" * 129, ["navy"], {"navy": 1}, "navy;crew"):
        assert baidu.error(call, of(hopper, group_id_list=wrong)) == 222005


def test_multi_search(baidu, both) -> None:
    result = baidu("v3/multi-search", of(both, group_id_list="navy,crew", max_face_num="2", max_user_num="2"))
    assert list(result) == ["face_num", "face_list"] and result["face_num"] == 2
    hopper, collins = result["face_list"]
    for face in (hopper, collins):
        assert list(face) == ["face_token", "location", "user_list"]
        assert list(face["location"]) == ["left", "top", "width", "height", "rotation"]
        assert type(face["location"]["left"]) is float and type(face["location"]["rotation"]) is int
        assert all(list(user) == USER_KEYS for user in face["user_list"])
    assert hopper["location"]["left"] > collins["location"]["left"]
    assert {user["user_id"] for user in hopper["user_list"]} == {"grace", "guest"}
    assert [user["user_id"] for user in collins["user_list"]] == ["eileen"]


def test_multi_search_of_a_face_that_nobody_knows(baidu, both) -> None:
    hopper, collins = baidu("v3/multi-search", of(both, group_id_list="navy", max_face_num=2))["face_list"]
    assert hopper["user_list"][0]["user_id"] == "grace" and collins["user_list"] == []


def test_multi_search_looks_at_1_face_unless_asked_and_at_10_at_most(baidu, both) -> None:
    assert baidu("v3/multi-search", of(both, group_id_list="navy"))["face_num"] == 1
    small = pictures.resized(pictures.hopper()[60:460, 80:430], 0.6)
    crowd = text_of(np.vstack([np.hstack([small] * 4)] * 3))
    assert baidu("v3/multi-search", of(crowd, group_id_list="navy", max_face_num=10))["face_num"] == 10
    for wrong in (0, 11, "all"):
        assert baidu.error("v3/multi-search", of(crowd, group_id_list="navy", max_face_num=wrong)) == 222016


def test_faces_that_fail_the_control_are_left_out_of_a_multi_search(baidu, both) -> None:
    # Collins' face has 72 pixels there.
    given = of(both, group_id_list="navy,crew", max_face_num=2)
    assert baidu("v3/multi-search", given | {"quality_control": "LOW"})["face_num"] == 2
    (face,) = baidu("v3/multi-search", given | {"quality_control": "NORMAL"})["face_list"]
    assert face["user_list"][0]["user_id"] in ("grace", "guest")


def test_a_search_without_a_face(baidu, nobody) -> None:
    for call in BOTH_CALLS:
        assert baidu.error(call, of(nobody, group_id_list="navy")) == 222202


def test_the_register_of_id_photographs_is_not_searched(baidu, daemon, registered, hopper) -> None:
    hidden = daemon.config.id_register.group
    for call in BOTH_CALLS:
        assert baidu.error(call, of(hopper, group_id_list=hidden)) == 223100
        assert baidu.error(call, of(hopper, group_id_list=f"navy,{hidden}")) == 223100
