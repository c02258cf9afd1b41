"""The calls that look at pictures: what they decide, the shape of their answers, and what they leave out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tencent_calls import Tencent

from edgeface.engine import Gate
from edgeface.register import IdRegister
from edgeface.types import Covering, QualityLevel
from tests import pictures
from tests.api.running import Running

ID_NUMBER, ID_NAME = "110233112299822211", "格蕾丝·霍珀"


@pytest.fixture(scope="module")
def crew(tencent: Tencent, astronaut: bytes, hopper: bytes) -> str:
    """A group with two persons; one of them is in a second group too."""
    tencent.person("pc-astronaut", ["pc", "pc2"], astronaut, tag="NASA")
    tencent.person("pc-hopper", ["pc"], hopper)
    return "pc"


# --- verify


def test_verify_the_right_person(tencent: Tencent, crew: str, astronaut_again: bytes) -> None:
    data = tencent.form("verify", person_id="pc-astronaut", image=astronaut_again)["data"]
    assert set(data) == {"session_id", "confidence", "ismatch"}
    assert type(data["confidence"]) is float and 80 <= data["confidence"] <= 100
    assert data["ismatch"] is True


def test_verify_another_person(tencent: Tencent, crew: str, hopper: bytes) -> None:
    data = tencent.form("verify", person_id="pc-astronaut", image=hopper)["data"]
    assert type(data["confidence"]) is float and 0 <= data["confidence"] < 80
    assert data["ismatch"] is False


def test_verify_is_the_engines_comparison(
    tencent: Tencent, daemon: Running, crew: str, astronaut: bytes, astronaut_again: bytes
) -> None:
    score = daemon.engine.compare(astronaut, astronaut_again).score
    data = tencent.form("verify", person_id="pc-astronaut", image=astronaut_again)["data"]
    assert data["confidence"] == pytest.approx(score, abs=1e-3)


def test_verify_takes_the_best_of_the_persons_faces(
    tencent: Tencent, astronaut: bytes, hopper: bytes, astronaut_again: bytes
) -> None:
    tencent.person("vb1", ["vb"], hopper)
    assert tencent.form("verify", person_id="vb1", image=astronaut_again)["data"]["ismatch"] is False
    assert tencent.form("addface", {"images[0]": astronaut}, person_id="vb1")["code"] == 0
    assert tencent.form("verify", person_id="vb1", image=astronaut_again)["data"]["ismatch"] is True


def test_verify_a_person_of_more_groups_than_one_search_takes(tencent: Tencent, astronaut: bytes) -> None:
    tencent.person("vm1", [f"vm_{index}" for index in range(12)], astronaut)
    assert tencent.form("verify", person_id="vm1", image=astronaut)["data"]["ismatch"] is True


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"person_id": "nobody"}, -1303),
        ({"person_id": ""}, -1301),
        ({"person_id": "a b"}, -1313),
        ({"person_id": "a" * 129}, -1304),
        ({"image": b""}, -1300),
        ({"image": b"GIF89a" + bytes(20)}, -1400),
        ({"image": b"no picture at all"}, -1400),
        ({"image": b"\xff\xd8\xff\xe0 cut off"}, -1102),
        ({"appid": ""}, -1301),
    ],
)
def test_verify_refuses(
    tencent: Tencent, crew: str, astronaut: bytes, changed: dict[str, str | bytes], code: int
) -> None:
    body = tencent.form("verify", {"person_id": "pc-astronaut", "image": astronaut, **changed})
    assert body["code"] == code


def test_verify_without_a_face(tencent: Tencent, crew: str, no_face: bytes) -> None:
    assert tencent.form("verify", person_id="pc-astronaut", image=no_face)["code"] == -1101


def test_every_call_has_a_session_of_its_own(tencent: Tencent, crew: str, astronaut: bytes) -> None:
    bodies = [tencent.form("verify", person_id="pc-astronaut", image=astronaut) for _ in range(3)]
    bodies += [tencent.json("getinfo"), tencent.json("getinfo")]  # failures too
    assert len({body["data"]["session_id"] for body in bodies}) == 5


# --- identify


def test_identify(tencent: Tencent, crew: str, astronaut_again: bytes) -> None:
    data = tencent.form("identify", group_id=crew, image=astronaut_again)["data"]
    assert set(data) == {"session_id", "candidates"}
    first, second = data["candidates"]
    assert all(set(item) == {"person_id", "face_id", "confidence", "tag"} for item in data["candidates"])
    assert (first["person_id"], first["tag"]) == ("pc-astronaut", "NASA")
    assert (second["person_id"], second["tag"]) == ("pc-hopper", "")
    assert type(first["confidence"]) is float and first["confidence"] >= 80 > second["confidence"] >= 0
    assert [first["face_id"]] == tencent.ok("getfaceids", person_id="pc-astronaut")["face_ids"]


def test_identify_names_five_at_most(tencent: Tencent, daemon: Running, astronaut: bytes) -> None:
    tencent.person("i5-0", ["i5"], astronaut)
    persons = daemon.engine.gallery.persons()
    for index in range(1, 7):
        vector = np.random.default_rng(index).standard_normal(daemon.engine.pack.dimension).astype(np.float32)
        template = daemon.engine.embed(astronaut).template
        other = type(template)(vector / np.linalg.norm(vector), template.contract_id)
        persons.create(f"i5_{index}", ["i5"], other, f"i5f{index}", "")
    candidates = tencent.form("identify", group_id="i5", image=astronaut)["data"]["candidates"]
    assert len(candidates) == 5 and candidates[0]["person_id"] == "i5-0"
    confidences = [item["confidence"] for item in candidates]
    assert confidences == sorted(confidences, reverse=True)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"group_id": "pc_unknown"}, -1306),
        ({"group_id": ""}, -1301),
        ({"group_id": "a/b"}, -1313),
        ({"group_id": "a" * 129}, -1304),
        ({"image": b""}, -1300),
    ],
)
def test_identify_refuses(
    tencent: Tencent, crew: str, astronaut: bytes, changed: dict[str, str | bytes], code: int
) -> None:
    assert tencent.form("identify", {"group_id": crew, "image": astronaut, **changed})["code"] == code


def test_identify_without_a_face(tencent: Tencent, crew: str, no_face: bytes) -> None:
    assert tencent.form("identify", group_id=crew, image=no_face)["code"] == -1101


# --- compare


def test_compare(tencent: Tencent, daemon: Running, astronaut: bytes, astronaut_again: bytes, hopper: bytes) -> None:
    same = tencent.form("compare", imageA=astronaut, imageB=astronaut_again)["data"]
    other = tencent.form("compare", imageA=astronaut, imageB=hopper)["data"]
    assert set(same) == set(other) == {"session_id", "similarity"}
    assert type(same["similarity"]) is float and same["similarity"] >= 80 > other["similarity"] >= 0
    assert other["similarity"] == pytest.approx(daemon.engine.compare(astronaut, hopper).score, abs=1e-3)


@pytest.mark.parametrize(("name", "flag"), [("imageA", 1), ("imageB", 2)])
@pytest.mark.parametrize(
    ("data", "code"), [(None, -1300), (b"", -1300), (b"GIF89a" + bytes(9), -1400), ("no_face", -1101)]
)
def test_compare_says_which_picture_failed(
    tencent: Tencent, astronaut: bytes, no_face: bytes, name: str, flag: int, data: bytes | str | None, code: int
) -> None:
    parts: dict[str, str | bytes] = {"imageA": astronaut, "imageB": astronaut}
    if data is None:
        del parts[name]
    else:
        parts[name] = no_face if isinstance(data, str) else data
    body = tencent.form("compare", parts)
    assert body["code"] == code
    assert type(body["data"]["fail_flag"]) is int and body["data"]["fail_flag"] == flag


# --- detect


def test_detect(tencent: Tencent, hopper: bytes) -> None:
    answer = tencent.answer("detect", image=hopper)
    data = answer.json["data"]
    assert set(data) == {"session_id", "image_width", "image_height", "face"}
    assert (data["image_width"], data["image_height"]) == (512, 600)
    (face,) = data["face"]
    assert set(face) == {"face_id", "x", "y", "width", "height", "glass", "pitch", "yaw", "roll"}
    assert type(face["face_id"]) is str and face["face_id"]
    assert all(type(face[name]) is int for name in ("x", "y", "pitch", "yaw", "roll"))
    assert all(type(face[name]) is float for name in ("width", "height"))
    assert type(face["glass"]) is bool
    left, top, width, height = pictures.HOPPER_FACE
    assert face["x"] == pytest.approx(left, abs=width / 3) and face["y"] == pytest.approx(top, abs=height / 3)
    assert face["width"] == pytest.approx(width, rel=0.35) and face["height"] == pytest.approx(height, rel=0.35)
    assert all(abs(face[name]) <= 30 for name in ("pitch", "yaw", "roll"))
    # What no model measures is left out, and that is said.
    assert answer.headers["warning"] == (
        '199 edgeface "not measured by the active model pack: gender, age, expression, beauty"'
    )


def test_detect_leaves_glasses_open_behind_a_mask(
    tencent: Tencent, daemon: Running, monkeypatch: pytest.MonkeyPatch, hopper: bytes
) -> None:
    seen = daemon.engine.detect(hopper, remember=True).faces[0]
    for covering, glass in (
        (Covering(none=0.1, glasses=0.8, mask=0.1), True),
        (Covering(none=0.8, glasses=0.1, mask=0.1), False),
        (Covering(none=0.1, glasses=0.1, mask=0.8), None),
        (None, None),
    ):
        face = replace(seen, quality=replace(seen.quality, covering=covering))
        detection = replace(daemon.engine.detect(hopper), faces=(face,))
        with monkeypatch.context() as patched:
            patched.setattr(daemon.engine, "detect", lambda *a, detection=detection, **k: detection)
            answer = tencent.answer("detect", image=hopper)
        assert answer.json["data"]["face"][0].get("glass") is glass
        assert ("glass" in answer.headers["warning"]) == (glass is None)


@pytest.mark.parametrize(("mode", "faces"), [(None, 2), ("0", 2), ("1", 1)])
def test_detect_mode(tencent: Tencent, mode: str | None, faces: int) -> None:
    both = pictures.side_by_side(pictures.astronaut(), pictures.hopper())
    fields = {} if mode is None else {"mode": mode}
    found = tencent.form("detect", fields, image=pictures.encoded(both, ".jpg"))["data"]["face"]
    assert len(found) == faces
    # The largest first: Grace Hopper, at the right.
    assert found[0]["x"] > 400 and found[0]["width"] == max(face["width"] for face in found)


@pytest.mark.parametrize("mode", ["2", "-1", "x"])
def test_detect_knows_two_modes(tencent: Tencent, hopper: bytes, mode: str) -> None:
    assert tencent.form("detect", image=hopper, mode=mode)["code"] == 21


def test_detect_describes_five_faces_and_places_the_others(tencent: Tencent) -> None:
    row = pictures.side_by_side(*[pictures.hopper()[80:400, 100:420]] * 3, height=220)
    crowd = pictures.encoded(np.vstack([row, row]), ".jpg")
    found = tencent.form("detect", image=crowd)["data"]["face"]
    assert len(found) == 6
    assert all("yaw" in face for face in found[:5])
    assert set(found[5]) == {"face_id", "x", "y", "width", "height"}


def test_detect_without_a_face(tencent: Tencent, no_face: bytes) -> None:
    assert tencent.form("detect", image=no_face)["code"] == -1101
    assert tencent.form("detect")["code"] == -1300


# --- idcardcompare


@pytest.fixture(scope="module")
def registered(daemon: Running, hopper: bytes) -> None:
    IdRegister(daemon.engine).add(hopper, ID_NUMBER, ID_NAME, gate=Gate(QualityLevel.NONE))


def test_idcardcompare(tencent: Tencent, registered: None, hopper: bytes, astronaut: bytes) -> None:
    fields = {"idcard_number": ID_NUMBER, "idcard_name": ID_NAME}
    same = tencent.form("idcardcompare", fields, image=hopper)["data"]
    other = tencent.form("idcardcompare", fields, image=astronaut)["data"]
    assert set(same) == {"session_id", "similarity"}
    assert type(same["similarity"]) is float and same["similarity"] >= 80 > other["similarity"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"idcard_number": "110233112299822212"}, -1303),
        ({"idcard_name": "格蕾丝"}, -1303),  # like an unknown number
        ({"idcard_number": ""}, -1301),
        ({"idcard_name": ""}, -1301),
        ({"idcard_number": "12"}, 21),
        ({"image": b""}, -1300),
    ],
)
def test_idcardcompare_refuses(
    tencent: Tencent, registered: None, hopper: bytes, changed: dict[str, str | bytes], code: int
) -> None:
    parts = {"idcard_number": ID_NUMBER, "idcard_name": ID_NAME, "image": hopper, **changed}
    assert tencent.form("idcardcompare", parts)["code"] == code
