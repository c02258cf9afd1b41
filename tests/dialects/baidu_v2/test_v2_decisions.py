"""identify, multi-identify and verify."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.running import Running
from tests.dialects.baidu_v2.baidu_v2_wire import b64, call, error, fill, group, padded, raw, withheld

PATHS = ("v2/identify", "v2/multi-identify", "v2/verify")


@pytest.fixture(scope="module")
def staff(daemon: Running, hopper: bytes, hopper_again: bytes, eileen: bytes) -> Iterator[str]:
    """Hopper with two faces, Collins with one."""
    name = group("staff")
    call(daemon, "v2/faceset/user/add", uid="grace", user_info="Rear Admiral", group_id=name, image=hopper)
    call(daemon, "v2/faceset/user/add", uid="grace", user_info="Rear Admiral", group_id=name, image=hopper_again)
    call(daemon, "v2/faceset/user/add", uid="eileen", user_info="航天员", group_id=name, image=eileen)
    yield name


def arguments(path: str, groups: str) -> dict[str, str]:
    return {"group_id": groups, **({"uid": "grace"} if path == "v2/verify" else {})}


def test_identify_names_the_best_user(daemon: Running, staff: str, hopper: bytes) -> None:
    body = call(daemon, "v2/identify", group_id=staff, image=hopper)
    assert set(body) == {"log_id", "result_num", "result"}
    assert body["result_num"] == 1
    (user,) = body["result"]
    assert set(user) == {"group_id", "uid", "user_info", "scores"}
    assert (user["group_id"], user["uid"], user["user_info"]) == (staff, "grace", "Rear Admiral")
    (score,) = user["scores"]
    assert type(score) is float and 80 <= score <= 100


def test_identify_decides_nothing(daemon: Running, staff: str, hopper: bytes) -> None:
    """Whoever is nearest is named, and the score says that it is nobody."""
    stranger = group("only_eileen")
    call(daemon, "v2/faceset/group/adduser", src_group_id=staff, group_id=stranger, uid="eileen")
    (user,) = call(daemon, "v2/identify", group_id=stranger, image=hopper)["result"]
    assert (user["uid"], user["user_info"]) == ("eileen", "航天员")
    assert user["scores"][0] < 80


def test_user_top_num(daemon: Running, staff: str, hopper: bytes) -> None:
    body = call(daemon, "v2/identify", group_id=staff, image=hopper, user_top_num=2)
    assert [user["uid"] for user in body["result"]] == ["grace", "eileen"]
    assert body["result"][0]["scores"] > body["result"][1]["scores"]
    # The Python sample asks for 0 and means the default.
    assert call(daemon, "v2/identify", group_id=staff, image=hopper, user_top_num=0)["result_num"] == 1
    assert error(daemon, "v2/identify", group_id=staff, image=hopper, user_top_num="many") == 216100


def test_identify_returns_five_users_at_most(daemon: Running, hopper: bytes) -> None:
    crowd = group("crowd")
    fill(daemon, crowd, 6)
    assert call(daemon, "v2/identify", group_id=crowd, image=hopper, user_top_num=5)["result_num"] == 5
    assert call(daemon, "v2/identify", group_id=crowd, image=hopper, user_top_num=6)["result_num"] == 5


def test_face_top_num_gives_the_scores_of_several_faces(
    daemon: Running, staff: str, hopper: bytes, eileen: bytes
) -> None:
    fields = {"group_id": staff, "image": eileen, "user_top_num": 2}
    first, second = call(daemon, "v2/identify", **fields, face_top_num=3)["result"]
    assert (first["uid"], second["uid"]) == ("eileen", "grace")
    assert len(first["scores"]) == 1
    best, other = second["scores"]
    assert 80 > best > other
    (only,) = call(daemon, "v2/identify", **fields, face_top_num=1)["result"][1]["scores"]
    assert only == pytest.approx(best, abs=1e-3)
    assert error(daemon, "v2/identify", group_id=staff, image=hopper, face_top_num=0) == 216100


def test_identify_looks_into_every_group(daemon: Running, staff: str, eileen: bytes) -> None:
    other = group("other")
    fill(daemon, other, 3)
    body = call(daemon, "v2/identify", group_id=f"{other},{staff}", image=eileen, user_top_num=5)
    assert body["result_num"] == 5
    assert (body["result"][0]["group_id"], body["result"][0]["uid"]) == (staff, "eileen")
    assert {user["group_id"] for user in body["result"]} == {staff, other}


def test_multi_identify_names_everybody_with_a_place(daemon: Running, staff: str, both: bytes) -> None:
    body = call(daemon, "v2/multi-identify", group_id=staff, image=both, detect_top_num=2, user_top_num=2)
    assert set(body) == {"log_id", "result_num", "result"}
    assert body["log_id"] < 2**32  # uint32 in this call's table
    assert type(body["result_num"]) is int and body["result_num"] == 4
    assert [user["uid"] for user in body["result"]] == ["grace", "eileen", "eileen", "grace"]
    for user in body["result"]:
        assert set(user) == {"group_id", "uid", "user_info", "scores", "position"}
        assert len(user["scores"]) == 1 and type(user["scores"][0]) is float
        place = user["position"]
        assert set(place) == {"left", "top", "width", "height", "degree", "prob"}
        assert all(type(place[name]) is float for name in ("left", "top", "prob"))
        assert all(type(place[name]) is int for name in ("width", "height", "degree"))
        assert 0 < place["prob"] <= 1
    places = [user["position"] for user in body["result"]]
    assert places[0] == places[1] and places[2] == places[3]
    assert places[0]["left"] < places[2]["left"]
    assert body["result"][0]["scores"][0] >= 80 and body["result"][2]["scores"][0] >= 80


def test_multi_identify_looks_at_one_face_and_names_one_user_by_default(
    daemon: Running, staff: str, both: bytes
) -> None:
    (user,) = call(daemon, "v2/multi-identify", group_id=staff, image=both)["result"]
    assert user["uid"] == "grace"


def test_detect_top_num(daemon: Running, staff: str, both: bytes) -> None:
    fields = {"group_id": staff, "image": both}
    assert call(daemon, "v2/multi-identify", **fields, detect_top_num=1)["result_num"] == 1
    assert call(daemon, "v2/multi-identify", **fields, detect_top_num=10)["result_num"] == 2
    assert call(daemon, "v2/multi-identify", **fields, detect_top_num=11)["result_num"] == 2
    for wrong in ("0", "all"):
        assert error(daemon, "v2/multi-identify", **fields, detect_top_num=wrong) == 216100


def test_multi_identify_returns_twenty_users_of_a_face_at_most(daemon: Running, hopper: bytes) -> None:
    crowd = group("crowd")
    fill(daemon, crowd, 21)
    fields = {"group_id": crowd, "image": hopper}
    assert call(daemon, "v2/multi-identify", **fields, user_top_num=20)["result_num"] == 20
    assert call(daemon, "v2/multi-identify", **fields, user_top_num=21)["result_num"] == 20
    assert error(daemon, "v2/multi-identify", **fields, user_top_num=0) == 216100


def test_verify_scores_the_user(daemon: Running, staff: str, hopper: bytes, eileen: bytes) -> None:
    body = call(daemon, "v2/verify", uid="grace", group_id=staff, image=hopper)
    assert set(body) == {"log_id", "result_num", "result"}
    assert body["result_num"] == 1
    assert type(body["result"][0]) is float and 80 <= body["result"][0] <= 100
    (other,) = call(daemon, "v2/verify", uid="grace", group_id=staff, image=eileen)["result"]
    assert other < 80


def test_top_num(daemon: Running, staff: str, eileen: bytes) -> None:
    fields = {"uid": "grace", "group_id": staff, "image": eileen}
    best, second = call(daemon, "v2/verify", **fields, top_num=5)["result"]
    assert 80 > best > second
    assert call(daemon, "v2/verify", **fields, top_num=1)["result"] == [best]
    assert error(daemon, "v2/verify", **fields, top_num=0) == 216100


def test_verify_looks_into_every_group_that_has_the_user(daemon: Running, staff: str, hopper: bytes) -> None:
    other = group("other")
    fill(daemon, other, 1)
    assert call(daemon, "v2/verify", uid="grace", group_id=f"{other},{staff}", image=hopper)["result"][0] >= 80


def test_unknown_users_and_groups(daemon: Running, staff: str, hopper: bytes) -> None:
    assert error(daemon, "v2/verify", uid="nobody", group_id=staff, image=hopper) == 216611
    for path in PATHS:
        assert error(daemon, path, **arguments(path, group("missing")), image=hopper) == 216618
        assert error(daemon, path, **arguments(path, f"{staff},{group('missing')}"), image=hopper) == 216618


def test_a_group_without_users_has_nobody_to_name(daemon: Running, staff: str, hopper: bytes) -> None:
    empty = group("empty")
    daemon.engine.gallery.add_group(empty)
    for path in ("v2/identify", "v2/multi-identify"):
        assert error(daemon, path, group_id=empty, image=hopper) == 216618
    assert error(daemon, "v2/verify", uid="grace", group_id=empty, image=hopper) == 216611


@pytest.mark.parametrize("path", PATHS)
def test_the_picture_of_a_decision(daemon: Running, staff: str, hopper: bytes, nobody: bytes, path: str) -> None:
    fields = arguments(path, staff)
    assert call(daemon, path, **fields, images=hopper)["result_num"] == 1  # the REST chapter's name
    assert error(daemon, path, **fields) == 216101
    assert error(daemon, path, **fields, image="") == 216200
    assert error(daemon, path, **fields, images=b64(hopper, hopper)) == 216103
    assert error(daemon, path, **fields, image=nobody) == 216402


@pytest.mark.parametrize("path", PATHS)
def test_a_decision_takes_10m_of_base64(daemon: Running, staff: str, hopper: bytes, path: str) -> None:
    exactly = b64(padded(hopper, 10 * 1024 * 1024 // 4 * 3))
    assert len(exactly) == 10 * 1024 * 1024
    assert call(daemon, path, **arguments(path, staff), image=exactly)["result_num"] == 1
    assert error(daemon, path, **arguments(path, staff), image=exactly + "\n") == 216202


@pytest.mark.parametrize("path", PATHS)
def test_ext_fields_faceliveness_is_withheld(daemon: Running, staff: str, hopper: bytes, path: str) -> None:
    answer = raw(daemon, path, **arguments(path, staff), image=hopper, ext_fields="faceliveness")
    assert set(answer.json) == {"log_id", "result_num", "result"}
    assert withheld(answer) == {"faceliveness"}
    assert withheld(raw(daemon, path, **arguments(path, staff), image=hopper)) == set()


@pytest.mark.parametrize("path", PATHS)
def test_group_id_of_a_decision(daemon: Running, staff: str, hopper: bytes, path: str) -> None:
    fields = {**arguments(path, staff), "image": hopper}
    assert error(daemon, path, **{**fields, "group_id": ""}) == 216101
    for wrong in ("a-b", f"{staff},", "组"):
        assert error(daemon, path, **{**fields, "group_id": wrong}) == 216100
    ten = [group("ten") for _ in range(9)]
    for name in ten:
        daemon.engine.gallery.add_group(name)
    assert call(daemon, path, **{**fields, "group_id": ",".join([staff, *ten])})["result_num"] == 1
    assert error(daemon, path, **{**fields, "group_id": ",".join([staff, *ten, "eleven"])}) == 216103


def test_verify_needs_a_uid(daemon: Running, staff: str, hopper: bytes) -> None:
    assert error(daemon, "v2/verify", group_id=staff, image=hopper) == 216101
    assert error(daemon, "v2/verify", group_id=staff, image=hopper, uid="a b") == 216111
