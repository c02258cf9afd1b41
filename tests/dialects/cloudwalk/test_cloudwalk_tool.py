"""/face/tool: detect, attribute, keypt, compare, compare/ext1, feature, similarityByFeature."""

from __future__ import annotations

import base64
import hashlib

import cv2
import numpy as np
import pytest
from cloudwalk_calls import CloudWalk, b64

from tests import pictures
from tests.api.running import Running

PLACE = {"x", "y", "width", "height"}


def image_of(text: str) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(base64.b64decode(text), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image


def test_detect_says_where_every_face_is(cloudwalk: CloudWalk, both: bytes) -> None:
    faces = cloudwalk.ok("tool/detect", img=both, mode="false")["faces"]
    assert len(faces) == 2
    assert all(set(face) == {*PLACE, "img"} and face["img"] == "null" for face in faces)
    assert all(type(face[name]) is int for face in faces for name in PLACE)
    hopper, astronaut = faces  # the larger first
    assert hopper["x"] < 240 < astronaut["x"]
    assert hopper["width"] > astronaut["width"] > 40


def test_detect_with_mode_gives_each_face_its_picture(cloudwalk: CloudWalk, both: bytes) -> None:
    faces = cloudwalk.ok("tool/detect", img=both, mode="true")["faces"]
    for face in faces:
        picture = image_of(face["img"])
        longer = max(face["width"], face["height"])
        assert longer < max(picture.shape) <= 1.5 * longer  # 127 pixels for a face of 89 in the example
        assert cloudwalk.ok("tool/detect", img=pictures.encoded(picture, ".png"))["faces"]


@pytest.mark.parametrize(("mode", "pictures_come"), [("true", True), ("TRUE", True), ("false", False), (None, False)])
def test_detect_mode(cloudwalk: CloudWalk, astronaut: bytes, mode: str | None, pictures_come: bool) -> None:
    given = {} if mode is None else {"mode": mode}
    (face,) = cloudwalk.ok("tool/detect", img=astronaut, **given)["faces"]
    assert (face["img"] != "null") is pictures_come


@pytest.mark.parametrize("mode", ["1", "yes", "null"])
def test_detect_mode_that_is_neither(cloudwalk: CloudWalk, astronaut: bytes, mode: str) -> None:
    assert cloudwalk.refused("tool/detect", img=astronaut, mode=mode) == 4101


@pytest.mark.parametrize("call", ["detect", "attribute", "keypt"])
def test_upright_faces_only(cloudwalk: CloudWalk, turned: dict[int, bytes], call: str) -> None:
    assert len(cloudwalk.ok(f"tool/{call}", img=turned[0])["faces"]) == 1
    for degrees in (90, 180, 270):
        assert cloudwalk.refused(f"tool/{call}", img=turned[degrees]) == 8464


@pytest.mark.parametrize("call", ["detect", "attribute", "keypt", "feature"])
def test_no_face(cloudwalk: CloudWalk, no_face: bytes, call: str) -> None:
    assert cloudwalk(f"tool/{call}", img=no_face) == {"result": 8464, "info": "没有检测到人脸"}


def test_attribute_leaves_out_what_no_model_tells(cloudwalk: CloudWalk, both: bytes) -> None:
    answer = cloudwalk.answer("tool/attribute", img=both)
    faces = answer.json["faces"]
    assert [set(face) for face in faces] == [PLACE, PLACE]
    assert all(type(value) is int for face in faces for value in face.values())
    assert answer.headers["warning"].startswith("199 ")
    assert "age" in answer.headers["warning"] and "gender" in answer.headers["warning"]


def test_keypt_has_68_points_in_the_ibug_order(cloudwalk: CloudWalk, astronaut: bytes) -> None:
    (face,) = cloudwalk.ok("tool/keypt", img=astronaut)["faces"]
    assert set(face) == {*PLACE, "keypt"}
    points = face["keypt"]
    assert len(points) == 68
    assert all(set(point) == {"x", "y"} and type(point["x"]) is int and type(point["y"]) is int for point in points)
    xy = np.array([(point["x"], point["y"]) for point in points])
    chin, nose = xy[8], xy[30]
    left_eye, right_eye, mouth = (xy[part].mean(axis=0) for part in (slice(36, 42), slice(42, 48), slice(48, 68)))
    assert left_eye[0] < nose[0] < right_eye[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < mouth[1] < chin[1]
    inside = (xy > [face["x"] - 20, face["y"] - 20]) & (
        xy < [face["x"] + face["width"] + 20, face["y"] + face["height"] + 20]
    )
    assert inside.all()


def test_keypt_of_every_face(cloudwalk: CloudWalk, both: bytes) -> None:
    assert [len(face["keypt"]) for face in cloudwalk.ok("tool/keypt", img=both)["faces"]] == [68, 68]


def test_compare(cloudwalk: CloudWalk, astronaut: bytes, hopper: bytes) -> None:
    same = cloudwalk.ok("tool/compare", imgA=astronaut, imgB=pictures.encoded(pictures.astronaut(), ".png"))
    assert set(same) == {"result", "info", "score"}
    assert type(same["score"]) is float
    assert same["score"] > 0.9
    assert cloudwalk.ok("tool/compare", imgA=astronaut, imgB=hopper)["score"] < 0.8
    assert cloudwalk.ok("tool/compare", imgA=astronaut, imgB=astronaut)["score"] == 1.0


def test_score_is_the_documented_one(cloudwalk: CloudWalk, daemon: Running, astronaut: bytes, hopper: bytes) -> None:
    native = daemon.engine.compare(astronaut, hopper).score
    score = cloudwalk.ok("tool/compare", imgA=astronaut, imgB=hopper)["score"]
    assert score == pytest.approx(native / 100, abs=1e-6)


def test_compare_takes_the_largest_face(cloudwalk: CloudWalk, astronaut: bytes, hopper: bytes, both: bytes) -> None:
    assert cloudwalk.ok("tool/compare", imgA=both, imgB=hopper)["score"] > 0.9
    assert cloudwalk.ok("tool/compare", imgA=both, imgB=astronaut)["score"] < 0.8


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_compare_finds_turned_faces(cloudwalk: CloudWalk, turned: dict[int, bytes], degrees: int) -> None:
    assert cloudwalk.ok("tool/compare", imgA=turned[degrees], imgB=turned[0])["score"] > 0.9
    assert cloudwalk.ok("tool/compare", imgA=turned[0], imgB=turned[degrees])["score"] > 0.9


@pytest.mark.parametrize("call", ["compare", "compare/ext1"])
@pytest.mark.parametrize("empty", ["imgA", "imgB"])
def test_compare_with_a_picture_without_a_face(
    cloudwalk: CloudWalk, astronaut: bytes, no_face: bytes, call: str, empty: str
) -> None:
    given = {"imgA": astronaut, "imgB": astronaut, empty: no_face}
    assert cloudwalk.refused(f"tool/{call}", **given) == 8464


def test_compare_ext1_has_a_score_for_every_face(cloudwalk: CloudWalk, astronaut: bytes, both: bytes) -> None:
    body = cloudwalk.ok("tool/compare/ext1", imgA=astronaut, imgB=both)
    assert set(body) == {"result", "info", "score", "faces"}
    hopper, other = body["faces"]
    for face in body["faces"]:
        assert set(face) == {*PLACE, "score"}
        assert type(face["score"]) is float and all(type(face[name]) is int for name in PLACE)
    assert hopper["score"] < 0.8 < 0.9 < other["score"]
    assert body["score"] == max(hopper["score"], other["score"])


def test_compare_ext1_takes_the_largest_face_of_the_first(
    cloudwalk: CloudWalk, astronaut: bytes, both: bytes
) -> None:
    (face,) = cloudwalk.ok("tool/compare/ext1", imgA=both, imgB=astronaut)["faces"]
    assert face["score"] < 0.8


def test_compare_ext1_turned_first_upright_second(cloudwalk: CloudWalk, turned: dict[int, bytes]) -> None:
    for degrees in (90, 180, 270):
        assert cloudwalk.ok("tool/compare/ext1", imgA=turned[degrees], imgB=turned[0])["score"] > 0.9
    for degrees in (90, 180, 270):
        assert cloudwalk.refused("tool/compare/ext1", imgA=turned[0], imgB=turned[degrees]) == 8464


def test_feature_and_similarity(cloudwalk: CloudWalk, astronaut: bytes, hopper: bytes) -> None:
    body = cloudwalk.ok("tool/feature", img=astronaut)
    assert set(body) == {"result", "info", "feature"}
    first, second = body["feature"], cloudwalk.ok("tool/feature", img=hopper)["feature"]
    assert type(first) is str and base64.b64decode(first, validate=True)
    same = cloudwalk.ok("tool/similarityByFeature", featureA=first, featureB=first)
    assert set(same) == {"result", "info", "score"} and same["score"] == 1.0
    other = cloudwalk.ok("tool/similarityByFeature", featureA=first, featureB=second)["score"]
    assert type(other) is float
    pair = cloudwalk.ok("tool/compare", imgA=astronaut, imgB=hopper)["score"]
    assert other == pytest.approx(pair, abs=1e-4)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_feature_of_a_turned_face(cloudwalk: CloudWalk, turned: dict[int, bytes], degrees: int) -> None:
    upright = cloudwalk.ok("tool/feature", img=turned[0])["feature"]
    feature = cloudwalk.ok("tool/feature", img=turned[degrees])["feature"]
    assert cloudwalk.ok("tool/similarityByFeature", featureA=upright, featureB=feature)["score"] > 0.9


def test_feature_is_of_the_largest_face(cloudwalk: CloudWalk, hopper: bytes, both: bytes) -> None:
    one, other = (cloudwalk.ok("tool/feature", img=picture)["feature"] for picture in (both, hopper))
    assert cloudwalk.ok("tool/similarityByFeature", featureA=one, featureB=other)["score"] > 0.9


def test_features_that_are_refused(cloudwalk: CloudWalk, daemon: Running, astronaut: bytes) -> None:
    good = cloudwalk.ok("tool/feature", img=astronaut)["feature"]
    data = base64.b64decode(good)
    assert data[4:16] == hashlib.sha256(daemon.engine.pack.contract_id.encode()).digest()[:12]
    vector = np.frombuffer(data, "<f4", offset=16)
    cases = {
        b64(data[:-4]): 8515,
        b64(data + bytes(4)): 8515,
        b64(b"x"): 8515,
        "no base64!": 8514,
        b64(b"ELSE" + data[4:]): 8514,
        b64(data[:4] + bytes(12) + data[16:]): 8514,  # of another contract
        b64(data[:16] + (2 * vector).tobytes()): 8514,
        b64(data[:16] + np.full_like(vector, np.nan).tobytes()): 8514,
        "": 4097,
    }
    for feature, number in cases.items():
        assert cloudwalk.refused("tool/similarityByFeature", featureA=good, featureB=feature) == number
        assert cloudwalk.refused("tool/similarityByFeature", featureA=feature, featureB=good) == number
