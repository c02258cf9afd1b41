"""Liveness with a model for it: the scores of both faceverify calls, and ``liveness_control`` of every call."""

from __future__ import annotations

from typing import Any

import pytest

from edgeface.engine import Gate
from edgeface.register import IdRegister
from edgeface.types import QualityLevel
from tests import pictures
from tests.dialects.baidu_v3.test_v3_controls import CALLS
from tests.dialects.baidu_v3.v3_calls import NAME, NUMBER, of, text_of, token
from tests.dialects.full_pack import LIVENESS_OF_HOPPER, LIVENESS_OF_ITS_SPOOF, THRESHOLDS, TOLERANCE, spoof
from tests.dialects.published import published, through

FRR = {"frr_1e-4": THRESHOLDS["LOW"], "frr_1e-3": THRESHOLDS["NORMAL"], "frr_1e-2": THRESHOLDS["HIGH"]}
LIVING = pytest.approx(LIVENESS_OF_HOPPER, abs=TOLERANCE)
NOT_LIVING = pytest.approx(LIVENESS_OF_ITS_SPOOF, abs=TOLERANCE)
# Every call with a liveness control, given a picture's parameters.
CONTROLLED = {
    **CALLS,
    "v3/faceset/user/add": lambda given: {
        **given,
        "group_id": "living_new",
        "user_id": "grace",
        "action_type": "REPLACE",
    },
    "v3/faceset/user/update": lambda given: {
        **given,
        "group_id": "living_new",
        "user_id": "grace",
        "action_type": "REPLACE",
    },
    "v3/detect": lambda given: given,
    "v3/faceverify": lambda given: [given],
}


@pytest.fixture(scope="module", autouse=True)
def library(full, hopper) -> Any:
    """Hopper in the group of the calls, and in the register."""
    full("v3/faceset/user/add", of(hopper, group_id="controls", user_id="grace"))
    register = IdRegister(full.daemon.engine)
    register.add(pictures.encoded(pictures.hopper(), ".jpg"), NUMBER, NAME, gate=Gate(QualityLevel.NONE))
    yield
    register.remove(NUMBER)


def test_the_score_and_the_thresholds_of_a_picture(full, hopper) -> None:
    answer = full.raw("v3/faceverify", [of(hopper)])
    result = answer.json["result"]
    assert set(result) == {"face_liveness", "thresholds", "face_list"}
    assert type(result["face_liveness"]) is float and result["face_liveness"] == LIVING
    assert result["thresholds"] == FRR and all(type(value) is float for value in result["thresholds"].values())
    (face,) = result["face_list"]
    assert face["liveness"] == dict.fromkeys(("faceliveness", "livemapscore"), result["face_liveness"])
    assert "warning" not in answer.headers


def test_the_best_score_is_that_of_the_group(full, hopper, hopper_spoof) -> None:
    result = full("v3/faceverify", [of(hopper_spoof), of(hopper), of(hopper_spoof)])
    scores = [face["liveness"]["livemapscore"] for face in result["face_list"]]
    assert scores == [NOT_LIVING, LIVING, NOT_LIVING]
    assert result["face_liveness"] == scores[1]
    assert full("v3/faceverify", [of(hopper_spoof)] * 8)["face_liveness"] == NOT_LIVING


def test_version_4_has_the_score_and_the_thresholds(full, hopper, hopper_spoof) -> None:
    answer = full.raw("v4/faceverify", {"sdk_version": "1", "image_list": [hopper_spoof, hopper]})
    result = answer.json["result"]
    assert set(result) == {"face_liveness", "thresholds", "face_list"}
    assert result["face_liveness"] == LIVING and result["thresholds"] == FRR
    assert [face["liveness"] for face in result["face_list"]] == [
        {"livemapscore": NOT_LIVING},
        {"livemapscore": LIVING},
    ]
    assert "warning" not in answer.headers


def test_a_remembered_face_has_its_score_and_an_enrolled_one_none(full, hopper, collins) -> None:
    (face,) = full("v3/detect", of(hopper))["face_list"]
    assert full("v3/faceverify", [token(face["face_token"])])["face_liveness"] == LIVING
    enrolled = full("v3/faceset/user/add", of(collins, group_id="living", user_id="eileen"))["face_token"]
    full.daemon.engine.forget([enrolled])
    answer = full.raw("v3/faceverify", [token(enrolled), of(hopper), token(enrolled)])
    assert answer.json["result"]["face_liveness"] == LIVING
    assert ["liveness" in face for face in answer.json["result"]["face_list"]] == [False, True, False]
    assert answer.headers["warning"].endswith(': liveness"')
    answer = full.raw("v3/faceverify", [token(enrolled)])
    assert set(answer.json["result"]) == {"thresholds", "face_list"}
    assert answer.headers["warning"].endswith(': face_liveness, liveness"')


@pytest.mark.parametrize("call", CONTROLLED)
def test_a_living_face_passes_and_a_picture_of_one_does_not(full, hopper, hopper_spoof, call: str) -> None:
    make = CONTROLLED[call]
    for level in ("NONE", "LOW", "NORMAL"):
        full(call, make(of(hopper, liveness_control=level)))
    assert full.error(call, make(of(hopper, liveness_control="HIGH"))) == 223120
    for level in ("NONE", "LOW"):
        full(call, make(of(hopper_spoof, liveness_control=level, match_threshold=0)))
    before = full.daemon.engine.gallery.stats().revision
    for level in ("NORMAL", "HIGH"):
        assert full.error(call, make(of(hopper_spoof, liveness_control=level, match_threshold=0))) == 223120
    assert full.daemon.engine.gallery.stats().revision == before


def test_the_score_tells_what_the_control_does(full, hopper, hopper_spoof) -> None:
    for text in (hopper, hopper_spoof):
        result = full("v3/faceverify", [of(text)])
        for level, name in (("LOW", "frr_1e-4"), ("NORMAL", "frr_1e-3"), ("HIGH", "frr_1e-2")):
            passes = result["face_liveness"] >= result["thresholds"][name]
            answer = full.raw("v3/detect", of(text, liveness_control=level)).json
            assert (answer["error_code"] == 0) is passes


def test_liveness_of_the_second_picture(full, hopper, hopper_spoof) -> None:
    assert full("v3/match", [of(hopper_spoof), of(hopper, liveness_control="NORMAL")])["score"] > 80
    assert full.error("v3/match", [of(hopper), of(hopper_spoof, liveness_control="NORMAL")]) == 223120
    given = {"image": hopper, "register_image": hopper_spoof}
    assert full("v4/mingjing/match", given | {"liveness_control": "NORMAL"})["score"] > 80
    assert full.error("v4/mingjing/match", given | {"register_liveness_control": "NORMAL"}) == 223120
    assert full("v4/mingjing/match", given | {"register_liveness_control": "LOW"})["score"] > 80


def test_faces_that_fail_are_left_out_where_others_pass(full) -> None:
    # The larger face is the picture of one.
    both = text_of(pictures.side_by_side(pictures.astronaut(), spoof(pictures.hopper())))
    given = of(both, max_face_num=2, group_id_list="controls", match_threshold=0)
    assert full("v3/detect", given)["face_num"] == full("v3/multi-search", given)["face_num"] == 2
    (seen,) = full("v3/detect", given | {"liveness_control": "NORMAL"})["face_list"]
    (found,) = full("v3/multi-search", given | {"liveness_control": "NORMAL"})["face_list"]
    left, _, width, _ = pictures.ASTRONAUT_FACE
    assert seen["face_token"] == found["face_token"]
    assert seen["location"]["left"] == pytest.approx(left, abs=width / 2)


def test_a_remembered_token_is_judged_as_its_picture(full, hopper, hopper_spoof) -> None:
    for text, number in ((hopper, 0), (hopper_spoof, 223120)):
        (face,) = full("v3/detect", of(text))["face_list"]
        given = token(face["face_token"], liveness_control="NORMAL", group_id_list="controls", match_threshold=0)
        for call in ("v3/detect", "v3/search"):
            assert full.raw(call, given).json["error_code"] == number


def test_the_liveness_of_an_enrolled_face_is_not_known(full, collins) -> None:
    enrolled = full("v3/faceset/user/add", of(collins, group_id="enrolled", user_id="eileen"))["face_token"]
    full.daemon.engine.forget([enrolled])
    given = token(enrolled, group_id_list="enrolled")
    assert full("v3/search", given)["user_list"]
    for call in ("v3/detect", "v3/search"):
        assert full.error(call, given | {"liveness_control": "LOW"}) == 223120


def test_the_face_and_its_quality_are_judged_before_its_liveness(full, nobody) -> None:
    assert full.error("v3/detect", of(nobody, liveness_control="HIGH")) == 222202
    blurred = text_of(pictures.blurred(spoof(pictures.hopper()), 8))
    given = of(blurred, liveness_control="HIGH", quality_control="NORMAL", group_id_list="controls")
    assert full.error("v3/search", given) == 223114


@pytest.mark.parametrize("call", ["v3/person/verify", "v4/mingjing/verify"])
def test_liveness_is_judged_before_the_number(full, hopper_spoof, call: str) -> None:
    given = of(hopper_spoof, id_card_number="110233112299822212", name=NAME, liveness_control="NORMAL")
    assert full.error(call, given) == 223120


def test_a_spoofing_control_is_refused_with_a_model_too(full, hopper, nobody) -> None:
    # The document gives its levels no numbers, so that nothing can be judged by them.
    given = {"id_card_number": NUMBER, "name": NAME, "image": hopper}
    assert full("v4/mingjing/verify", given | {"spoofing_control": "NONE"})["verify_status"] == 0
    for level in ("LOW", "NORMAL", "HIGH"):
        assert full.error("v4/mingjing/verify", given | {"spoofing_control": level}) == 223120
    assert full.error("v4/mingjing/verify", given | {"spoofing_control": "LOW", "image": nobody}) == 222202


@pytest.mark.parametrize("level", ["LOW", "HIGH"])
def test_the_published_client_asks_for_liveness(full, hopper, level: str) -> None:
    aip = published("baidu-aip", "4.16.13", "aip")
    number = 0 if level == "LOW" else 223120
    with through(full.daemon.socket):
        client = aip.AipFace("1", "ak", "sk")
        options = {"liveness_control": level, "quality_control": "NORMAL"}
        assert client.search(hopper, "BASE64", "controls", options)["error_code"] == number
        assert client.personVerify(hopper, "BASE64", NUMBER, NAME, options)["error_code"] == number
        assert client.match([of(hopper, **options), of(hopper)])["error_code"] == number
