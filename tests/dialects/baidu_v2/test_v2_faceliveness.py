"""``faceliveness`` with a model for it: a score in every call that offers it, and a limit in person/verify."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from edgeface.register import IdRegister
from tests import pictures
from tests.api.running import Running
from tests.dialects.baidu_v2.baidu_v2_wire import b64, call, error, failure, group, raw, withheld
from tests.dialects.full_pack import LIVENESS_OF_HOPPER, LIVENESS_OF_ITS_SPOOF, TOLERANCE, spoof

LIVING = pytest.approx(LIVENESS_OF_HOPPER, abs=TOLERANCE)
NOT_LIVING = pytest.approx(LIVENESS_OF_ITS_SPOOF, abs=TOLERANCE)
DECISIONS = ("v2/identify", "v2/multi-identify", "v2/verify")
PERSON = "v2/person/verify"
NUMBER, NAME = "110233112299822211", "张三"  # the document's own


@pytest.fixture(scope="module")
def staff(full: Running, hopper: bytes) -> str:
    name = group("living")
    call(full, "v2/faceset/user/add", uid="grace", user_info="", group_id=name, image=hopper)
    return name


@pytest.fixture(scope="module")
def registered(full: Running, hopper: bytes) -> Iterator[None]:
    register = IdRegister(full.engine)
    register.add(hopper, NUMBER, NAME)
    yield
    register.remove(NUMBER)


def score_of(answer: Any) -> float:
    """The text that the table has: "string 活体分数,如0.49999"."""
    assert set(answer.json) == {"log_id", "result_num", "result", "ext_info"}
    assert withheld(answer) == set()
    info = answer.json["ext_info"]
    assert set(info) == {"faceliveness"} and type(info["faceliveness"]) is str
    return float(info["faceliveness"])


@pytest.mark.parametrize("path", DECISIONS)
def test_decisions_answer_the_score_of_the_face(
    full: Running, staff: str, hopper: bytes, hopper_spoof: bytes, path: str
) -> None:
    given = {"group_id": staff, "ext_fields": "faceliveness"} | ({"uid": "grace"} if path == "v2/verify" else {})
    assert score_of(raw(full, path, **given, image=hopper)) == LIVING
    assert score_of(raw(full, path, **given, image=hopper_spoof)) == NOT_LIVING  # a score, no refusal
    del given["ext_fields"]
    assert "ext_info" not in call(full, path, **given, image=hopper)


def test_multi_identify_answers_the_lowest_score_of_its_faces(full: Running, staff: str) -> None:
    one_spoof = pictures.side_by_side(pictures.hopper(), spoof(pictures.astronaut()))
    given = {"group_id": staff, "ext_fields": "faceliveness", "image": pictures.encoded(one_spoof, ".jpg")}
    assert score_of(raw(full, "v2/multi-identify", **given, detect_top_num=1)) == LIVING
    assert score_of(raw(full, "v2/multi-identify", **given, detect_top_num=2)) == pytest.approx(0.42, abs=TOLERANCE)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("faceliveness,faceliveness", [LIVING, NOT_LIVING]),
        (",faceliveness", [0, NOT_LIVING]),
        ("faceliveness,", [LIVING, 0]),
        ("faceliveness", [LIVING, 0]),
    ],
)
def test_match_answers_a_score_for_each_picture(
    full: Running, hopper: bytes, hopper_spoof: bytes, asked: str, expected: list[Any]
) -> None:
    # "“0,0.9999”（表示第一个图不做活体检测、第二个图片活体分为0.9999）"
    answer = raw(full, "v2/match", images=b64(hopper, hopper_spoof), image_liveness=asked)
    assert set(answer.json["ext_info"]) == {"faceliveness"}
    texts = answer.json["ext_info"]["faceliveness"].split(",")
    assert [float(text) for text in texts] == expected
    assert all(text == "0" for text, score in zip(texts, expected, strict=True) if score == 0)
    assert withheld(answer) == set()


def test_match_answers_nothing_for_a_picture_that_cannot_be_read(full: Running, hopper: bytes) -> None:
    images = b64(hopper, b"no picture", hopper)
    asked = {"image_liveness": "faceliveness,faceliveness,faceliveness", "ext_fields": "qualities"}
    info = call(full, "v2/match", images=images, **asked)["ext_info"]
    assert set(info) == {"qualities", "faceliveness"}
    first, failed, third = info["faceliveness"].split(",")
    assert (float(first), failed, float(third)) == (LIVING, "0", LIVING)
    assert [bool(item) for item in json.loads(info["qualities"])] == [True, False, True]


@pytest.mark.parametrize("asked", ["faceliveness", "qualities", "qualities,faceliveness"])
def test_faceverify_answers_the_score(full: Running, hopper: bytes, hopper_spoof: bytes, asked: str) -> None:
    for image, expected in ((hopper, LIVING), (hopper_spoof, NOT_LIVING)):
        answer = raw(full, "v2/faceverify", image=image, face_fields=asked)
        (face,) = answer.json["result"]
        assert type(face["faceliveness"]) is float and face["faceliveness"] == expected
        assert ("qualities" in face) is ("qualities" in asked)
        assert withheld(answer) == set()
    assert "faceliveness" not in call(full, "v2/faceverify", image=hopper)["result"][0]
    assert "faceliveness" not in call(full, "v2/detect", image=hopper, face_fields="faceliveness")["result"][0]


def person(image: bytes, **more: str) -> dict[str, Any]:
    return {"image": image, "id_card_number": NUMBER, "name": NAME, **more}


def test_person_verify_answers_the_score(full: Running, registered: None, hopper_spoof: bytes) -> None:
    answer = raw(full, PERSON, **person(hopper_spoof, ext_fields="faceliveness"))
    assert set(answer.json) == {"log_id", "result", "ext_info"}
    assert set(answer.json["ext_info"]) == {"faceliveness"}
    # A number, as in the example ("faceliveness":0.834963); the table says string.
    assert type(answer.json["ext_info"]["faceliveness"]) is float
    assert answer.json["ext_info"]["faceliveness"] == NOT_LIVING
    assert withheld(answer) == set()


def test_person_verify_demands_a_living_face(
    full: Running, registered: None, hopper: bytes, hopper_spoof: bytes
) -> None:
    # 0.834963 unless faceliveness_conf says otherwise.
    assert call(full, PERSON, **person(hopper, faceliveness="use"))["result"] >= 0.8
    body = failure(raw(full, PERSON, **person(hopper_spoof, faceliveness="use")))
    assert body["error_code"] == 216400
    assert body["error_msg"].startswith("backend error: liveness 0.3")
    assert body["error_msg"].endswith("(must be >= 0.835).")
    assert "result" in call(full, PERSON, **person(hopper_spoof))


@pytest.mark.parametrize(("least", "passes"), [(0, True), (0.3, True), (0.45, False), (1, False)])
def test_faceliveness_conf_is_the_limit(
    full: Running, registered: None, hopper_spoof: bytes, least: float, passes: bool
) -> None:
    given = person(hopper_spoof, faceliveness_conf=json.dumps({"faceliveness": least}))
    assert ("result" in raw(full, PERSON, **given, faceliveness="use").json) is passes
    assert "result" in call(full, PERSON, **given)  # it counts with faceliveness=use only


def test_quality_and_liveness_are_judged_before_the_register(
    full: Running, registered: None, hopper_spoof: bytes, nobody: bytes
) -> None:
    unknown = {"id_card_number": "110101199001011237", "faceliveness": "use"}
    assert error(full, PERSON, **{**person(hopper_spoof), **unknown}) == 216400
    assert error(full, PERSON, **{**person(nobody), **unknown}) == 216402
    blurred = pictures.encoded(pictures.blurred(spoof(pictures.hopper()), 8), ".jpg")
    assert error(full, PERSON, **{**person(blurred, quality="use"), **unknown}) == 216615


def test_the_demo_of_the_document(full: Running, registered: None, hopper: bytes) -> None:
    options = {
        "quality": "use",
        "quality_conf": '{"left_eye": 0.6, "right_eye": 0.6}',
        "faceliveness": "use",
        "faceliveness_conf": '{"faceliveness": 0.834963}',
        "ext_fields": "qualities",
    }
    body = call(full, PERSON, **person(hopper, **options))
    assert body["result"] >= 0.8 and set(body["ext_info"]) == {"qualities"}
