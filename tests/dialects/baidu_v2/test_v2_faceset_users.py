"""faceset/user/add and update."""

from __future__ import annotations

import pytest

from tests import pictures
from tests.api.running import Running
from tests.dialects.baidu_v2.baidu_v2_wire import add, b64, call, error, faces, failure, fill, group, padded, raw


def score(daemon: Running, group_id: str, uid: str, image: bytes) -> float:
    return call(daemon, "v2/verify", uid=uid, group_id=group_id, image=image)["result"][0]


def test_add_makes_group_and_user_and_both_are_found_at_once(daemon: Running, hopper: bytes) -> None:
    # The cloud asks for 5 to 35 seconds of patience.
    name = group()
    add(daemon, name, "grace", hopper, "Rear Admiral")
    (user,) = call(daemon, "v2/identify", group_id=name, image=hopper)["result"]
    assert (user["uid"], user["user_info"]) == ("grace", "Rear Admiral")


def test_add_appends_by_default(daemon: Running, hopper: bytes, hopper_again: bytes) -> None:
    name = group()
    add(daemon, name, "grace", hopper, "first")
    add(daemon, name, "grace", hopper_again, "second", action_type="append")
    assert faces(daemon, name, "grace") == 2
    assert call(daemon, "v2/faceset/user/get", uid="grace", group_id=name)["result"][0]["user_info"] == "second"


def test_add_with_replace_takes_the_place_of_all_faces(
    daemon: Running, hopper: bytes, hopper_again: bytes, eileen: bytes
) -> None:
    name = group()
    add(daemon, name, "someone", hopper)
    add(daemon, name, "someone", hopper_again)
    add(daemon, name, "someone", eileen, action_type="replace")
    assert faces(daemon, name, "someone") == 1
    assert score(daemon, name, "someone", eileen) >= 80
    assert score(daemon, name, "someone", hopper) < 80
    add(daemon, name, "someone", eileen, action_type="replace")  # the same picture again is no error here
    assert faces(daemon, name, "someone") == 1


def test_add_into_several_groups_is_done_in_all_or_none(daemon: Running, hopper: bytes, eileen: bytes) -> None:
    one, two = group(), group()
    add(daemon, f"{one},{two}", "grace", hopper)
    assert faces(daemon, one, "grace") == faces(daemon, two, "grace") == 1
    add(daemon, two, "eileen", eileen)
    fields = {"uid": "eileen", "user_info": "x", "image": eileen}
    assert error(daemon, "v2/faceset/user/add", group_id=f"{one},{two}", **fields) == 216616
    assert error(daemon, "v2/faceset/user/get", uid="eileen", group_id=one) == 216611


def test_the_same_picture_cannot_be_added_twice(daemon: Running, hopper: bytes) -> None:
    name = group()
    add(daemon, name, "grace", hopper)
    answer = raw(daemon, "v2/faceset/user/add", uid="grace", user_info="", group_id=name, image=hopper)
    assert failure(answer)["error_code"] == 216616
    assert failure(answer)["error_msg"] == "image existed"
    nearly = pictures.encoded(pictures.hopper(), ".jpg", 1, 93)
    assert error(daemon, "v2/faceset/user/add", uid="grace", user_info="", group_id=name, image=nearly) == 216616


def test_add_refuses_a_poor_face_and_says_why(daemon: Running, small_face: bytes, nobody: bytes) -> None:
    fields = {"uid": "eileen", "user_info": "", "group_id": group()}
    body = failure(raw(daemon, "v2/faceset/user/add", **fields, image=small_face))
    assert body["error_code"] == 216617
    assert body["error_msg"].startswith("fail to add user: face_width")
    assert error(daemon, "v2/faceset/user/add", **fields, image=nobody) == 216402
    assert error(daemon, "v2/faceset/group/getusers", group_id=fields["group_id"]) == 216618


def test_a_user_holds_twenty_faces(daemon: Running, hopper: bytes) -> None:
    name = group()
    fill(daemon, name, 20)
    daemon.engine.gallery.set_user_info(name, "user0", "full")
    gallery = daemon.engine.gallery
    others = [(gallery.templates(name, f"user{number}")[0], f"t{number}") for number in range(1, 20)]
    gallery.memberships.enrol([name], "user0", others, duplicate_similarity=None)
    assert faces(daemon, name, "user0") == 20
    assert error(daemon, "v2/faceset/user/add", uid="user0", user_info="", group_id=name, image=hopper) == 216617


@pytest.mark.parametrize("missing", ["uid", "user_info", "group_id", "image"])
def test_add_needs_its_parameters(daemon: Running, hopper: bytes, missing: str) -> None:
    fields = {"uid": "u", "user_info": "", "group_id": group(), "image": b64(hopper)}
    del fields[missing]
    body = failure(raw(daemon, "v2/faceset/user/add", **fields))
    assert (body["error_code"], body["error_msg"]) == (216101, f"not enough param: {missing} is missing.")


def test_add_checks_its_parameters(daemon: Running, hopper: bytes) -> None:
    fields = {"uid": "u", "user_info": "", "group_id": group(), "image": hopper}
    for name, wrong, number in (
        ("uid", "a-b", 216111),
        ("uid", "人", 216111),
        ("group_id", "a-b", 216100),
        ("group_id", "a,,b", 216100),
        ("action_type", "merge", 216100),
        ("action_type", "REPLACE", 216100),
        ("image", "", 216200),
    ):
        assert error(daemon, "v2/faceset/user/add", **{**fields, name: wrong}) == number
    assert error(daemon, "v2/faceset/user/add", **{**fields, "image": b64(hopper, hopper)}, images="") == 216200
    del fields["image"]
    assert error(daemon, "v2/faceset/user/add", **fields, images=b64(hopper, hopper)) == 216103


def test_ids_have_128_characters_at_most(daemon: Running, hopper: bytes) -> None:
    long = group("x" * 20).ljust(128, "y")
    add(daemon, long, "u" * 128, hopper)
    fields = {"user_info": "", "image": hopper}
    assert error(daemon, "v2/faceset/user/add", uid="u" * 129, group_id=group(), **fields) == 216111
    assert error(daemon, "v2/faceset/user/add", uid="u", group_id=long + "y", **fields) == 216103


def test_a_listed_group_id_has_48_characters_at_most(daemon: Running, hopper: bytes) -> None:
    one, two = group("x").ljust(48, "y"), group("x").ljust(48, "y")
    add(daemon, f"{one},{two}", "u", hopper)
    fields = {"uid": "u", "user_info": "", "image": hopper}
    assert error(daemon, "v2/faceset/user/add", group_id=f"{one}y,{two}", **fields) == 216103


def test_a_change_names_ten_groups_at_most(daemon: Running, hopper: bytes) -> None:
    ten = [group() for _ in range(10)]
    add(daemon, ",".join(ten), "u", hopper)
    fields = {"uid": "v", "user_info": "", "image": hopper}
    assert error(daemon, "v2/faceset/user/add", group_id=",".join([*ten, "more"]), **fields) == 216631


def test_user_info_has_256_bytes_at_most(daemon: Running, hopper: bytes) -> None:
    name = group()
    info = "人" * 85 + "x"
    assert len(info.encode()) == 256
    add(daemon, name, "u", hopper, info)
    assert call(daemon, "v2/faceset/user/get", uid="u", group_id=name)["result"][0]["user_info"] == info
    fields = {"uid": "v", "group_id": name, "image": hopper}
    assert error(daemon, "v2/faceset/user/add", user_info=info + "x", **fields) == 216103


def test_faceset_pictures_have_10m_of_base64_at_most(daemon: Running, hopper: bytes) -> None:
    exactly = b64(padded(hopper, 10 * 1024 * 1024 // 4 * 3))
    name = group()
    call(daemon, "v2/faceset/user/add", uid="u", user_info="", group_id=name, image=exactly)
    call(daemon, "v2/faceset/user/update", uid="u", user_info="", group_id=name, image=exactly)
    for path in ("add", "update"):
        fields = {"uid": "u", "user_info": "", "group_id": name, "image": exactly + "\n"}
        assert error(daemon, f"v2/faceset/user/{path}", **fields) == 216202


def test_update_takes_the_place_of_all_faces(
    daemon: Running, hopper: bytes, hopper_again: bytes, eileen: bytes
) -> None:
    name = group()
    add(daemon, name, "someone", hopper, "before")
    add(daemon, name, "someone", hopper_again, "before")
    body = call(daemon, "v2/faceset/user/update", uid="someone", user_info="after", group_id=name, image=eileen)
    assert set(body) == {"log_id"}
    assert faces(daemon, name, "someone") == 1
    assert score(daemon, name, "someone", hopper) < 80 <= score(daemon, name, "someone", eileen)
    assert call(daemon, "v2/faceset/user/get", uid="someone", group_id=name)["result"][0]["user_info"] == "after"


def test_update_touches_the_named_group_only(daemon: Running, hopper: bytes, eileen: bytes) -> None:
    one, two = group(), group()
    add(daemon, f"{one},{two}", "someone", hopper)
    call(daemon, "v2/faceset/user/update", uid="someone", user_info="", group_id=one, image=eileen)
    assert score(daemon, one, "someone", hopper) < 80 <= score(daemon, two, "someone", hopper)


def test_update_as_the_rest_chapter_has_it(
    daemon: Running, hopper: bytes, hopper_again: bytes, eileen: bytes
) -> None:
    """Without group and info, and several pictures."""
    one, two = group(), group()
    uid = group("user")
    add(daemon, f"{one},{two}", uid, eileen, "kept")
    call(daemon, "v2/faceset/user/update", uid=uid, images=b64(hopper, hopper_again))
    for name in (one, two):
        assert faces(daemon, name, uid) == 2
        assert score(daemon, name, uid, eileen) < 80
    records = call(daemon, "v2/faceset/user/get", uid=uid)["result"]
    assert [record["user_info"] for record in records] == ["kept", "kept"]


def test_update_with_a_picture_that_fails_changes_nothing(
    daemon: Running, hopper: bytes, eileen: bytes, nobody: bytes
) -> None:
    name = group()
    add(daemon, name, "grace", hopper)
    fields = {"uid": "grace", "user_info": "", "group_id": name}
    for second, number in ((b"broken", 216201), (nobody, 216402), (eileen, 216616)):
        wrong = b64(eileen, second)
        assert error(daemon, "v2/faceset/user/update", **fields, images=wrong) == number
        assert score(daemon, name, "grace", hopper) >= 80


def test_update_takes_twenty_pictures_at_most(daemon: Running, hopper: bytes) -> None:
    name = group()
    add(daemon, name, "grace", hopper)
    # The first cannot be read, so that twenty cost nothing: it is not their number that fails.
    assert error(daemon, "v2/faceset/user/update", uid="grace", images="QUFB" + ",QUFB" * 19) == 216201
    assert error(daemon, "v2/faceset/user/update", uid="grace", images="QUFB" + ",QUFB" * 20) == 216103


def test_update_of_an_unknown_user(daemon: Running, hopper: bytes) -> None:
    name = group()
    add(daemon, name, "grace", hopper)
    fields = {"uid": group("nobody"), "user_info": "new", "image": hopper}
    answer = raw(daemon, "v2/faceset/user/update", group_id=name, **fields)
    assert failure(answer)["error_code"] == 216612 and failure(answer)["error_msg"] == "user not exist"
    assert error(daemon, "v2/faceset/user/update", **fields) == 216612
    assert error(daemon, "v2/faceset/user/update", group_id=name, action_type="append", **fields) == 216612
    assert error(daemon, "v2/faceset/user/update", group_id=group("missing"), **fields) == 216618
    # "如果添加了action_type:replace，则不会报错，并自动注册该uid"
    call(daemon, "v2/faceset/user/update", group_id=name, action_type="replace", **fields)
    assert score(daemon, name, fields["uid"], hopper) >= 80
    other = group("nobody")
    assert error(daemon, "v2/faceset/user/update", uid=other, action_type="replace", image=hopper) == 216101


def test_update_refuses_a_poor_face(daemon: Running, hopper: bytes, small_face: bytes) -> None:
    name = group()
    add(daemon, name, "grace", hopper)
    assert error(daemon, "v2/faceset/user/update", uid="grace", group_id=name, image=small_face) == 216617


def test_update_checks_its_parameters(daemon: Running, hopper: bytes) -> None:
    name = group()
    add(daemon, name, "u", hopper)
    fields = {"uid": "u", "user_info": "", "group_id": name, "image": hopper}
    for parameter, wrong, number in (
        ("uid", "", 216101),
        ("uid", "u" * 129, 216111),
        ("user_info", "x" * 257, 216103),
        ("group_id", "a-b", 216100),
        ("group_id", "x" * 129, 216103),
        ("action_type", "merge", 216100),
        ("image", "", 216200),
    ):
        assert error(daemon, "v2/faceset/user/update", **{**fields, parameter: wrong}) == number
    del fields["image"]
    assert error(daemon, "v2/faceset/user/update", **fields) == 216101
