"""v2/match: every pair of the pictures."""

from __future__ import annotations

import json

import pytest

from tests.api.running import Running
from tests.dialects.baidu_v2.baidu_v2_wire import b64, call, error, padded, raw, withheld


def scores(body: dict) -> dict[tuple[int, int], float]:
    for item in body["result"]:
        assert set(item) == {"index_i", "index_j", "score"}
        assert type(item["index_i"]) is int and type(item["index_j"]) is int and type(item["score"]) is float
        assert 0 <= item["score"] <= 100
    return {(item["index_i"], item["index_j"]): item["score"] for item in body["result"]}


def test_match_scores_every_pair(daemon: Running, hopper: bytes, hopper_again: bytes, eileen: bytes) -> None:
    body = call(daemon, "v2/match", images=b64(hopper, eileen, hopper_again))
    assert set(body) == {"log_id", "result_num", "result"}
    assert body["result_num"] == 3
    found = scores(body)
    assert list(found) == [(0, 1), (0, 2), (1, 2)]
    assert found[0, 2] >= 80  # one person
    assert found[0, 1] < 80 and found[1, 2] < 80


def test_pairs_of_a_picture_that_cannot_be_read_are_left_out(daemon: Running, hopper: bytes, eileen: bytes) -> None:
    # "请求为四张图片，第三张解析失败": 0-1, 0-3 and 1-3 are answered.
    body = call(daemon, "v2/match", images=b64(hopper, eileen, b"no picture", hopper))
    assert body["result_num"] == 3
    assert list(scores(body)) == [(0, 1), (0, 3), (1, 3)]


@pytest.mark.parametrize("broken", ["", "@@@", "R0lGODlhAAAA"])
def test_an_empty_or_foreign_picture_fails_for_its_own_pairs_only(
    daemon: Running, hopper: bytes, eileen: bytes, broken: str
) -> None:
    body = call(daemon, "v2/match", images=f"{broken},{b64(hopper)},{b64(eileen)}")
    assert list(scores(body)) == [(1, 2)]


def test_a_picture_without_a_face_fails_for_its_own_pairs_only(
    daemon: Running, hopper: bytes, eileen: bytes, nobody: bytes
) -> None:
    assert list(scores(call(daemon, "v2/match", images=b64(hopper, nobody, eileen)))) == [(0, 2)]


def test_where_no_pair_is_left_the_reason_is_answered(daemon: Running, hopper: bytes, nobody: bytes) -> None:
    assert error(daemon, "v2/match", images=b64(hopper, nobody)) == 216402
    assert error(daemon, "v2/match", images=b64(b"no picture", hopper)) == 216201
    assert error(daemon, "v2/match", images=b64(hopper) + ",") == 216200


def test_match_needs_two_pictures(daemon: Running, hopper: bytes) -> None:
    assert error(daemon, "v2/match") == 216101
    assert error(daemon, "v2/match", images="") == 216614
    assert error(daemon, "v2/match", images=hopper) == 216614


def test_match_takes_ten_pictures(daemon: Running, hopper: bytes) -> None:
    # One picture that can be read twice, so that the others cost nothing.
    most = b64(hopper, hopper) + ",QUFB" * 8
    assert list(scores(call(daemon, "v2/match", images=most))) == [(0, 1)]
    assert error(daemon, "v2/match", images=most + ",QUFB") == 216103


def test_match_takes_20m_of_base64_together(daemon: Running, hopper: bytes) -> None:
    most = 20 * 1024 * 1024
    first = b64(padded(hopper, 9 * 1024 * 1024 // 12 * 9))
    second = b64(padded(hopper, (most - len(first) - 4) // 4 * 3))
    exactly = f"{first},{second}"
    exactly += "\n" * (most - len(exactly))
    assert call(daemon, "v2/match", images=exactly)["result_num"] == 1
    assert error(daemon, "v2/match", images=exactly + "\n") == 216202


def test_ext_fields_qualities(daemon: Running, hopper: bytes, eileen: bytes) -> None:
    answer = raw(daemon, "v2/match", images=b64(hopper, b"no picture", eileen), ext_fields="qualities")
    body = answer.json
    assert set(body) == {"log_id", "result_num", "result", "ext_info"}
    assert set(body["ext_info"]) == {"qualities"} and type(body["ext_info"]["qualities"]) is str
    first, failed, third = json.loads(body["ext_info"]["qualities"])
    assert failed == {}
    assert set(first) == set(third) == {"occlusion", "blur", "illumination", "completeness"}
    assert withheld(answer) == {"qualities.type"}
    assert "ext_info" not in call(daemon, "v2/match", images=b64(hopper, eileen), ext_fields="nothing")


@pytest.mark.parametrize("asked", ["faceliveness,faceliveness", ",faceliveness", "faceliveness,"])
def test_image_liveness_is_withheld(daemon: Running, hopper: bytes, eileen: bytes, asked: str) -> None:
    answer = raw(daemon, "v2/match", images=b64(hopper, eileen), image_liveness=asked)
    assert "ext_info" not in answer.json and answer.json["result_num"] == 1
    assert withheld(answer) == {"faceliveness"}


def test_image_liveness_is_checked(daemon: Running, hopper: bytes, eileen: bytes) -> None:
    images = b64(hopper, eileen)
    for wrong in ("alive", "faceliveness,faceliveness,faceliveness"):
        assert error(daemon, "v2/match", images=images, image_liveness=wrong) == 216100
    assert withheld(raw(daemon, "v2/match", images=images, image_liveness=",")) == set()


def test_types(daemon: Running, hopper: bytes, eileen: bytes) -> None:
    images = b64(hopper, eileen)
    plain = scores(call(daemon, "v2/match", images=images))
    assert scores(call(daemon, "v2/match", images=images, types="7,13")) == plain
    assert scores(call(daemon, "v2/match", images=images, types="12")) == plain
    for wrong in ("7,8", "7,13,12", "life"):
        assert error(daemon, "v2/match", images=images, types=wrong) == 216100
