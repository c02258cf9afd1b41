"""Attributes of the document's face: there when the active pack has a model for them, else named in the header."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tencent_calls import Tencent, made

from edgeface.api.dialects.tencent_v1.faces import face_item
from edgeface.attributes import Attributes, Likelihoods
from edgeface.types import Covering, Face, Quality
from tests import pictures
from tests.api.running import Running
from tests.attribute_packs import Head, pack_with
from tests.dialects.packed import running_on

HEADS = (
    Head("gender", (0.2, 0.8), classes=("female", "male")),
    Head("age", (0.0,), per_light=(1.0,), factor=100.0),
    Head("expression", (0.25, 0.7, 0.05), classes=("none", "smile", "laugh")),
    Head("beauty", (100.0,), per_light=(-50.0,)),
    Head("glasses", (0.4, 0.35, 0.25), classes=("none", "common", "sun")),
)
ATTRIBUTES = ("gender", "age", "expression", "beauty")


@pytest.fixture(scope="module")
def full() -> Iterator[Running]:
    """A daemon whose pack has a model for every attribute of the document."""
    with running_on(lambda target: pack_with(target, *HEADS, one_file=True)) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def attributed(full: Running) -> Tencent:
    return Tencent(full.socket)


@pytest.fixture(scope="module")
def seen(daemon: Running, astronaut: bytes) -> Face:
    """A face as a pack without any attributes sees it."""
    return daemon.engine.detect(astronaut, remember=True).faces[0]


def shares(**named: float) -> Likelihoods:
    return Likelihoods(tuple(named.items()))


def test_attributes_appear_with_their_models(attributed: Tencent, hopper: bytes) -> None:
    answer = attributed.answer("detect", image=hopper)
    (face,) = answer.json["data"]["face"]
    places = {"face_id", "x", "y", "width", "height", "pitch", "yaw", "roll"}
    assert set(face) == {*places, *ATTRIBUTES, "glass"}
    assert all(type(face[name]) is int and 0 <= face[name] <= 100 for name in ATTRIBUTES)
    assert face["gender"] == 80  # 0 female to 100 male
    assert face["expression"] == 40  # 0.7 * 50 (smile) + 0.05 * 100 (laugh)
    assert "warning" not in answer.headers


def test_attributes_follow_the_picture(attributed: Tencent) -> None:
    bright, dark = (
        attributed.form("detect", image=pictures.encoded(image, ".png"))["data"]["face"][0]
        for image in (pictures.hopper(), pictures.darkened(pictures.hopper(), 0.5))
    )
    assert dark["age"] == pytest.approx(bright["age"] / 2, abs=2)
    assert dark["beauty"] > bright["beauty"] + 5


def test_every_described_face_has_attributes_of_its_own(attributed: Tencent) -> None:
    both = pictures.side_by_side(pictures.hopper(), pictures.darkened(pictures.hopper(), 0.4))
    faces = attributed.form("detect", image=pictures.encoded(both, ".jpg"))["data"]["face"]
    bright, dark = sorted(faces, key=lambda face: face["x"])
    assert bright["age"] > dark["age"] + 5


def test_a_glasses_model_says_whether_glasses_are_worn(
    attributed: Tencent, tencent: Tencent, astronaut: bytes
) -> None:
    """Either kind counts, and it is the model for glasses that is believed."""
    (plain,) = tencent.form("detect", image=astronaut)["data"]["face"]
    (modelled,) = attributed.form("detect", image=astronaut)["data"]["face"]
    assert plain["glass"] is False
    assert modelled["glass"] is True


def test_a_default_pack_names_what_it_lacks(tencent: Tencent, astronaut: bytes) -> None:
    answer = tencent.answer("detect", image=astronaut)
    assert not set(ATTRIBUTES) & set(answer.json["data"]["face"][0])
    assert answer.headers["warning"] == (
        '199 edgeface "not measured by the active model pack: gender, age, expression, beauty"'
    )


def test_a_pack_with_some_of_them_names_the_others(
    tencent: Tencent, daemon: Running, monkeypatch: pytest.MonkeyPatch, astronaut: bytes, seen: Face
) -> None:
    face = replace(seen, attributes=Attributes(age=30.6, gender=shares(female=1.0, male=0.0)))
    detection = replace(daemon.engine.detect(astronaut), faces=(face,))
    with monkeypatch.context() as patched:
        patched.setattr(daemon.engine, "detect", lambda *a, **k: detection)
        answer = tencent.answer("detect", image=astronaut)
    item = answer.json["data"]["face"][0]
    assert (item["age"], item["gender"]) == (31, 0)
    assert answer.headers["warning"].endswith('active model pack: expression, beauty"')


@pytest.mark.parametrize(
    ("attributes", "told"),
    [
        (Attributes(gender=shares(female=0.0, male=1.0)), {"gender": 100}),
        (Attributes(gender=shares(male=0.125, female=0.875)), {"gender": 12}),
        (Attributes(age=0.0), {"age": 0}),
        (Attributes(age=118.0), {"age": 100}),  # the document's range ends there
        (Attributes(expression=shares(none=1.0, smile=0.0, laugh=0.0)), {"expression": 0}),
        (Attributes(expression=shares(none=0.0, smile=1.0, laugh=0.0)), {"expression": 50}),
        (Attributes(expression=shares(none=0.0, smile=0.0, laugh=1.0)), {"expression": 100}),
        (Attributes(expression=shares(none=0.4, smile=0.6)), {"expression": 30}),
        (Attributes(beauty=100.0), {"beauty": 100}),
        (Attributes(glasses=shares(none=0.6, common=0.3, sun=0.1)), {"glass": False}),
        (Attributes(glasses=shares(none=0.1, common=0.1, sun=0.8)), {"glass": True}),
    ],
)
def test_attributes_on_the_documents_scales(seen: Face, attributes: Attributes, told: dict[str, int]) -> None:
    item, withheld = face_item(replace(seen, attributes=attributes))
    assert {name: item[name] for name in told} == told
    assert {type(item[name]) for name in told} == {type(value) for value in told.values()}
    assert set(withheld) == set(ATTRIBUTES) - set(told)


def test_a_model_that_only_tells_kinds_of_glasses_does_not_say_that_there_are_any(seen: Face) -> None:
    item, _ = face_item(replace(seen, attributes=Attributes(glasses=shares(common=0.9, sun=0.1))))
    assert item["glass"] is False  # from what covers the face


def test_a_glasses_model_answers_behind_a_mask_too(seen: Face) -> None:
    assert isinstance(seen.quality, Quality)
    masked = replace(seen.quality, covering=Covering(none=0.1, glasses=0.1, mask=0.8))
    worn = Attributes(glasses=shares(none=0.2, common=0.8))
    item, withheld = face_item(replace(seen, quality=masked, attributes=worn))
    assert item["glass"] is True and "glass" not in withheld


def test_getfaceinfo_tells_attributes_while_the_face_is_remembered(attributed: Tencent, hopper: bytes) -> None:
    face_id = attributed.person("ta1", ["ta"], hopper)["face_id"]
    (detected,) = attributed.form("detect", image=hopper)["data"]["face"]
    assert attributed.ok("getfaceinfo", face_id=face_id)["face_info"] == detected
    assert set(ATTRIBUTES) <= set(detected)


def test_attributes_of_an_enrolled_face_are_not_kept(attributed: Tencent, full: Running) -> None:
    """They could be measured, so that it is not the pack that lacks them."""
    (token,) = made(full, "tb1", "tb")
    answer = attributed.send("getfaceinfo", b'{"appid":"1","face_id":"%s"}' % token.encode(), "application/json")
    assert answer.json["data"]["face_info"] == {"face_id": token}
    assert answer.headers["warning"] == (
        '199 edgeface "not kept by this device: x, y, width, height, glass, pitch, yaw, roll, '
        'gender, age, expression, beauty"'
    )
