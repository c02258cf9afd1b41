"""2.3: age and gender, when the active pack has models for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from cloudwalk_calls import CloudWalk, body_of
from test_cloudwalk_examples import ATTRIBUTE, same_shape

from edgeface.api.dialects.cloudwalk import answers
from edgeface.attributes import Attributes, Likelihoods
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import Face
from tests import pictures
from tests.api.running import Running
from tests.attribute_packs import Head, pack_with
from tests.dialects.packed import running_on

PLACE = {"x", "y", "width", "height"}
AGE = Head("age", (0.0,), per_light=(1.0,), factor=100.0)
# A woman in the dark, a man in the light.
GENDER = Head("gender", (0.4, 0.0), per_light=(0.0, 1.0), classes=("female", "male"), logits=True)


@pytest.fixture(scope="module")
def full() -> Iterator[Running]:
    with running_on(lambda target: pack_with(target, AGE, GENDER)) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def attributed(full: Running) -> CloudWalk:
    return CloudWalk(full.socket)


@pytest.fixture(scope="module")
def seen(daemon: Running, astronaut: bytes) -> Face:
    return daemon.engine.detect(astronaut).faces[0]


def test_age_and_gender_appear_with_their_models(attributed: CloudWalk, both: bytes) -> None:
    answer = attributed.answer("tool/attribute", img=both)
    faces = body_of(answer)["faces"]
    assert [set(face) for face in faces] == [{*PLACE, "age", "gender"}] * 2
    assert all(type(face[name]) is int for face in faces for name in PLACE)
    for face in faces:
        assert type(face["age"]) is str and 0 < int(face["age"]) < 100
        assert face["gender"] in ("-1", "1")
    assert "warning" not in answer.headers


def test_the_example_is_answered_in_full(attributed: CloudWalk, both: bytes) -> None:
    same_shape(json.loads(ATTRIBUTE), attributed("tool/attribute", img=both), withheld=frozenset())


def test_each_face_is_told_by_its_own_pixels(attributed: CloudWalk) -> None:
    light = pictures.hopper()
    picture = pictures.encoded(pictures.side_by_side(light, pictures.darkened(light, 0.35)), ".jpg")
    faces = attributed.ok("tool/attribute", img=picture)["faces"]
    bright, dark = sorted(faces, key=lambda face: int(face["x"]))
    assert int(dark["age"]) == pytest.approx(int(bright["age"]) * 0.35, abs=2)
    assert (bright["gender"], dark["gender"]) == ("1", "-1")


def test_other_calls_do_not_tell_attributes(attributed: CloudWalk, astronaut: bytes) -> None:
    (face,) = attributed.ok("tool/detect", img=astronaut)["faces"]
    assert set(face) == {*PLACE, "img"}


@pytest.mark.parametrize(
    ("attributes", "told", "withheld"),
    [
        (None, {}, ("age", "gender")),
        (Attributes(age=10.6), {"age": "11"}, ("gender",)),
        (Attributes(gender=Likelihoods((("female", 0.9), ("male", 0.1)))), {"gender": "-1"}, ("age",)),
        (Attributes(age=0.2, gender=Likelihoods((("male", 0.6), ("female", 0.4)))), {"age": "0", "gender": "1"}, ()),
    ],
)
def test_what_the_manual_writes(
    seen: Face, attributes: Attributes | None, told: dict[str, str], withheld: tuple[str, ...]
) -> None:
    assert answers.attributes(replace(seen, attributes=attributes)) == (told, withheld)


def test_a_pack_with_one_of_them_names_the_other(
    cloudwalk: CloudWalk, daemon: Running, monkeypatch: pytest.MonkeyPatch, astronaut: bytes, seen: Face
) -> None:
    detection = replace(daemon.engine.detect(astronaut), faces=(replace(seen, attributes=Attributes(age=44.0)),))
    monkeypatch.setattr(daemon.engine, "detect", lambda *a, **k: detection)
    answer = cloudwalk.answer("tool/attribute", img=astronaut)
    (face,) = body_of(answer)["faces"]
    assert face["age"] == "44" and "gender" not in face
    assert answer.headers["warning"] == '199 edgeface "not measured by the active model pack: gender"'


def test_an_attribute_model_that_cannot_be_run(
    attributed: CloudWalk, full: Running, monkeypatch: pytest.MonkeyPatch, astronaut: bytes
) -> None:
    def broken(names: object) -> None:
        raise EdgeFaceError(ErrorCode.PACK_INVALID, "A file of the pack was changed.")

    monkeypatch.setattr(full.engine.analyzer._models, "attributes", broken)
    assert attributed.refused("tool/attribute", img=astronaut) == 4105
    attributed.ok("tool/detect", img=astronaut)  # which needs no such model
