"""``quality_control`` and ``liveness_control``: each failed measure has its number, and liveness fails closed."""

from __future__ import annotations

import pytest

from edgeface.api.dialects.baidu_v3.errors import number_and_text
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import REGIONS
from tests import pictures
from tests.dialects.baidu_v3.v3_calls import NAME, NUMBER, of, text_of, token


def _covered(left: int, top: int, width: int, height: int):
    return lambda: pictures.occluded(pictures.hopper(), left, top, width, height)


FAILING = {
    223114: lambda: pictures.blurred(pictures.hopper(), 8),
    223115: lambda: pictures.darkened(pictures.hopper(), 0.1),
    223116: lambda: pictures.hopper()[:, 215:],
    223121: _covered(195, 175, 70, 45),
    223122: _covered(268, 175, 70, 45),
    223123: _covered(165, 205, 80, 100),
    223124: _covered(285, 205, 80, 100),
    223125: _covered(200, 300, 130, 75),
    223126: _covered(235, 195, 65, 65),
    223127: _covered(205, 260, 130, 75),
}
UNNUMBERED = {
    "pose": lambda: pictures.moved(pictures.hopper(), degrees=25),
    "size": lambda: pictures.resized(pictures.hopper(), 0.25),
}
# Every call with a quality control, given a picture's parameters.
CALLS = {
    "v3/search": lambda given: {**given, "group_id_list": "controls"},
    "v3/multi-search": lambda given: {**given, "group_id_list": "controls"},
    "v3/faceset/user/add": lambda given: {**given, "group_id": "controls", "user_id": "somebody"},
    "v3/faceset/user/update": lambda given: {**given, "group_id": "controls", "user_id": "ada"},
    "v3/person/verify": lambda given: {**given, "id_card_number": NUMBER, "name": NAME},
    "v4/mingjing/verify": lambda given: {**given, "id_card_number": NUMBER, "name": NAME},
    "v4/mingjing/match": lambda given: {**given, "register_image": given["image"]},
    "v3/match": lambda given: [given, of(given["image"])],
}


@pytest.fixture(scope="module", autouse=True)
def controls(baidu, registered) -> None:
    baidu.fill("controls", ["ada"])


@pytest.mark.parametrize("number", FAILING)
def test_every_measure_has_its_number(baidu, number: int) -> None:
    picture = text_of(FAILING[number]())
    assert baidu.error("v3/match", [of(picture, quality_control="NORMAL"), of(picture)]) == number
    assert baidu("v3/match", [of(picture), of(picture)])["score"] == 100.0


@pytest.mark.parametrize("what", UNNUMBERED)
def test_pose_and_size_share_223118(baidu, what: str) -> None:
    picture = text_of(UNNUMBERED[what]())
    assert baidu.error("v3/match", [of(picture), of(picture, quality_control="NORMAL")]) == 223118


def _refused(*measures: str) -> int:
    violations = [{"measure": measure, "value": 1.0, "threshold": 0.5, "relation": "<"} for measure in measures]
    return number_and_text(EdgeFaceError(ErrorCode.QUALITY, violations=violations))[0]


def test_the_first_failed_measure_decides(baidu) -> None:
    assert _refused("occlusion.mouth", "occlusion.chin", "blur") == 223127
    assert _refused("blur", "illumination") == 223114
    assert _refused("interocular_distance", "completeness") == 223118
    # Mouth and chin are covered; the mouth comes first.
    picture = text_of(pictures.occluded(pictures.hopper(), 190, 255, 150, 130))
    (face,) = baidu("v3/detect", of(picture, face_field="quality"))["face_list"]
    assert min(face["quality"]["occlusion"][part] for part in ("mouth", "chin")) > 0.7
    assert baidu.error("v3/match", [of(picture, quality_control="NORMAL"), of(picture)]) == 223127


def test_where_every_part_is_covered_the_face_is() -> None:
    every = [f"occlusion.{region}" for region in REGIONS]
    assert _refused(*every, "blur") == 223113
    assert _refused(*every[1:]) == 223122


@pytest.mark.parametrize("call", CALLS)
def test_every_call_controls_quality(baidu, call: str) -> None:
    dark = text_of(FAILING[223115]())
    assert baidu.error(call, CALLS[call](of(dark, quality_control="NORMAL"))) == 223115
    assert baidu.error(call, CALLS[call](of(dark, quality_control="LOW"))) == 223115


def test_detect_has_no_quality_control(baidu, collins) -> None:
    assert baidu("v3/detect", of(collins, quality_control="HIGH"))["face_num"] == 1
    assert baidu("v3/faceverify", [of(collins, quality_control="HIGH")])["face_list"]


def test_the_levels_differ(baidu, collins) -> None:
    # The face is 92 pixels wide: LOW asks for 30, NORMAL for 100.
    for level in ("", None, "NONE", "LOW"):
        assert baidu("v3/match", [of(collins, quality_control=level), of(collins)])["score"] == 100.0
    for level in ("NORMAL", "HIGH"):
        assert baidu.error("v3/match", [of(collins, quality_control=level), of(collins)]) == 223118


def test_a_remembered_token_is_judged_as_its_picture(baidu) -> None:
    dark = text_of(FAILING[223115]())
    (face,) = baidu("v3/detect", of(dark))["face_list"]
    given = token(face["face_token"], quality_control="NORMAL", group_id="controls", user_id="dark")
    assert baidu.error("v3/faceset/user/add", given) == 223115


def test_each_picture_of_a_match_has_its_own_control(baidu, hopper) -> None:
    dark = text_of(FAILING[223115]())
    assert baidu("v3/match", [of(hopper, quality_control="NORMAL"), of(dark)])["score"] > 0
    assert baidu("v4/mingjing/match", image=hopper, quality_control="NORMAL", register_image=dark)["score"] > 0
    given = {"image": hopper, "register_image": dark, "register_quality_control": "NORMAL"}
    assert baidu.error("v4/mingjing/match", given) == 223115


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("name", "number"), [("quality_control", 222019), ("liveness_control", 222020)])
def test_a_level_that_is_none(baidu, hopper, call: str, name: str, number: int) -> None:
    for wrong in ("STRICT", "normal", 1, True, ["LOW"]):
        assert baidu.error(call, CALLS[call](of(hopper, **{name: wrong}))) == number


@pytest.mark.parametrize("call", [*CALLS, "v3/detect", "v3/faceverify"])
def test_liveness_fails_closed(baidu, daemon, hopper, call: str) -> None:
    make = CALLS.get(call, lambda given: given if call == "v3/detect" else [given])
    before = daemon.engine.gallery.stats().revision
    for level in ("LOW", "NORMAL", "HIGH"):
        assert baidu.error(call, make(of(hopper, liveness_control=level))) == 223120
    assert daemon.engine.gallery.stats().revision == before


def test_liveness_of_the_second_picture(baidu, hopper) -> None:
    assert baidu.error("v3/match", [of(hopper), of(hopper, liveness_control="LOW")]) == 223120
    given = {"image": hopper, "register_image": hopper, "register_liveness_control": "LOW"}
    assert baidu.error("v4/mingjing/match", given) == 223120
    assert baidu.error("v4/mingjing/match", given | {"register_liveness_control": "loud"}) == 222020
    assert baidu.error("v4/mingjing/match", given | {"register_quality_control": "loud"}) == 222019


def test_the_face_and_its_quality_are_judged_before_its_liveness(baidu, nobody) -> None:
    assert baidu.error("v3/detect", of(nobody, liveness_control="HIGH")) == 222202
    dark = text_of(FAILING[223115]())
    given = CALLS["v3/search"](of(dark, liveness_control="LOW", quality_control="NORMAL"))
    assert baidu.error("v3/search", given) == 223115


def test_a_spoofing_control_fails_closed(baidu, hopper) -> None:
    given = {"id_card_number": NUMBER, "name": NAME, "image": hopper}
    assert baidu("v4/mingjing/verify", given | {"spoofing_control": "NONE"})["verify_status"] == 0
    for level in ("LOW", "NORMAL", "HIGH"):
        assert baidu.error("v4/mingjing/verify", given | {"spoofing_control": level}) == 223120
    assert baidu.error("v4/mingjing/verify", given | {"spoofing_control": "loud"}) == 223119
