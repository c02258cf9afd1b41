"""v3/faceset/user/* and v3/faceset/face/*."""

from __future__ import annotations

import datetime
import json
import re
import time

import pytest

from tests import pictures
from tests.dialects.baidu_v3.v3_calls import of, text_of

ADD, UPDATE, GET = "v3/faceset/user/add", "v3/faceset/user/update", "v3/faceset/user/get"
COPY, DELETE = "v3/faceset/user/copy", "v3/faceset/user/delete"
DELETE_FACE, FACES = "v3/faceset/face/delete", "v3/faceset/face/getlist"
WRONG_IDS = ["no-id", "x" * 129, "人", " a", True, ["a"], 1.5]


def _tokens(baidu, group_id: str, user_id: str) -> list[str]:
    return [face["face_token"] for face in baidu(FACES, group_id=group_id, user_id=user_id)["face_list"]]


@pytest.mark.parametrize("call", [ADD, UPDATE])
def test_the_answer_of_an_enrolment(baidu, hopper, call: str) -> None:
    given = of(hopper, group_id=f"answer_{call[-3:]}", user_id="grace", action_type="REPLACE")
    answer = baidu.raw(call, given).json
    assert type(answer["log_id"]) is int
    result = answer["result"]
    assert list(result) == ["face_token", "location"]
    assert list(result["location"]) == ["left", "top", "width", "height", "rotation"]
    assert type(result["location"]["width"]) is float and type(result["location"]["rotation"]) is int
    assert _tokens(baidu, given["group_id"], "grace") == [result["face_token"]]


def test_add_makes_the_group_and_the_user(baidu, hopper) -> None:
    baidu(ADD, of(hopper, group_id="made", user_id="grace", user_info="资料"))
    assert baidu(GET, group_id="made", user_id="grace") == {"user_list": [{"user_info": "资料", "group_id": "made"}]}


def test_add_appends_unless_told_to_replace(baidu, hopper, hopper_again, collins) -> None:
    given = {"group_id": "appending", "user_id": "ada"}
    first = baidu(ADD, of(hopper, **given))["face_token"]
    second = baidu(ADD, of(hopper_again, **given))["face_token"]
    third = baidu(ADD, of(collins, **given, action_type="APPEND"))["face_token"]
    assert _tokens(baidu, "appending", "ada") == [first, second, third]
    baidu(ADD, of(hopper, **given, action_type="REPLACE"))
    assert _tokens(baidu, "appending", "ada") == [first]


def test_update_replaces(baidu, hopper, hopper_again, collins) -> None:
    given = {"group_id": "updating", "user_id": "ada"}
    for text in (hopper, hopper_again):
        baidu(ADD, of(text, **given))
    for action in ({}, {"action_type": "UPDATE"}, {"action_type": "REPLACE"}):
        updated = baidu(UPDATE, of(collins, **given, **action))["face_token"]
        assert _tokens(baidu, "updating", "ada") == [updated]


def test_update_wants_the_user_unless_it_may_replace(baidu, hopper) -> None:
    baidu("v3/faceset/group/add", group_id="wanting")
    assert baidu.error(UPDATE, of(hopper, group_id="nowhere", user_id="ada")) == 223100
    assert baidu.error(UPDATE, of(hopper, group_id="wanting", user_id="ada")) == 223103
    baidu(UPDATE, of(hopper, group_id="wanting", user_id="ada", action_type="REPLACE"))
    assert len(_tokens(baidu, "wanting", "ada")) == 1


@pytest.mark.parametrize(("call", "wrong"), [(ADD, "UPDATE"), (UPDATE, "APPEND"), (ADD, "append"), (UPDATE, 1)])
def test_a_wrong_action(baidu, hopper, call: str, wrong) -> None:
    given = of(hopper, group_id="actions", user_id="ada", action_type=wrong)
    assert baidu.error(call, given) == 216100
    assert baidu.raw(call, given).json["error_msg"] == "param[action_type] format error"


def test_the_same_face_twice(baidu, daemon, hopper) -> None:
    given = of(hopper, group_id="twice", user_id="grace")
    baidu(ADD, given)
    assert baidu.error(ADD, given) == 223105
    nearly = text_of(pictures.hopper(), 1, 97)
    assert baidu.error(ADD, given | {"image": nearly}) == 223105
    baidu(ADD, given | {"action_type": "REPLACE"})
    assert len(_tokens(baidu, "twice", "grace")) == 1


def test_20_faces_of_a_user_and_one_more(baidu, hopper, collins) -> None:
    baidu.fill("twenty", ["ada"], faces=19)
    baidu(ADD, of(hopper, group_id="twenty", user_id="ada"))
    assert len(_tokens(baidu, "twenty", "ada")) == 20
    assert baidu.error(ADD, of(collins, group_id="twenty", user_id="ada")) == 222300
    assert len(_tokens(baidu, "twenty", "ada")) == 20
    baidu(ADD, of(collins, group_id="twenty", user_id="ada", action_type="REPLACE"))
    assert len(_tokens(baidu, "twenty", "ada")) == 1


@pytest.mark.parametrize("call", [ADD, UPDATE])
def test_user_info(baidu, hopper, call: str) -> None:
    given = of(hopper, group_id="infos", user_id=call[-3:], action_type="REPLACE")

    def info() -> str:
        return baidu(GET, group_id="infos", user_id=call[-3:])["user_list"][0]["user_info"]

    baidu(call, given)
    assert info() == ""
    for text in ("x" * 256, "人" * 85 + "x"):
        baidu(call, given | {"user_info": text})
        assert info() == text
    for wrong in ("x" * 257, "人" * 86, True, ["x"]):
        assert baidu.error(call, given | {"user_info": wrong}) == 222010
    assert baidu.error(call, json.dumps(given | {"user_info": "\ud800"}).encode()) == 222010
    baidu(call, given)
    assert info() == "人" * 85 + "x"  # not given: kept
    baidu(call, given | {"user_info": ""})
    assert info() == ""
    baidu(call, given | {"user_info": 12})
    assert info() == "12"


@pytest.mark.parametrize("call", [ADD, UPDATE, GET, COPY, DELETE, DELETE_FACE, FACES])
def test_a_wrong_user_id(baidu, hopper, call: str) -> None:
    given = of(hopper, group_id="ids", src_group_id="ids", dst_group_id="ids2", face_token="t", user_id="ada")
    for wrong in WRONG_IDS:
        assert baidu.error(call, given | {"user_id": wrong}) == 222018
    for missing in (None, ""):
        assert baidu.error(call, given | {"user_id": missing}) == 222001


@pytest.mark.parametrize("call", [ADD, UPDATE, GET, DELETE, DELETE_FACE, FACES])
def test_a_wrong_group_id(baidu, hopper, call: str) -> None:
    given = of(hopper, face_token="t", user_id="ada")
    for wrong in WRONG_IDS:
        assert baidu.error(call, given | {"group_id": wrong}) == 222006
    if call != DELETE_FACE:
        for missing in (None, ""):
            assert baidu.error(call, given | {"group_id": missing}) == 222001


def test_ids_of_128_characters(baidu, hopper) -> None:
    group, user = "g" * 128, "U" * 126 + "_9"
    baidu(ADD, of(hopper, group_id=group, user_id=user))
    assert baidu(GET, group_id=group, user_id=user)["user_list"][0]["group_id"] == group
    baidu(ADD, of(hopper, group_id=31, user_id=233451))  # a number is taken as its digits
    assert baidu(GET, group_id="31", user_id="233451")


def test_no_face_to_enrol(baidu, daemon, nobody) -> None:
    for call in (ADD, UPDATE):
        given = of(nobody, group_id="nobodies", user_id="ada", action_type="REPLACE")
        assert baidu.error(call, given) == 222202
    assert not daemon.engine.gallery.has_group("nobodies")


def test_get(baidu, hopper, collins) -> None:
    baidu(ADD, of(hopper, group_id="get1", user_id="ada_get", user_info="one"))
    baidu(ADD, of(collins, group_id="get2", user_id="ada_get", user_info="two"))
    both = [{"user_info": "one", "group_id": "get1"}, {"user_info": "two", "group_id": "get2"}]
    assert baidu(GET, group_id="get2", user_id="ada_get") == {"user_list": both[1:]}
    assert baidu(GET, group_id="@ALL", user_id="ada_get") == {"user_list": both}
    assert baidu.error(GET, group_id="get1", user_id="eve") == 223103
    assert baidu.error(GET, group_id="@ALL", user_id="eve") == 223103
    assert baidu.error(GET, group_id="get3", user_id="ada_get") == 223100


def test_list_of_faces(baidu, hopper, collins) -> None:
    before = time.time()
    tokens = [baidu(ADD, of(text, group_id="listing", user_id="ada"))["face_token"] for text in (hopper, collins)]
    result = baidu(FACES, group_id="listing", user_id="ada")
    assert list(result) == ["face_list"]
    assert [face["face_token"] for face in result["face_list"]] == tokens
    for face in result["face_list"]:
        assert list(face) == ["face_token", "ctime"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", face["ctime"])
        made = datetime.datetime.strptime(face["ctime"], "%Y-%m-%d %H:%M:%S").timestamp()
        assert int(before) <= made <= time.time()
    assert baidu.error(FACES, group_id="listing", user_id="eve") == 223103
    assert baidu.error(FACES, group_id="listing2", user_id="ada") == 223100


def test_delete_face(baidu, hopper) -> None:
    nowhere_else = text_of(pictures.moved(pictures.astronaut(), x=5))
    keep, go = (
        baidu(ADD, of(text, group_id="deleting", user_id="ada"))["face_token"] for text in (hopper, nowhere_else)
    )
    answer = baidu.raw(DELETE_FACE, {"group_id": "deleting", "user_id": "ada", "face_token": go}).json
    assert (answer["error_code"], answer["result"], type(answer["log_id"])) == (0, None, int)
    assert _tokens(baidu, "deleting", "ada") == [keep]
    assert baidu.error(DELETE_FACE, group_id="deleting", user_id="ada", face_token=go) == 223106
    assert baidu.error("v3/detect", image=go, image_type="FACE_TOKEN") == 222209
    assert baidu.error(DELETE_FACE, group_id="deleting", user_id="eve", face_token=keep) == 223103
    assert baidu.error(DELETE_FACE, group_id="deleting2", user_id="ada", face_token=keep) == 223100


def test_delete_face_in_every_group(baidu, hopper) -> None:
    for group in ("every1", "every2"):
        value = baidu(ADD, of(hopper, group_id=group, user_id="ada_every"))["face_token"]
    baidu(ADD, of(hopper, group_id="every1", user_id="other"))
    assert baidu(DELETE_FACE, user_id="ada_every", face_token=value) is None
    assert _tokens(baidu, "every1", "ada_every") == _tokens(baidu, "every2", "ada_every") == []
    assert _tokens(baidu, "every1", "other") == [value]
    assert baidu.error(DELETE_FACE, user_id="ada_every", face_token=value) == 223106


def test_face_tokens_of_64_characters(baidu, hopper) -> None:
    baidu(ADD, of(hopper, group_id="longtokens", user_id="ada"))
    given = {"group_id": "longtokens", "user_id": "ada"}
    assert baidu.error(DELETE_FACE, given | {"face_token": "t" * 64}) == 223106
    for wrong in ("t" * 65, "to-ken", "令牌", True, ["t"]):
        assert baidu.error(DELETE_FACE, given | {"face_token": wrong}) == 222025
    for missing in ({}, {"face_token": ""}):
        assert baidu.error(DELETE_FACE, given | missing) == 222001


def test_copy(baidu, hopper, collins) -> None:
    for text in (hopper, collins):
        baidu(ADD, of(text, group_id="source", user_id="ada", user_info="her"))
    baidu("v3/faceset/group/add", group_id="target")
    given = {"user_id": "ada", "src_group_id": "source", "dst_group_id": "target"}
    assert baidu(COPY, given) is None
    assert baidu(GET, group_id="target", user_id="ada")["user_list"] == [{"user_info": "her", "group_id": "target"}]
    assert _tokens(baidu, "target", "ada") == _tokens(baidu, "source", "ada")
    answer = baidu.raw(COPY, given).json
    assert (answer["error_code"], answer["error_msg"]) == (216100, "already add")
    assert baidu.error(COPY, given | {"user_id": "eve"}) == 223103
    assert baidu.error(COPY, given | {"src_group_id": "nowhere"}) == 223100
    assert baidu.error(COPY, given | {"dst_group_id": "nowhere"}) == 223111
    assert baidu.error(COPY, given | {"dst_group_id": "source"}) == 216100
    for name in ("src_group_id", "dst_group_id"):
        assert baidu.error(COPY, given | {name: ""}) == 222001
        for wrong in WRONG_IDS:
            assert baidu.error(COPY, given | {name: wrong}) == 222006


def test_delete_user(baidu, hopper, collins) -> None:
    for group in ("leave1", "leave2", "leave3"):
        baidu(ADD, of(hopper, group_id=group, user_id="ada_leave"))
    baidu(ADD, of(collins, group_id="leave1", user_id="other"))
    given = {"user_id": "ada_leave"}
    answer = baidu.raw(DELETE, given | {"group_id": "leave1"}).json
    assert (answer["error_code"], answer["result"], type(answer["log_id"])) == (0, None, int)
    assert baidu.error(GET, given | {"group_id": "leave1"}) == 223103
    assert baidu.error(DELETE, given | {"group_id": "leave1"}) == 223103
    assert baidu.error(DELETE, given | {"group_id": "leave4"}) == 223100
    assert baidu(GET, given | {"group_id": "@ALL"})["user_list"][0]["group_id"] == "leave2"
    assert baidu(DELETE, given | {"group_id": "@ALL"}) is None
    assert baidu.error(DELETE, given | {"group_id": "@ALL"}) == 223103
    assert _tokens(baidu, "leave1", "other")


def test_the_register_of_id_photographs_is_not_touched(baidu, daemon, registered, hopper) -> None:
    hidden = daemon.config.id_register.group
    (user,) = daemon.engine.gallery.users(hidden, 0, 1).items
    (face,) = daemon.engine.gallery.faces(hidden, user.user_id)
    given = {"group_id": hidden, "user_id": user.user_id, "face_token": face.face_token}
    baidu("v3/faceset/group/add", group_id="beside")
    for call in (ADD, UPDATE):
        for action in ({}, {"action_type": "REPLACE"}):
            assert baidu.error(call, {**of(hopper), **given, **action}) == 223100
    for call in (GET, DELETE, DELETE_FACE, FACES):
        assert baidu.error(call, given) == 223100
    for call in (GET, DELETE):
        assert baidu.error(call, given | {"group_id": "@ALL"}) == 223103
    assert baidu.error(DELETE_FACE, user_id=user.user_id, face_token=face.face_token) == 223103
    copying = {"user_id": user.user_id, "src_group_id": hidden, "dst_group_id": "beside"}
    assert baidu.error(COPY, copying) == 223100
    baidu(ADD, of(hopper, group_id="beside", user_id="ada"))
    copying = {"user_id": "ada", "src_group_id": "beside", "dst_group_id": hidden}
    assert baidu.error(COPY, copying) == 223111
    assert daemon.engine.gallery.users(hidden, 0, 10).items == (user,)
