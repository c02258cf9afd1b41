"""/face/recog: identify, identify/ext1, compare."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cloudwalk_calls import CloudWalk

from tests import pictures
from tests.api.running import Running


@pytest.fixture(scope="module")
def people(cloudwalk: CloudWalk, astronaut: bytes, hopper: bytes) -> Iterator[dict[str, int]]:
    """The group cwPeople with two faces: their numbers."""
    cloudwalk.group("cwPeople")
    yield {
        "astronaut": cloudwalk.face("cwPeople", astronaut, "a tag"),
        "hopper": cloudwalk.face("cwPeople", hopper),
    }
    cloudwalk.ok("clustering/group/delete", groupId="cwPeople")


def test_identify_gives_the_most_similar_first(
    cloudwalk: CloudWalk, people: dict[str, int], astronaut: bytes
) -> None:
    picture = pictures.encoded(pictures.darkened(pictures.astronaut(), 0.8), ".jpg")
    body = cloudwalk.ok("recog/group/identify", groupId="cwPeople", img=picture, topN=5)
    assert set(body) == {"result", "info", "faces"}
    first, second = body["faces"]
    assert set(first) == {"faceId", "score", "tag"}
    assert (type(first["faceId"]), type(first["score"]), type(first["tag"])) == (int, float, str)
    assert (first["faceId"], first["tag"]) == (people["astronaut"], "a tag")
    assert (second["faceId"], second["tag"]) == (people["hopper"], "")
    assert first["score"] > 0.9 > 0.8 > second["score"] >= 0.0


@pytest.mark.parametrize("top", [1, 2, 50])
def test_identify_gives_at_most_top_n(
    cloudwalk: CloudWalk, people: dict[str, int], astronaut: bytes, top: int
) -> None:
    faces = cloudwalk.ok("recog/group/identify", groupId="cwPeople", img=astronaut, topN=top)["faces"]
    assert len(faces) == min(top, 2)


@pytest.mark.parametrize(("top", "number"), [("0", 4101), ("51", 4101), ("-1", 4101), ("all", 4101), ("", 4097)])
def test_identify_with_a_wrong_top_n(
    cloudwalk: CloudWalk, people: dict[str, int], astronaut: bytes, top: str, number: int
) -> None:
    assert cloudwalk.refused("recog/group/identify", groupId="cwPeople", img=astronaut, topN=top) == number


def test_identify_takes_the_largest_face(cloudwalk: CloudWalk, people: dict[str, int], both: bytes) -> None:
    (face,) = cloudwalk.ok("recog/group/identify", groupId="cwPeople", img=both, topN=1)["faces"]
    assert face["faceId"] == people["hopper"]


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_identify_finds_turned_faces(
    cloudwalk: CloudWalk, people: dict[str, int], turned: dict[int, bytes], degrees: int
) -> None:
    (face,) = cloudwalk.ok("recog/group/identify", groupId="cwPeople", img=turned[degrees], topN=1)["faces"]
    assert face["faceId"] == people["astronaut"] and face["score"] > 0.9
    given = {"groupId": "cwPeople", "faceId": people["astronaut"], "img": turned[degrees]}
    assert cloudwalk.ok("recog/group/compare", **given)["score"] > 0.9


def test_identify_ext1_looks_at_every_face(cloudwalk: CloudWalk, people: dict[str, int], both: bytes) -> None:
    body = cloudwalk.ok("recog/group/identify/ext1", groupId="cwPeople", img=both)
    assert set(body) == {"result", "info", "groupId", "faces"}
    assert body["groupId"] == "cwPeople"
    hopper, astronaut = body["faces"]
    assert (hopper["faceId"], astronaut["faceId"]) == (people["hopper"], people["astronaut"])
    assert astronaut["tag"] == "a tag"
    for face in body["faces"]:
        assert set(face) == {"faceId", "score", "x", "y", "width", "height", "tag"}
        assert all(type(face[name]) is int for name in ("faceId", "x", "y", "width", "height"))
        assert type(face["score"]) is float and face["score"] > 0.9
    assert hopper["x"] < astronaut["x"]


def test_identify_ext1_upright_faces_only(
    cloudwalk: CloudWalk, people: dict[str, int], turned: dict[int, bytes]
) -> None:
    for degrees in (90, 180, 270):
        assert cloudwalk.refused("recog/group/identify/ext1", groupId="cwPeople", img=turned[degrees]) == 8464


def test_compare_with_one_face(cloudwalk: CloudWalk, people: dict[str, int], astronaut: bytes, both: bytes) -> None:
    def score(name: str, picture: bytes) -> float:
        body = cloudwalk.ok("recog/group/compare", groupId="cwPeople", faceId=people[name], img=picture)
        assert set(body) == {"result", "info", "score"} and type(body["score"]) is float
        return body["score"]

    assert score("astronaut", astronaut) == 1.0
    assert score("hopper", astronaut) < 0.8
    assert score("hopper", both) > 0.9  # the largest face


@pytest.mark.parametrize("call", ["identify", "identify/ext1", "compare"])
def test_what_every_call_refuses(
    cloudwalk: CloudWalk, people: dict[str, int], astronaut: bytes, no_face: bytes, call: str
) -> None:
    good = {"groupId": "cwPeople", "img": astronaut, "topN": "1", "faceId": str(people["astronaut"])}
    for wrong, number in (
        ({"groupId": ""}, 4097),
        ({"groupId": "cwUnknown"}, 12357),
        ({"groupId": "not an id"}, 4101),
        ({"img": ""}, 4097),
        ({"img": no_face}, 8464),
    ):
        assert cloudwalk.refused(f"recog/group/{call}", **{**good, **wrong}) == number, wrong


@pytest.mark.parametrize("call", ["identify", "identify/ext1"])
def test_a_group_without_faces(cloudwalk: CloudWalk, daemon: Running, astronaut: bytes, call: str) -> None:
    if not daemon.engine.gallery.has_group("cwEmpty"):
        cloudwalk.group("cwEmpty")
    body = cloudwalk(f"recog/group/{call}", groupId="cwEmpty", img=astronaut, topN="1")
    assert body == {"result": 12358, "info": "组中没有人脸"}


@pytest.mark.parametrize(("number", "result"), [("", 4097), ("x", 4101), ("12345", 12292), ("0", 12292)])
def test_compare_with_a_face_that_is_not_there(
    cloudwalk: CloudWalk, people: dict[str, int], astronaut: bytes, number: str, result: int
) -> None:
    given = {"groupId": "cwPeople", "faceId": number, "img": astronaut}
    assert cloudwalk.refused("recog/group/compare", **given) == result
