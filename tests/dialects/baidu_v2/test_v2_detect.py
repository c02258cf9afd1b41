"""v1/detect, v2/detect and v2/faceverify."""

from __future__ import annotations

from typing import Any

import cv2
import pytest

from tests import pictures
from tests.api.running import Running
from tests.dialects.baidu_v2.baidu_v2_wire import b64, call, error, padded, raw, withheld

REGIONS = {"left_eye", "right_eye", "nose", "mouth", "left_cheek", "right_cheek", "chin"}
UNMEASURED = {"age", "beauty", "expression", "faceshape", "gender", "glasses"}
ALWAYS = {"location", "face_probability", "rotation_angle", "yaw", "pitch", "roll"}


def one(daemon: Running, path: str = "v2/detect", **fields: Any) -> dict[str, Any]:
    body = call(daemon, path, **fields)
    assert set(body) == {"log_id", "result_num", "result"}
    assert body["result_num"] == len(body["result"]) == 1
    return body["result"][0]


@pytest.mark.parametrize("path", ["v1/detect", "v2/detect"])
def test_detect_by_default_tells_place_probability_and_angles(daemon: Running, hopper: bytes, path: str) -> None:
    face = one(daemon, path, image=hopper)
    assert set(face) == ALWAYS
    left, top, width, height = pictures.HOPPER_FACE
    place = face["location"]
    assert set(place) == {"left", "top", "width", "height"}
    assert all(type(value) is int and value >= 0 for value in place.values())
    assert abs(place["left"] + place["width"] / 2 - (left + width / 2)) < 30
    assert abs(place["top"] + place["height"] / 2 - (top + height / 2)) < 30
    assert type(face["face_probability"]) is float and 0.5 < face["face_probability"] <= 1
    assert type(face["rotation_angle"]) is int and abs(face["rotation_angle"]) <= 10
    for angle in ("yaw", "pitch", "roll"):
        assert type(face[angle]) is float and abs(face[angle]) < 30


def test_rotation_angle_and_roll_follow_a_turned_face(daemon: Running) -> None:
    turned = pictures.encoded(pictures.moved(pictures.hopper(), degrees=20), ".jpg")
    face = one(daemon, image=turned)
    assert 12 <= face["rotation_angle"] <= 28
    assert 12 <= face["roll"] <= 28


def test_left_and_top_are_never_negative(daemon: Running) -> None:
    cut = pictures.hopper()[150:, 200:]
    body = call(daemon, "v2/detect", image=pictures.encoded(cut, ".jpg"))
    for face in body["result"]:
        assert all(type(value) is int and value >= 0 for value in face["location"].values())
    assert body["result_num"] == 1


def test_max_face_num(daemon: Running, both: bytes) -> None:
    assert call(daemon, "v2/detect", image=both)["result_num"] == 1
    assert call(daemon, "v2/detect", image=both, max_face_num=2)["result_num"] == 2
    assert call(daemon, "v2/detect", image=both, max_face_num="1")["result_num"] == 1
    # "at most": more than the device looks for is no error
    assert call(daemon, "v2/detect", image=both, max_face_num=11)["result_num"] == 2
    for wrong in ("0", "-1", "two", "1.5", "99999999999"):
        assert error(daemon, "v2/detect", image=both, max_face_num=wrong) == 216100


def test_the_largest_face_comes_first(daemon: Running, both: bytes) -> None:
    first, second = call(daemon, "v2/detect", image=both, max_face_num=2)["result"]
    assert first["location"]["width"] > second["location"]["width"]
    assert first["location"]["left"] < second["location"]["left"]


def test_no_face_is_an_empty_result(daemon: Running, nobody: bytes) -> None:
    body = call(daemon, "v2/detect", image=nobody)
    assert (body["result_num"], body["result"]) == (0, [])


def test_landmark_and_landmark72(daemon: Running, hopper: bytes) -> None:
    answer = raw(daemon, "v2/detect", image=hopper, face_fields="landmark")
    (face,) = answer.json["result"]
    assert set(face) == ALWAYS | {"landmark", "landmark72"}
    assert withheld(answer) == set()
    assert len(face["landmark"]) == 4
    assert len(face["landmark72"]) == 72
    for point in face["landmark"] + face["landmark72"]:
        assert set(point) == {"x", "y"}
        assert all(type(value) is int and value >= 0 for value in point.values())
    left_eye, right_eye, nose, mouth = face["landmark"]
    assert left_eye["x"] < nose["x"] < right_eye["x"]
    assert max(left_eye["y"], right_eye["y"]) < nose["y"] < mouth["y"]
    place = face["location"]
    assert place["left"] < left_eye["x"] and right_eye["x"] < place["left"] + place["width"]


def test_qualities(daemon: Running, hopper: bytes) -> None:
    answer = raw(daemon, "v2/detect", image=hopper, face_fields="qualities")
    (face,) = answer.json["result"]
    assert set(face) == ALWAYS | {"qualities"}
    quality = face["qualities"]
    assert set(quality) == {"occlusion", "blur", "illumination", "completeness"}
    assert withheld(answer) == {"qualities.type"}
    assert set(quality["occlusion"]) == REGIONS
    assert all(type(share) is float and 0 <= share < 0.5 for share in quality["occlusion"].values())
    assert type(quality["blur"]) is float and 0 <= quality["blur"] < 0.5
    assert type(quality["illumination"]) is int and 40 < quality["illumination"] < 255
    assert type(quality["completeness"]) is int and quality["completeness"] == 1


def test_qualities_tell_a_covered_a_blurred_and_a_cut_face(daemon: Running) -> None:
    left, top, width, height = (int(value) for value in pictures.HOPPER_FACE)
    covered = pictures.hopper()
    covered[top + height * 6 // 10 : top + height, left : left + width] = (160, 60, 40)
    (face,) = call(daemon, "v2/detect", image=pictures.encoded(covered, ".jpg"), face_fields="qualities")["result"]
    assert face["qualities"]["occlusion"]["mouth"] > 0.5
    blurred = pictures.encoded(cv2.GaussianBlur(pictures.hopper(), (0, 0), 9), ".jpg")
    (face,) = call(daemon, "v2/detect", image=blurred, face_fields="qualities")["result"]
    assert face["qualities"]["blur"] > 0.5
    cut = pictures.encoded(pictures.hopper()[:, left + width // 3 :], ".jpg")
    (face,) = call(daemon, "v2/detect", image=cut, face_fields="qualities")["result"]
    assert face["qualities"]["completeness"] == 0


@pytest.mark.parametrize("name", sorted(UNMEASURED | {"race"}))
def test_what_no_model_measures_is_withheld_and_named(daemon: Running, hopper: bytes, name: str) -> None:
    answer = raw(daemon, "v2/detect", image=hopper, face_fields=name)
    (face,) = answer.json["result"]
    assert set(face) == ALWAYS
    assert withheld(answer) == {name}


def test_face_fields_take_several_words_and_ignore_unknown_ones(daemon: Running, hopper: bytes) -> None:
    # The REST chapter's table and the Python sample name words that no answer has.
    answer = raw(daemon, "v2/detect", image=hopper, face_fields="age, facemark,geotag,face-shape,landmark,pose,")
    (face,) = answer.json["result"]
    assert set(face) == ALWAYS | {"landmark", "landmark72"}
    assert withheld(answer) == {"age", "faceshape"}


def test_faceverify_answers_as_detect_without_the_liveness_score(daemon: Running, both: bytes, hopper: bytes) -> None:
    face = one(daemon, "v2/faceverify", image=hopper)
    assert set(face) == ALWAYS
    answer = raw(daemon, "v2/faceverify", image=both, max_face_num=2, face_fields="qualities,faceliveness")
    assert answer.json["result_num"] == 2
    assert all(set(face) == ALWAYS | {"qualities"} for face in answer.json["result"])
    assert all(set(face["qualities"]["occlusion"]) == REGIONS for face in answer.json["result"])
    assert withheld(answer) == {"faceliveness", "qualities.type"}
    asked = {"image": both, "max_face_num": 2, "face_fields": "qualities"}
    assert call(daemon, "v2/detect", **asked)["result"] == answer.json["result"]
    # What detect alone offers is not a word of this call.
    answer = raw(daemon, "v2/faceverify", image=hopper, face_fields="landmark,age")
    assert set(answer.json["result"][0]) == ALWAYS
    assert withheld(answer) == set()


@pytest.mark.parametrize("path", ["v1/detect", "v2/detect", "v2/faceverify"])
def test_an_image_is_needed(daemon: Running, path: str) -> None:
    assert error(daemon, path) == 216101
    assert error(daemon, path, image="") == 216200
    assert error(daemon, path, image="@@@") == 216200


@pytest.mark.parametrize(
    ("suffix", "number"), [(".jpg", None), (".png", None), (".bmp", None), (".webp", None), (".gif", 216201)]
)
def test_formats(daemon: Running, suffix: str, number: int | None) -> None:
    image = pictures.hopper()
    data = b"GIF89a" + bytes(100) if suffix == ".gif" else pictures.encoded(image, suffix)
    if number is None:
        assert one(daemon, image=data)
    else:
        assert error(daemon, "v2/detect", image=data) == number


def test_the_header_of_a_data_url_is_passed_over(daemon: Running, hopper: bytes) -> None:
    assert one(daemon, image=f"data:image/jpg;base64,{b64(hopper)}")


def test_detect_takes_2m_of_base64(daemon: Running, hopper: bytes) -> None:
    most = 2 * 1024 * 1024
    exactly = b64(padded(hopper, most // 4 * 3))
    assert len(exactly) == most
    assert one(daemon, image=exactly)
    assert error(daemon, "v2/detect", image=exactly + "\n") == 216202


def test_faceverify_takes_10m_of_base64(daemon: Running, hopper: bytes) -> None:
    most = 10 * 1024 * 1024
    exactly = b64(padded(hopper, most // 4 * 3))
    assert len(exactly) == most
    assert one(daemon, "v2/faceverify", image=exactly)
    assert error(daemon, "v2/faceverify", image=exactly + "\n") == 216202
