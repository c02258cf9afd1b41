"""The manual's examples: each call is made, and its answer has what the example shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from cloudwalk_calls import FORM, CloudWalk, body_of

from tests.api.wire import ask

# As printed, pictures and features cut. The first of 2.2.4 lacks its beginning, that of 2.10.2 reads "groupld".
DETECT_FALSE = '{"result": "0", "faces": [{"x": "25", "y": "22", "width": 52, "height": 52, "img": "null"}]}'
DETECT_TRUE = '{"result": "0", "faces": [{"x": "18", "y": "31", "width": 89, "height": 89, "img": "/9j/4AAQ"}]}'
NO_FACE = '{"result": 8464, "info": "没有检测到人脸"}'
ATTRIBUTE = (
    '{"result": "0", "faces": ['
    '{"x": "26", "y": "140", "width": 54, "height": 54, "age": "11", "gender": "1"},'
    '{"x": "25", "y": "22", "width": 52, "height": 52, "age": "11", "gender": "1"}]}'
)
COMPARE = '{"result": 0, "score": 0.9098}'
COMPARE_ALL = (
    '{"result": 0, "score": 0.9731, "faces": ['
    '{"score": 0.5482, "x": 230, "width": 73, "y": 53, "height": 73},'
    '{"score": 0.5307, "x": 242, "width": 57, "y": 332, "height": 57}]}'
)
REMOVE_WATER = (
    '{"result": 0, "path": "/face/tool/removeWater", "imageLog": "user_2016_01_18_16_47_55_0808_1", '
    '"seq": "6365902607149094386", "info": "成功"}'
)
FEATURE = '{"result": "0", "feature": "GEFUPgNWJzzvApS8"}'
SIMILARITY = '{"result": "0", "score": 0.9315}'
IDENTIFY = (
    '{"faces": [{"faceId": 1, "score": 0.985}, {"faceId": 2, "score": 0.435}, {"faceId": 3, "score": 0.347}], '
    '"result": 0, "info": "成功"}'
)
IDENTIFY_ALL = (
    '{"result": 0, "groupId": "1", "faces": ['
    '{"score": 0.933, "x": 245, "width": 74, "y": 528, "faceId": 3761252483, "height": 74},'
    '{"score": 0.87, "x": 3, "width": 80, "y": 8, "faceId": 123376125898, "height": 80}], "info": "success"}'
)
# No picture is kept; the default pack has no models for age and gender (test_cloudwalk_attributes has them).
WITHHELD = frozenset({"age", "gender", "imageLog"})
TEXTS = ("seq", "groupId", "age", "gender")


@pytest.fixture(scope="module")
def group(cloudwalk: CloudWalk, astronaut: bytes, hopper: bytes) -> Iterator[str]:
    """The group "1" of the examples."""
    cloudwalk.group("1")
    for picture in (astronaut, hopper):
        cloudwalk.face("1", picture)
    yield "1"
    cloudwalk.ok("clustering/group/delete", groupId="1")


def same_shape(example: Any, answer: Any, *, withheld: frozenset[str] = WITHHELD) -> None:
    """Every field of the example is there, with its type; a number that is printed as a text is a number."""
    if isinstance(example, dict):
        assert set(example) - withheld <= set(answer)
        for name in set(example) - withheld:
            if name in TEXTS:
                assert type(answer[name]) is str
            else:
                same_shape(example[name], answer[name], withheld=withheld)
    elif isinstance(example, list):
        assert answer
        for item in answer:
            same_shape(example[0], item, withheld=withheld)
    elif isinstance(example, str) and example.isdigit():
        assert type(answer) is int
    else:
        assert type(answer) is type(example)


@pytest.mark.parametrize(
    ("call", "given", "example"),
    [
        ("tool/detect", {"img": "both", "mode": "false"}, DETECT_FALSE),
        ("tool/detect", {"img": "one", "mode": "true"}, DETECT_TRUE),
        ("tool/detect", {"img": "none"}, NO_FACE),
        ("tool/attribute", {"img": "both"}, ATTRIBUTE),
        ("tool/compare", {"imgA": "one", "imgB": "one"}, COMPARE),
        ("tool/compare/ext1", {"imgA": "one", "imgB": "both"}, COMPARE_ALL),
        ("tool/feature", {"img": "one"}, FEATURE),
        ("recog/group/identify", {"groupId": "1", "img": "one", "topN": "3"}, IDENTIFY),
        ("recog/group/identify/ext1", {"groupId": "1", "img": "both"}, IDENTIFY_ALL),
    ],
)
def test_example(
    cloudwalk: CloudWalk,
    group: str,
    astronaut: bytes,
    both: bytes,
    no_face: bytes,
    call: str,
    given: dict[str, str],
    example: str,
) -> None:
    pictures = {"one": astronaut, "both": both, "none": no_face}
    sent = {name: pictures.get(value, value) for name, value in given.items()}
    same_shape(json.loads(example), cloudwalk(call, **sent))


def test_example_of_remove_water(cloudwalk: CloudWalk, no_face: bytes) -> None:
    body = cloudwalk.ok("tool/removeWater", img=no_face)
    same_shape(json.loads(REMOVE_WATER), body)
    assert body["path"] == json.loads(REMOVE_WATER)["path"]


def test_example_of_similarity_and_its_foreign_feature(cloudwalk: CloudWalk, astronaut: bytes) -> None:
    feature = cloudwalk.ok("tool/feature", img=astronaut)["feature"]
    same_shape(json.loads(SIMILARITY), cloudwalk.ok("tool/similarityByFeature", featureA=feature, featureB=feature))
    # The printed feature is another algorithm's: 768 bytes.
    foreign = "GEFUPgNWJzzvApS8vXuAPfBbqz3GUZO9jSy8PKvScr2jLkG+" * 16
    assert cloudwalk.refused("tool/similarityByFeature", featureA=feature, featureB=foreign) == 8515


def test_the_request_of_the_drawing(cloudwalk: CloudWalk, astronaut: bytes) -> None:
    """2.2.1 shows a field "img" of base64 in lines that are joined with "+"."""
    body = ask(cloudwalk.socket, "POST", "/face/tool/detect", b"img=%2F9j%2F", FORM)
    assert body_of(body)["result"] == 8497
    cloudwalk.ok("tool/detect", img=astronaut)
