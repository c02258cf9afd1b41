"""/face/clustering: groups and faces."""

from __future__ import annotations

import pytest
from cloudwalk_calls import CloudWalk

from edgeface.engine import Gate
from edgeface.numbered.numbers import number_of
from edgeface.types import QualityLevel
from tests import pictures
from tests.api.running import Running

QUERY = "clustering/group/query"


def test_create_a_group(cloudwalk: CloudWalk) -> None:
    assert cloudwalk("clustering/group/create", groupId="cwMade1", tag="Entrance7") == {"result": 0, "info": "成功"}
    body = cloudwalk.ok(QUERY, type="queryByGroupId", groupId="cwMade1")
    assert body["rows"] == [{"groupId": "cwMade1", "info": "Entrance7"}]
    assert cloudwalk.refused("clustering/group/create", groupId="cwMade1", tag="again") == 12360


@pytest.mark.parametrize("group_id", ["a_b", "a b", "组", "a-b", "g" * 129])
def test_group_id_that_is_not_letters_and_digits(cloudwalk: CloudWalk, group_id: str) -> None:
    assert cloudwalk.refused("clustering/group/create", groupId=group_id, tag="") == 4101


@pytest.mark.parametrize("tag", ["with blank", "标签", "a_b", "t" * 129])
def test_group_tag_that_is_not_letters_and_digits(cloudwalk: CloudWalk, tag: str) -> None:
    assert cloudwalk.refused("clustering/group/create", groupId="cwTagged", tag=tag) == 4101


def test_group_tag_at_its_limit_and_left_out(cloudwalk: CloudWalk) -> None:
    cloudwalk.group("cwLongTag", "t" * 128)
    cloudwalk.ok("clustering/group/create", groupId="cwNoTag")
    for group_id, tag in (("cwLongTag", "t" * 128), ("cwNoTag", "")):
        assert cloudwalk.ok(QUERY, type="queryByGroupId", groupId=group_id)["rows"][0]["info"] == tag


def test_delete_a_group_with_its_faces(cloudwalk: CloudWalk, daemon: Running, astronaut: bytes) -> None:
    number = cloudwalk.face(cloudwalk.group("cwGone", "x"), astronaut)
    assert cloudwalk("clustering/group/delete", groupId="cwGone") == {"result": 0, "info": "成功"}
    assert not daemon.engine.gallery.has_group("cwGone")
    assert cloudwalk.refused("clustering/group/delete", groupId="cwGone") == 12357
    assert cloudwalk.refused("clustering/face/query", type="queryByFaceId", groupId="cwGone", faceId=number) == 12357


def test_query_one_group(cloudwalk: CloudWalk, astronaut: bytes, hopper: bytes) -> None:
    cloudwalk.group("cwOne", "tag1")
    cloudwalk.face("cwOne", astronaut)
    cloudwalk.face("cwOne", hopper)
    body = cloudwalk.ok(QUERY, type="queryByGroupId", groupId="cwOne", faceCount="true")
    assert body == {
        "result": 0,
        "info": "成功",
        "total": 1,
        "rows": [{"groupId": "cwOne", "info": "tag1", "count": 2}],
    }
    assert type(body["total"]) is int and type(body["rows"][0]["count"]) is int
    for given in ({"faceCount": "false"}, {}):
        (row,) = cloudwalk.ok(QUERY, type="queryByGroupId", groupId="cwOne", **given)["rows"]
        assert row == {"groupId": "cwOne", "info": "tag1"}
    assert cloudwalk.refused(QUERY, type="queryByGroupId", groupId="cwOne", faceCount="maybe") == 4101
    assert cloudwalk.refused(QUERY, type="queryByGroupId", groupId="cwUnknown") == 12357


def test_query_pages_of_groups(cloudwalk: CloudWalk) -> None:
    for number in range(3):
        cloudwalk.group(f"cwPage{number}", f"p{number}")

    def page(number: int, size: int, **more: str) -> dict[str, object]:
        return cloudwalk.ok(QUERY, type="queryByPage", pageNumber=number, pageSize=size, **more)

    everything = page(1, 1000)
    total = everything["total"]
    assert type(total) is int and total == len(everything["rows"])
    assert [row for row in everything["rows"] if row["groupId"].startswith("cwPage")] == [
        {"groupId": f"cwPage{number}", "info": f"p{number}"} for number in range(3)
    ]
    pages = [page(number, 2)["rows"] for number in range(1, total // 2 + 2)]
    assert [row for rows in pages for row in rows] == everything["rows"]
    assert all(len(rows) == 2 for rows in pages[: total // 2])
    assert page(total + 1, 1)["rows"] == []
    assert all(type(row["count"]) is int for row in page(1, 1000, faceCount="true")["rows"])


@pytest.mark.parametrize(
    ("wrong", "number"),
    [
        ({"pageNumber": "0"}, 4101),
        ({"pageNumber": "-1"}, 4101),
        ({"pageNumber": "one"}, 4101),
        ({"pageSize": "0"}, 4101),
        ({"pageSize": "1001"}, 4101),
        ({"pageSize": "1.5"}, 4101),
        ({"pageNumber": ""}, 4097),
        ({"pageSize": ""}, 4097),
        ({"type": ""}, 4097),
        ({"type": "queryByName"}, 4100),
    ],
)
def test_query_of_groups_that_is_wrong(cloudwalk: CloudWalk, wrong: dict[str, str], number: int) -> None:
    given = {"type": "queryByPage", "pageNumber": "1", "pageSize": "10", **wrong}
    assert cloudwalk.refused(QUERY, **given) == number


def test_the_largest_page(cloudwalk: CloudWalk) -> None:
    cloudwalk.ok(QUERY, type="queryByPage", pageNumber="1", pageSize="1000")


def test_create_find_and_delete_a_face(cloudwalk: CloudWalk, astronaut: bytes) -> None:
    cloudwalk.group("cwFaces")
    body = cloudwalk.ok("clustering/face/create", groupId="cwFaces", img=astronaut, tag="张三, 部门 7")
    assert set(body) == {"result", "info", "faceId"}
    number = body["faceId"]
    assert type(number) is int and 0 < number < 2**53
    found = cloudwalk.ok("clustering/face/query", type="queryByFaceId", groupId="cwFaces", faceId=number)
    assert found == {"result": 0, "info": "成功", "total": 1, "rows": [{"faceId": number, "tag": "张三, 部门 7"}]}
    assert cloudwalk("clustering/face/delete", groupId="cwFaces", faceId=number) == {"result": 0, "info": "成功"}
    for call in ("clustering/face/delete", "clustering/face/query"):
        assert cloudwalk.refused(call, type="queryByFaceId", groupId="cwFaces", faceId=number) == 12292


def test_the_same_face_again(cloudwalk: CloudWalk, astronaut: bytes) -> None:
    cloudwalk.face(cloudwalk.group("cwTwice"), astronaut)
    assert cloudwalk.refused("clustering/face/create", groupId="cwTwice", img=astronaut) == 12294
    cloudwalk.face(cloudwalk.group("cwTwiceElsewhere"), astronaut)


def test_a_person_may_have_several_faces(cloudwalk: CloudWalk, astronaut: bytes) -> None:
    cloudwalk.group("cwSeveral")
    other = pictures.encoded(pictures.darkened(pictures.astronaut(), 0.8), ".jpg")
    assert cloudwalk.face("cwSeveral", astronaut) != cloudwalk.face("cwSeveral", other)


def test_create_takes_the_largest_face(cloudwalk: CloudWalk, both: bytes, hopper: bytes) -> None:
    number = cloudwalk.face(cloudwalk.group("cwLargest"), both)
    assert cloudwalk.ok("recog/group/compare", groupId="cwLargest", faceId=number, img=hopper)["score"] > 0.9


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ({"tag": "t" * 129}, 4101),
        ({"tag": "字" * 43}, 4101),
        ({"groupId": ""}, 4097),
        ({"groupId": "cwNowhere"}, 12357),
        ({"groupId": "no group"}, 4101),
        ({"img": ""}, 4097),
        ({"img": "not base64"}, 8497),
    ],
)
def test_create_a_face_wrongly(cloudwalk: CloudWalk, astronaut: bytes, given: dict[str, str], number: int) -> None:
    if "cwWrong" not in str(cloudwalk.ok(QUERY, type="queryByPage", pageNumber=1, pageSize=1000)):
        cloudwalk.group("cwWrong")
    sent = {"groupId": "cwWrong", "img": astronaut, "tag": "t", **given}
    assert cloudwalk.refused("clustering/face/create", **sent) == number


def test_face_tag_at_its_limit(cloudwalk: CloudWalk, astronaut: bytes, hopper: bytes) -> None:
    cloudwalk.group("cwFaceTag")
    for picture, tag in ((astronaut, "t" * 128), (hopper, "字" * 42 + "ab")):
        number = cloudwalk.face("cwFaceTag", picture, tag)
        (row,) = cloudwalk.ok("clustering/face/query", type="queryByFaceId", groupId="cwFaceTag", faceId=number)[
            "rows"
        ]
        assert row["tag"] == tag and type(row["faceId"]) is int


def test_edit_keeps_the_number(cloudwalk: CloudWalk, astronaut: bytes, hopper: bytes) -> None:
    number = cloudwalk.face(cloudwalk.group("cwEdit"), astronaut, "before")

    def state() -> tuple[str, float]:
        given = {"groupId": "cwEdit", "faceId": number}
        (row,) = cloudwalk.ok("clustering/face/query", type="queryByFaceId", **given)["rows"]
        return row["tag"], cloudwalk.ok("recog/group/compare", img=hopper, **given)["score"]

    assert state()[0] == "before" and state()[1] < 0.8
    edit = {"groupId": "cwEdit", "faceId": number}
    assert cloudwalk("clustering/face/edit", **edit, tag="after") == {"result": 0, "info": "成功"}
    assert state()[0] == "after" and state()[1] < 0.8
    cloudwalk.ok("clustering/face/edit", **edit, img=hopper)
    assert state() == ("after", 1.0)
    cloudwalk.ok("clustering/face/edit", **edit, img=astronaut, tag="both")
    assert state()[0] == "both" and state()[1] < 0.8
    assert cloudwalk.ok(QUERY, type="queryByGroupId", groupId="cwEdit", faceCount="true")["rows"][0]["count"] == 1


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ({"tag": "t" * 129}, 4101),
        ({"faceId": ""}, 4097),
        ({"faceId": "abc"}, 4101),
        ({"faceId": "1"}, 12292),
        ({"faceId": str(2**53 + 1)}, 12292),
        ({"groupId": ""}, 4097),
        ({"groupId": "cwNowhere"}, 12357),
        ({"tag": None}, 4097),
    ],
)
def test_edit_wrongly(cloudwalk: CloudWalk, daemon: Running, hopper: bytes, given: dict, number: int) -> None:
    if not daemon.engine.gallery.has_group("cwEditWrong"):
        cloudwalk.face(cloudwalk.group("cwEditWrong"), hopper)
    (user,) = daemon.engine.gallery.user_ids("cwEditWrong")
    sent = {"groupId": "cwEditWrong", "faceId": user, "tag": "t", **given}
    sent = {name: value for name, value in sent.items() if value is not None}
    assert cloudwalk.refused("clustering/face/edit", **sent) == number


def test_edit_with_a_picture_that_will_not_do_changes_nothing(
    cloudwalk: CloudWalk, astronaut: bytes, no_face: bytes
) -> None:
    number = cloudwalk.face(cloudwalk.group("cwEditFails"), astronaut, "kept")
    edit = {"groupId": "cwEditFails", "faceId": number}
    assert cloudwalk.refused("clustering/face/edit", **edit, img=no_face, tag="lost") == 8464
    (row,) = cloudwalk.ok("clustering/face/query", type="queryByFaceId", **edit)["rows"]
    assert row["tag"] == "kept"
    assert cloudwalk.ok("recog/group/compare", **edit, img=astronaut)["score"] == 1.0


@pytest.mark.parametrize(
    ("given", "number"),
    [({"type": ""}, 4097), ({"type": "queryByPage"}, 4100), ({"faceId": ""}, 4097), ({"faceId": "x"}, 4101)],
)
def test_query_of_a_face_that_is_wrong(cloudwalk: CloudWalk, given: dict[str, str], number: int) -> None:
    sent = {"type": "queryByFaceId", "groupId": "cwNowhere", "faceId": "5", **given}
    assert cloudwalk.refused("clustering/face/query", **sent) == number


@pytest.mark.parametrize(
    ("given", "number"), [({"groupId": ""}, 4097), ({"faceId": ""}, 4097), ({"faceId": "-5"}, 4101)]
)
def test_delete_of_a_face_that_is_wrong(cloudwalk: CloudWalk, given: dict[str, str], number: int) -> None:
    assert cloudwalk.refused("clustering/face/delete", **{"groupId": "cwNowhere", "faceId": "5", **given}) == number


def test_a_face_is_known_in_its_group_only(cloudwalk: CloudWalk, astronaut: bytes) -> None:
    number = cloudwalk.face(cloudwalk.group("cwHere"), astronaut)
    cloudwalk.group("cwThere")
    assert cloudwalk.refused("clustering/face/delete", groupId="cwThere", faceId=number) == 12292


def test_users_of_other_apis_are_faces_too(
    cloudwalk: CloudWalk, daemon: Running, astronaut: bytes, hopper: bytes
) -> None:
    engine = daemon.engine
    anything = Gate(QualityLevel.NONE)
    engine.enrol(astronaut, "other_api", "ada", user_info="Ada", gate=anything)
    engine.enrol(hopper, "other_api", "10021", user_info="Grace", gate=anything)
    numbers = {"ada": number_of("ada"), "10021": 10021}
    body = cloudwalk.ok("recog/group/identify", groupId="other_api", img=astronaut, topN=5)
    assert [(face["faceId"], face["tag"]) for face in body["faces"]] == [(numbers["ada"], "Ada"), (10021, "Grace")]
    for user_id, number in numbers.items():
        query = {"type": "queryByFaceId", "groupId": "other_api", "faceId": number}
        assert cloudwalk.ok("clustering/face/query", **query)["rows"][0]["faceId"] == number
        cloudwalk.ok("clustering/face/edit", groupId="other_api", faceId=number, tag="renamed")
        assert engine.gallery.user("other_api", user_id)[0].user_info == "renamed"
    assert cloudwalk.ok(QUERY, type="queryByGroupId", groupId="other_api", faceCount="true")["rows"] == [
        {"groupId": "other_api", "info": "", "count": 2}
    ]
    cloudwalk.ok("clustering/face/delete", groupId="other_api", faceId=numbers["ada"])
    assert engine.gallery.user_ids("other_api") == ("10021",)


def test_other_apis_see_these_faces(cloudwalk: CloudWalk, daemon: Running, astronaut: bytes) -> None:
    number = cloudwalk.face(cloudwalk.group("cwShared", "t"), astronaut, "tag of it")
    (match,) = daemon.engine.identify(astronaut, ["cwShared"]).matches
    assert (match.user_id, match.user_info) == (str(number), "tag of it")


def test_the_register_does_not_exist(cloudwalk: CloudWalk, daemon: Running, astronaut: bytes) -> None:
    engine = daemon.engine
    register = engine.config.id_register.group
    engine.gallery.add_group(register)
    try:
        rows = cloudwalk.ok(QUERY, type="queryByPage", pageNumber=1, pageSize=1000)
        assert register not in [row["groupId"] for row in rows["rows"]]
        assert rows["total"] == len(rows["rows"])
        face = {"groupId": register, "faceId": "5"}
        for call, given in {
            QUERY: {"type": "queryByGroupId"},
            "clustering/group/delete": {},
            "clustering/face/create": {"img": astronaut},
            "clustering/face/delete": face,
            "clustering/face/edit": {**face, "tag": "t"},
            "clustering/face/query": {**face, "type": "queryByFaceId"},
            "recog/group/identify": {"img": astronaut, "topN": "1"},
            "recog/group/identify/ext1": {"img": astronaut},
            "recog/group/compare": {**face, "img": astronaut},
        }.items():
            assert cloudwalk.refused(call, **{"groupId": register, **given}) == 12357, call
        assert engine.gallery.has_group(register)
    finally:
        engine.gallery.delete_group(register)
