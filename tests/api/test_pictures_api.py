"""detect, embed, compare over the wire, with the real engine."""

from __future__ import annotations

from base64 import b64decode, b64encode

import numpy as np
import pytest

from tests.api.running import Running
from tests.api.wire import ask, multipart

JPEG = {"Content-Type": "image/jpeg"}


def test_the_three_forms_find_the_same_face(daemon: Running, portrait: bytes) -> None:
    encoded = b64encode(portrait).decode()
    body, headers = multipart(image=portrait, fields="pose,quality", max_faces="1")
    answers = [
        ask(daemon.socket, "POST", "/v1/detect?fields=pose,quality&max_faces=1", portrait, JPEG),
        ask(daemon.socket, "POST", "/v1/detect", body, headers),
        ask(daemon.socket, "POST", "/v1/detect", {"image": encoded, "fields": ["pose", "quality"], "max_faces": 1}),
    ]
    assert [answer.status for answer in answers] == [200] * 3
    first = answers[0].json
    assert answers[1].json == answers[2].json == first
    assert (first["width"], first["height"]) == (512, 512)
    (face,) = first["faces"]
    assert set(face) == {"face_token", "score", "box", "points", "pose", "quality"}
    assert len(face["face_token"]) == 32 and len(face["points"]) == 5
    # The astronaut's face is around (224, 123).
    assert face["box"]["left"] < 224 < face["box"]["left"] + face["box"]["width"]
    assert face["box"]["top"] < 123 < face["box"]["top"] + face["box"]["height"]


def test_only_what_is_asked_for_is_answered(daemon: Running, portrait: bytes) -> None:
    (face,) = ask(daemon.socket, "POST", "/v1/detect?max_faces=1", portrait, JPEG).json["faces"]
    assert set(face) == {"face_token", "score", "box", "points"}


def test_landmarks_or_a_clear_statement(daemon: Running, portrait: bytes) -> None:
    answer = ask(daemon.socket, "POST", "/v1/detect?fields=landmarks", portrait, JPEG)
    if "landmarks" in ask(daemon.socket, "GET", "/v1/info").json["features"]:
        assert len(answer.json["faces"][0]["landmarks"]) == 150
    else:
        assert (answer.status, answer.code) == (501, "feature_unavailable")


def test_a_picture_without_a_face_has_an_empty_list(daemon: Running, no_face: bytes) -> None:
    answer = ask(daemon.socket, "POST", "/v1/detect", no_face, JPEG)
    assert answer.status == 200 and answer.json["faces"] == []
    assert ask(daemon.socket, "POST", "/v1/embed", no_face, JPEG).code == "no_face"


def test_a_verdict_lists_every_failed_measure(daemon: Running, portrait: bytes) -> None:
    sizes = {"face_size": 5000, "interocular_distance": 4000, "illumination_min": 254.5}
    body = {"image": b64encode(portrait).decode(), "quality_control": "CUSTOM", "thresholds": sizes}
    verdict = ask(daemon.socket, "POST", "/v1/detect", body).json["faces"][0]["verdict"]
    assert not verdict["passed"] and len(verdict["violations"]) >= 3
    answer = ask(daemon.socket, "POST", "/v1/embed", body)
    assert (answer.status, answer.code) == (422, "quality")
    listed = answer.json["error"]["details"]["violations"]
    assert len(listed) == len(verdict["violations"])
    assert all(set(item) == {"measure", "value", "threshold", "relation"} for item in listed)


def test_a_template_is_a_unit_vector_of_the_devices_contract(daemon: Running, portrait: bytes) -> None:
    template = ask(daemon.socket, "POST", "/v1/embed", portrait, JPEG).json["face"]["template"]
    info = ask(daemon.socket, "GET", "/v1/info").json
    vector = np.frombuffer(b64decode(template["vector"]), "<f4")
    assert template["contract_id"] == info["contract_id"]
    assert vector.shape == (info["dimension"],)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-3)


def test_one_picture_is_the_same_person_and_two_people_are_not(
    daemon: Running, portrait: bytes, other_portrait: bytes
) -> None:
    def compare(first: bytes, second: bytes) -> dict:
        body, headers = multipart(image=first, image2=second)
        return ask(daemon.socket, "POST", "/v1/compare", body, headers).json

    same, different = compare(portrait, portrait), compare(portrait, other_portrait)
    assert same["same_person"] and same["score"] > 95 and len(same["faces"]) == 2
    assert not different["same_person"] and different["score"] < 80 and different["fmr"] > same["fmr"]


def test_the_picture_at_fault_is_named(daemon: Running, portrait: bytes, no_face: bytes) -> None:
    body, headers = multipart(image=portrait, image2=no_face)
    answer = ask(daemon.socket, "POST", "/v1/compare", body, headers)
    assert answer.code == "no_face" and answer.json["error"]["details"]["picture"] == 2


def test_templates_are_compared_and_checked(daemon: Running, portrait: bytes, other_portrait: bytes) -> None:
    first, second = (
        ask(daemon.socket, "POST", "/v1/embed", item, JPEG).json["face"]["template"]
        for item in (portrait, other_portrait)
    )

    def compare(one: dict, two: dict):
        return ask(daemon.socket, "POST", "/v1/compare/templates", {"template": one, "template2": two})

    assert compare(first, first).json["score"] == pytest.approx(100, abs=0.1)
    assert not compare(first, second).json["same_person"]
    assert compare(first, {**second, "contract_id": "another"}).code == "contract_mismatch"
    assert compare(first, {**second, "vector": second["vector"][:400]}).code == "template_invalid"
    longer = b64encode(2 * np.frombuffer(b64decode(second["vector"]), "<f4")).decode()
    assert compare(first, {**second, "vector": longer}).code == "template_invalid"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "image_missing"),
        (b"GIF89a" + b"\0" * 100, "image_format"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 100, "image_format"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 100, "image_corrupt"),
    ],
)
def test_pictures_that_are_none(daemon: Running, data: bytes, code: str) -> None:
    assert ask(daemon.socket, "POST", "/v1/detect", data, JPEG).code == code


def test_a_truncated_picture_is_corrupt(daemon: Running, portrait: bytes) -> None:
    assert ask(daemon.socket, "POST", "/v1/detect", portrait[: len(portrait) // 8], JPEG).code == "image_corrupt"
