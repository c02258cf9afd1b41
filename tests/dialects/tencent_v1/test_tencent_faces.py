"""The faces of a person, over the wire: added and erased in all of its groups, and what is told of them."""

from __future__ import annotations

from typing import Any

import pytest
from tencent_calls import Tencent, made

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery import face_rows
from tests.api.running import Running

# --- addface


def test_addface_answers_for_each_picture(
    tencent: Tencent,
    astronaut: bytes,
    astronaut_again: bytes,
    astronaut_nearly: bytes,
    no_face: bytes,
) -> None:
    first = tencent.person("af1", ["af_a", "af_b"], astronaut)["face_id"]
    images = (astronaut_nearly, astronaut_again, no_face, b"GIF89a", astronaut)
    body = tencent.form("addface", {f"images[{i}]": image for i, image in enumerate(images)}, person_id="af1")
    data = body["data"]
    assert body["code"] == 0 and set(data) == {"session_id", "added", "face_ids", "ret_codes"}
    assert type(data["added"]) is int and data["added"] == 1
    assert data["ret_codes"] == [-1312, 0, -1101, -1400, -1312]
    assert len(data["face_ids"]) == 1 and type(data["face_ids"][0]) is str
    assert tencent.ok("getfaceids", person_id="af1")["face_ids"] == [first, *data["face_ids"]]


def test_addface_reaches_every_group(tencent: Tencent, daemon: Running, astronaut: bytes) -> None:
    made(daemon, "ag1", "ag_a", "ag_b")
    (added,) = tencent.form("addface", {"images[0]": astronaut}, person_id="ag1")["data"]["face_ids"]
    for group in ("ag_a", "ag_b"):
        (candidate,) = tencent.form("identify", group_id=group, image=astronaut)["data"]["candidates"]
        assert (candidate["person_id"], candidate["face_id"]) == ("ag1", added)


def test_addface_fails_when_nothing_was_added(tencent: Tencent, astronaut: bytes, no_face: bytes) -> None:
    tencent.person("an1", ["an"], astronaut)
    body = tencent.form("addface", {"images[0]": astronaut, "images[1]": no_face}, person_id="an1")
    assert body["code"] == -1312
    del body["data"]["session_id"]
    assert body["data"] == {"added": 0, "face_ids": [], "ret_codes": [-1312, -1101]}


def test_addface_when_the_storage_fails_half_way(
    tencent: Tencent, daemon: Running, monkeypatch: pytest.MonkeyPatch, astronaut: bytes, hopper: bytes
) -> None:
    """What was reported as added is there in every group; what was not is in none."""
    made(daemon, "ah1", "ah_a", "ah_b")
    add, count = face_rows.add, []

    def failing(*arguments: Any) -> int:
        count.append(1)
        if len(count) == 4:  # the second picture, the second group
            raise EdgeFaceError(ErrorCode.STORAGE_FULL)
        return add(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(face_rows, "add", failing)
        body = tencent.form("addface", {"images[0]": astronaut, "images[1]": hopper}, person_id="ah1")
    assert body["code"] == 0 and body["data"]["ret_codes"] == [0, -1200]
    faces = [[face.face_token for face in daemon.engine.gallery.faces(group, "ah1")] for group in ("ah_a", "ah_b")]
    assert faces == [["ah1f0", *body["data"]["face_ids"]]] * 2


@pytest.mark.parametrize(
    ("fields", "code"), [({"person_id": "ax1"}, -1300), ({"person_id": "nobody"}, -1303), ({}, -1301)]
)
def test_addface_needs_its_parameters(tencent: Tencent, daemon: Running, fields: dict[str, str], code: int) -> None:
    if not daemon.engine.gallery.has_group("ax"):
        made(daemon, "ax1", "ax")
    images = {"images[0]": b"x"} if code != -1300 else {}
    assert tencent.form("addface", {**fields, **images})["code"] == code
    assert tencent.form("addface", {"person_id": "ax1", "images[0]": b""})["code"] == -1300


def test_a_tag_of_a_face_is_not_kept_and_that_is_said(tencent: Tencent, daemon: Running, astronaut: bytes) -> None:
    made(daemon, "at1", "at")
    answer = tencent.answer("addface", {"images[0]": astronaut}, person_id="at1", tag="front")
    assert answer.json["code"] == 0
    assert answer.headers["warning"] == '199 edgeface "not kept by this device: tag"'
    assert tencent.ok("getinfo", person_id="at1")["tag"] == ""


# --- delface


def test_delface(tencent: Tencent, daemon: Running) -> None:
    tokens = made(daemon, "df1", "df_a", "df_b", faces=3)
    data = tencent.ok("delface", person_id="df1", face_ids=[tokens[0], "unknown", tokens[2]])
    assert data.pop("session_id") and data == {"deleted": 2, "face_ids": [tokens[0], tokens[2]]}
    assert tencent.ok("getfaceids", person_id="df1")["face_ids"] == [tokens[1]]
    for group in ("df_a", "df_b"):
        assert [face.face_token for face in daemon.engine.gallery.faces(group, "df1")] == [tokens[1]]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"face_ids": ["unknown"]}, -1305),
        ({"face_ids": []}, -1301),
        ({}, -1301),
        ({"face_ids": "unknown"}, 21),
        ({"face_ids": ["a b"]}, -1313),
        ({"face_ids": ["a" * 129]}, -1304),
        ({"person_id": "nobody", "face_ids": ["a"]}, -1303),
        ({"person_id": None, "face_ids": ["a"]}, -1301),
    ],
)
def test_delface_refuses(tencent: Tencent, daemon: Running, fields: dict[str, Any], code: int) -> None:
    if not daemon.engine.gallery.has_group("dg"):
        made(daemon, "dg1", "dg")
    assert tencent.code("delface", **{"person_id": "dg1", **fields}) == code


def test_a_person_may_have_no_face_left(tencent: Tencent, daemon: Running, astronaut: bytes) -> None:
    tokens = made(daemon, "dl1", "dl")
    tencent.ok("delface", person_id="dl1", face_ids=tokens)
    assert tencent.ok("getfaceids", person_id="dl1")["face_ids"] == []
    assert tencent.form("verify", person_id="dl1", image=astronaut)["code"] == -1305
    assert tencent.form("identify", group_id="dl", image=astronaut)["data"]["candidates"] == []


# --- getfaceinfo


def test_getfaceinfo_while_the_face_is_remembered(tencent: Tencent, astronaut: bytes) -> None:
    face_id = tencent.person("fi1", ["fi"], astronaut)["face_id"]
    data = tencent.ok("getfaceinfo", face_id=face_id)
    (seen,) = tencent.form("detect", image=astronaut)["data"]["face"]
    assert data["face_info"] == seen and seen["face_id"] == face_id


def test_getfaceinfo_of_a_face_of_which_only_the_template_is_left(tencent: Tencent, daemon: Running) -> None:
    (token,) = made(daemon, "fj1", "fj")
    answer = tencent.send("getfaceinfo", b'{"appid":"1","face_id":"%s"}' % token.encode(), "application/json")
    assert answer.json["code"] == 0 and answer.json["data"]["face_info"] == {"face_id": token}
    assert "not kept by this device: x, y, width, height, glass, pitch, yaw, roll" in answer.headers["warning"]
    assert "gender, age, expression, beauty" in answer.headers["warning"]


def test_getfaceinfo_of_a_face_that_was_erased(tencent: Tencent, astronaut: bytes, hopper: bytes) -> None:
    erased = tencent.person("fk1", ["fk"], hopper)["face_id"]
    tencent.ok("delface", person_id="fk1", face_ids=[erased])
    assert tencent.code("getfaceinfo", face_id=erased) == -1305
    again = tencent.person("fk2", ["fk"], hopper)["face_id"]
    tencent.ok("delperson", person_id="fk2")
    assert tencent.code("getfaceinfo", face_id=again) == -1305


@pytest.mark.parametrize(
    ("face_id", "code"), [(None, -1301), ("unknown", -1305), ("un-known", -1305), ("a b", -1313), ("a" * 129, -1304)]
)
def test_getfaceinfo_refuses(tencent: Tencent, face_id: str | None, code: int) -> None:
    assert tencent.code("getfaceinfo", face_id=face_id) == code


def test_one_picture_of_two_persons(tencent: Tencent, astronaut: bytes) -> None:
    """The same picture has the same face_id; each person's face is its own."""
    first = tencent.person("tw1", ["tw"], astronaut)["face_id"]
    assert tencent.person("tw2", ["tw"], astronaut)["face_id"] == first
    tencent.ok("delface", person_id="tw1", face_ids=[first])
    assert tencent.ok("getfaceids", person_id="tw2")["face_ids"] == [first]


# --- limits


def test_faces_up_to_the_limit(tencent: Tencent, daemon: Running, astronaut: bytes, hopper: bytes) -> None:
    made(daemon, "lf1", "lf_a", "lf_b", faces=19)
    body = tencent.form("addface", {"images[0]": astronaut, "images[1]": hopper}, person_id="lf1")
    assert body["code"] == 0 and body["data"]["ret_codes"] == [0, -1309]
    assert len(tencent.ok("getfaceids", person_id="lf1")["face_ids"]) == 20
    body = tencent.form("addface", {"images[0]": hopper}, person_id="lf1")
    assert body["code"] == -1309 and body["data"]["ret_codes"] == [-1309]


def test_more_pictures_than_a_person_may_have(tencent: Tencent, daemon: Running) -> None:
    made(daemon, "lm1", "lm")
    twenty = {f"images[{index}]": b"no picture" for index in range(20)}
    assert tencent.form("addface", twenty, person_id="lm1")["data"]["ret_codes"] == [-1400] * 20
    body = tencent.form("addface", {**twenty, "images[20]": b"no picture"}, person_id="lm1")
    assert body["code"] == -1309 and "ret_codes" not in body["data"]
