"""v2/person/verify: the local register instead of a police database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from edgeface.engine import Gate
from edgeface.register import IdRegister
from edgeface.types import QualityLevel
from tests import pictures
from tests.api.running import Running
from tests.dialects.baidu_v2.baidu_v2_wire import b64, call, error, failure, padded, raw, withheld

NUMBER = "110233112299822211"  # the document's own
NAME = "张三"
PATH = "v2/person/verify"
WRONG_CONFS = (
    "{",
    "[]",
    "0.5",
    '{"left_check": 0.8}',
    '{"nose": "0.7"}',
    '{"nose": true}',
    '{"nose": 1.1}',
    '{"nose": -0.1}',
    '{"nose": NaN}',
    '{"nose": 1e999}',
    '{"nose": 1' + "0" * 400 + "}",
    '{"illumination": 256}',
    "[" * 100_000,
)


@pytest.fixture(scope="module")
def register(daemon: Running, hopper: bytes) -> Iterator[IdRegister]:
    opened = IdRegister(daemon.engine)
    opened.add(hopper, NUMBER, NAME)
    yield opened
    opened.remove(NUMBER)


def fields(image: bytes | str, **more: Any) -> dict[str, Any]:
    return {"image": image, "id_card_number": NUMBER, "name": NAME, **more}


def test_the_result_is_a_share_with_the_limit_at_0_8(
    daemon: Running, register: IdRegister, hopper_again: bytes, eileen: bytes
) -> None:
    body = call(daemon, PATH, **fields(hopper_again))
    assert set(body) == {"log_id", "result"}
    assert type(body["result"]) is float and 0.8 <= body["result"] <= 1
    assert 0 <= call(daemon, PATH, **fields(eileen))["result"] < 0.8


def test_who_is_not_registered(daemon: Running, register: IdRegister, hopper: bytes) -> None:
    body = failure(raw(daemon, PATH, **{**fields(hopper), "id_card_number": "110101199001011237"}))
    assert (body["error_code"], body["error_msg"]) == (216611, "user not exist")


def test_a_name_that_is_not_the_registered_one(daemon: Running, register: IdRegister, hopper: bytes) -> None:
    assert error(daemon, PATH, **{**fields(hopper), "name": "李四"}) == 216100


def test_id_card_number_is_checked(daemon: Running, register: IdRegister, hopper: bytes) -> None:
    for wrong in ("123", "1102331122998222111", "11023311229982221Y"):
        assert error(daemon, PATH, **{**fields(hopper), "id_card_number": wrong}) == 216100


@pytest.mark.parametrize("missing", ["image", "id_card_number", "name"])
def test_its_parameters_are_needed(daemon: Running, register: IdRegister, hopper: bytes, missing: str) -> None:
    given = fields(hopper)
    del given[missing]
    assert error(daemon, PATH, **given) == 216101


def test_the_picture(daemon: Running, register: IdRegister, hopper: bytes, nobody: bytes) -> None:
    assert error(daemon, PATH, **fields("")) == 216200
    assert error(daemon, PATH, **fields(nobody)) == 216402
    exactly = b64(padded(hopper, 10 * 1024 * 1024 // 4 * 3))
    assert call(daemon, PATH, **fields(exactly))["result"] >= 0.8
    assert error(daemon, PATH, **fields(exactly + "\n")) == 216202


def test_quality_use_refuses_a_poor_picture_and_says_why(daemon: Running, register: IdRegister) -> None:
    left, top, width, height = (int(value) for value in pictures.HOPPER_FACE)
    masked = pictures.hopper()
    masked[top + height * 6 // 10 : top + height, left : left + width] = (160, 60, 40)
    image = pictures.encoded(masked, ".jpg")
    assert "result" in call(daemon, PATH, **fields(image))
    body = failure(raw(daemon, PATH, **fields(image, quality="use")))
    assert body["error_code"] == 216615
    assert body["error_msg"].startswith("fail to process images: occlusion.")
    assert "occlusion.mouth" in body["error_msg"] or "occlusion.chin" in body["error_msg"]


def test_quality_conf_changes_single_thresholds(daemon: Running, register: IdRegister, hopper: bytes) -> None:
    use = fields(hopper, quality="use")
    assert "result" in call(daemon, PATH, **use)
    assert "result" in call(daemon, PATH, **use, quality_conf='{"left_eye": 0.6, "right_eye": 0.6}')
    body = failure(raw(daemon, PATH, **use, quality_conf='{"illumination": 250}'))
    assert body["error_code"] == 216615 and "illumination" in body["error_msg"]
    body = failure(raw(daemon, PATH, **use, quality_conf='{"blur": 0.000001}'))
    assert body["error_code"] == 216615 and "blur" in body["error_msg"]
    # It counts with quality=use only.
    assert "result" in call(daemon, PATH, **fields(hopper), quality_conf='{"illumination": 250}')


@pytest.mark.parametrize("part", ["left_eye", "right_eye", "nose", "mouth", "left_cheek", "right_cheek", "chin"])
def test_every_part_has_its_threshold(daemon: Running, register: IdRegister, hopper: bytes, part: str) -> None:
    strict = json.dumps({part: 0})
    body = failure(raw(daemon, PATH, **fields(hopper, quality="use", quality_conf=strict)))
    assert body["error_code"] == 216615 and f"occlusion.{part}" in body["error_msg"]


def test_the_default_thresholds_are_the_documents(
    daemon: Running, register: IdRegister, hopper: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Gate] = []
    verify = IdRegister.verify

    def spying(self: IdRegister, *arguments: Any, gate: Gate | None = None, **more: Any) -> Any:
        assert gate is not None
        seen.append(gate)
        return verify(self, *arguments, gate=gate, **more)

    monkeypatch.setattr(IdRegister, "verify", spying)
    call(daemon, PATH, **fields(hopper, quality="use"))
    (gate,) = seen
    assert gate.level is QualityLevel.CUSTOM and gate.thresholds is not None
    assert gate.thresholds.model_dump(exclude_none=True) == {
        "occlusion_left_eye": 0.6,
        "occlusion_right_eye": 0.6,
        "occlusion_nose": 0.7,
        "occlusion_mouth": 0.7,
        "occlusion_left_cheek": 0.8,
        "occlusion_right_cheek": 0.8,
        "occlusion_chin": 0.8,
        "blur": 0.7,
        "illumination_min": 30,
        "complete": False,
    }


def test_completeness_is_judged_where_it_is_named(daemon: Running, register: IdRegister) -> None:
    left, _, width, _ = (int(value) for value in pictures.HOPPER_FACE)
    image = pictures.encoded(pictures.hopper()[:, left + width // 3 :], ".jpg")
    lenient = {part: 1 for part in ("left_eye", "right_eye", "nose", "mouth", "left_cheek", "right_cheek", "chin")}
    use = fields(image, quality="use")
    assert "result" in call(daemon, PATH, **use, quality_conf=json.dumps(lenient))
    body = failure(raw(daemon, PATH, **use, quality_conf=json.dumps({**lenient, "completeness": 1})))
    assert body["error_code"] == 216615 and "completeness" in body["error_msg"]


def test_conf_is_checked(daemon: Running, register: IdRegister, hopper: bytes) -> None:
    use = fields(hopper, quality="use")
    for wrong in WRONG_CONFS:
        assert error(daemon, PATH, **use, quality_conf=wrong) == 216100
    for wrong in ('{"liveness": 0.5}', '{"faceliveness": 2}', "yes"):
        assert error(daemon, PATH, **fields(hopper, faceliveness="use", faceliveness_conf=wrong)) == 216100
    for name in ("quality", "faceliveness"):
        for wrong in ("yes", "USE"):
            assert error(daemon, PATH, **fields(hopper), **{name: wrong}) == 216100


def test_faceliveness_use_is_refused_and_never_passed(daemon: Running, register: IdRegister, hopper: bytes) -> None:
    for conf in (
        {},
        {"faceliveness_conf": '{"faceliveness": 0.834963}'},
        {"faceliveness_conf": '{"faceliveness": 0}'},
    ):
        body = failure(raw(daemon, PATH, **fields(hopper, faceliveness="use"), **conf))
        assert body["error_code"] == 216400
        assert body["error_msg"] == "backend error: The active model pack has no liveness model."


def test_ext_fields(daemon: Running, register: IdRegister, hopper: bytes) -> None:
    answer = raw(daemon, PATH, **fields(hopper, ext_fields="faceliveness,qualities"))
    assert set(answer.json) == {"log_id", "result", "ext_info"}
    assert set(answer.json["ext_info"]) == {"qualities"}
    qualities = answer.json["ext_info"]["qualities"]
    assert set(qualities) == {"occlusion", "blur", "illumination", "completeness"}
    assert set(qualities["occlusion"]) == {
        "left_eye", "right_eye", "nose", "mouth", "left_cheek", "right_cheek", "chin",
    }  # fmt: skip
    assert all(0 <= share <= 1 for share in qualities["occlusion"].values())
    assert 0 <= qualities["blur"] <= 1
    assert 30 < qualities["illumination"] <= 255
    assert qualities["completeness"] == 1
    assert withheld(answer) == {"faceliveness", "qualities.type"}
    assert set(call(daemon, PATH, **fields(hopper))) == {"log_id", "result"}
