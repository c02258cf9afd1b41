"""Every example request of the document, sent as it stands there (with a picture in the place of "取决于...").

Where an example asks for a liveness control, the answer is 223120: the default pack has no liveness model. It is then
sent again without that line; test_v3_liveness_model.py asks a pack that has one.
"""

from __future__ import annotations

import pytest

from tests.dialects.baidu_v3.v3_calls import NAME, NUMBER, of


@pytest.fixture(scope="module", autouse=True)
def library(baidu, collins, hopper) -> None:
    """What the examples name."""
    for group, user, text in (("3", "233451", hopper), ("2", "other", collins)):
        baidu("v3/faceset/user/add", of(text, group_id=group, user_id=user))


def _with_and_without_liveness(baidu, call: str, given):
    assert given["liveness_control"] == "LOW"
    assert baidu.error(call, given) == 223120
    return baidu(call, {name: value for name, value in given.items() if name != "liveness_control"})


def test_detect(baidu, hopper) -> None:
    assert baidu("v3/detect", of(hopper))["face_num"] == 1
    options = {"face_field": "age", "max_face_num": 2, "face_type": "LIVE", "liveness_control": "LOW"}
    assert _with_and_without_liveness(baidu, "v3/detect", of(hopper, **options))["face_num"] == 1


def test_search(baidu, hopper) -> None:
    given = of(hopper, group_id_list="3,2")
    assert baidu("v3/search", given)["user_list"][0]["group_id"] == "3"
    options = {
        "match_threshold": 70,
        "quality_control": "NORMAL",
        "liveness_control": "LOW",
        "user_id": "233451",
        "max_user_num": 3,
    }
    assert _with_and_without_liveness(baidu, "v3/search", given | options)["user_list"][0]["user_id"] == "233451"


def test_multi_search(baidu, hopper) -> None:
    given = of(hopper, group_id_list="3,2")
    assert baidu("v3/multi-search", given)["face_num"] == 1
    options = {
        "max_face_num": 3,
        "match_threshold": 70,
        "quality_control": "NORMAL",
        "liveness_control": "LOW",
        "max_user_num": 3,
    }
    assert _with_and_without_liveness(baidu, "v3/multi-search", given | options)["face_num"] == 1


def test_the_face_library(baidu, hopper) -> None:
    given = {"group_id": "group1", "user_id": "user1"}
    assert baidu("v3/faceset/user/add", of(hopper, **given))["face_token"]
    options = {
        "user_info": "user's info",
        "quality_control": "NORMAL",
        "liveness_control": "LOW",
        "action_type": "REPLACE",
    }
    for call in ("v3/faceset/user/add", "v3/faceset/user/update"):
        assert baidu(call, of(hopper, **given, action_type="REPLACE"))["face_token"]
        assert _with_and_without_liveness(baidu, call, of(hopper, **given, **options))["location"]
    assert baidu("v3/faceset/user/update", of(hopper, **given))["face_token"]
    assert baidu("v3/faceset/user/get", given)["user_list"] == [{"user_info": "user's info", "group_id": "group1"}]
    (face,) = baidu("v3/faceset/face/getlist", given)["face_list"]
    for page in ({}, {"start": 0, "length": 50}):
        assert baidu("v3/faceset/group/getusers", group_id="group1", **page) == {"user_id_list": ["user1"]}
        assert "group1" in baidu("v3/faceset/group/getlist", page)["group_id_list"]
    assert (
        baidu.error("v3/faceset/user/copy", user_id="user1") == 222001
    )  # the document's shortest form lacks both groups
    baidu("v3/faceset/user/add", of(hopper, group_id="11111", user_id="user1"))
    baidu("v3/faceset/group/add", group_id="222222")
    copying = {"user_id": "user1", "src_group_id": "11111", "dst_group_id": "222222"}
    assert baidu("v3/faceset/user/copy", copying) is None
    assert baidu.raw("v3/faceset/user/copy", copying).json["error_msg"] == "already add"
    assert baidu.error("v3/faceset/face/delete", **given, face_token="face_token_23123") == 223106
    assert baidu("v3/faceset/face/delete", **given, face_token=face["face_token"]) is None
    assert baidu("v3/faceset/user/delete", given) is None
    assert baidu.error("v3/faceset/user/delete", given) == 223103
    assert baidu.error("v3/faceset/group/add", group_id="group1") == 223101
    assert baidu("v3/faceset/group/delete", group_id="group1") is None
    assert baidu.error("v3/faceset/group/delete", group_id="group1") == 223100
    assert baidu("v3/faceset/group/add", group_id="group1") is None


def test_person_verify(baidu, registered, hopper) -> None:
    given = of(hopper, id_card_number=NUMBER, name=NAME)
    assert baidu("v3/person/verify", given)["score"] > 80
    options = {"quality_control": "NORMAL", "liveness_control": "LOW"}
    assert _with_and_without_liveness(baidu, "v3/person/verify", given | options)["score"] > 80


def test_session_code(baidu) -> None:
    for given in ([], {"appid": "223245"}):
        assert baidu.raw("v1/faceliveness/sessioncode", given).json["err_no"] == 0


def test_faceverify(baidu, collins, hopper) -> None:
    # The document's example has two pictures; its own table allows 1, 3 or 8.
    assert baidu.error("v3/faceverify", [of(collins), of(hopper)]) == 222208
    assert len(baidu("v3/faceverify", [of(hopper)] * 3)["face_list"]) == 3


def test_match(baidu, collins, hopper) -> None:
    assert baidu("v3/match", [of(collins), of(hopper)])["score"] < 80


def test_version_4(baidu, registered, hopper) -> None:
    assert baidu("v4/mingjing/verify", id_card_number=NUMBER, name=NAME, image=hopper, xxx="xxx")["score"] > 80
    given = {"image": hopper, "image_type": "BASE64", "register_image": hopper, "register_image_type": "BASE64"}
    assert baidu("v4/mingjing/match", given | {"xxx": "xxx"})["score"] == 100
    assert baidu.error("v4/faceverify", sdk_version=1, xxx="xxx") == 222001  # the example lacks its pictures
    assert baidu("v4/faceverify", sdk_version=1, xxx="xxx", image_list=[hopper])["face_list"]
