"""Attributes and liveness through the socket, the client and the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from edgeface.attributes import ATTRIBUTES, EyeStatus
from edgeface.client import Client
from edgeface.client.reading import template_json
from edgeface.engine import Gate
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import FaceToken, QualityLevel
from tests.api.running import Running, running
from tests.attribute_packs import ALL_HEADS, Head, pack_with

NONE = QualityLevel.NONE
DOUBTFUL = Head("liveness", (0.4,))  # passes LOW (0.05) and NORMAL (0.3), fails HIGH (0.9)


@pytest.fixture(scope="module")
def gifted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A daemon whose pack has every attribute."""
    heads = [DOUBTFUL if head.role == "liveness" else head for head in ALL_HEADS]
    with running(models={"pack": pack_with(tmp_path_factory.mktemp("gifted") / "pack", *heads)}) as started:
        yield started


@pytest.fixture
def client(gifted: Running) -> Iterator[Client]:
    with Client(gifted.socket) as made:
        yield made


def test_every_attribute_comes_through_the_client(client: Client, portrait: bytes) -> None:
    found = client.detect(portrait, attributes=True).faces[0].attributes
    assert found is not None
    assert (found.age, found.beauty, found.liveness) == (31.0, 64.5, 0.4)
    assert found.eye_status == EyeStatus(0.9, 0.8)
    assert found.gender is not None
    assert found.gender.best == ("male", 0.8)
    assert found.emotion is not None
    assert found.emotion.best[0] == "happy"
    assert all(getattr(found, name) is not None for name in ATTRIBUTES)


def test_they_are_not_measured_unasked(client: Client, portrait: bytes) -> None:
    assert client.detect(portrait, quality=True).faces[0].attributes is None


def test_info_names_them(client: Client) -> None:
    assert set(ATTRIBUTES) <= set(client.info().features)
    assert client.info().missing == ()


def test_the_default_pack_tells_none(daemon: Running, portrait: bytes) -> None:
    with Client(daemon.socket) as client:
        found = client.detect(portrait, attributes=True).faces[0].attributes
    assert found is not None
    assert all(getattr(found, name) is None for name in ATTRIBUTES)


Call = Callable[[Client, bytes, QualityLevel], object]
CALLS: dict[str, Call] = {
    "embed": lambda client, picture, level: client.embed(picture, liveness_control=level),
    "compare": lambda client, picture, level: client.compare(picture, picture, liveness_control=level),
    "identify": lambda client, picture, level: client.identify(picture, ["alive"], liveness_control=level),
    "identify_all": lambda client, picture, level: client.identify_all(picture, ["alive"], liveness_control=level),
    "verify": lambda client, picture, level: client.verify(picture, "alive", "eileen", liveness_control=level),
    "enrol": lambda client, picture, level: client.enrol(
        picture, "alive", "eileen", replace_faces=True, quality_control=NONE, liveness_control=level
    ),
    "register_id": lambda client, picture, level: client.register_id(
        picture, "11010119900307771X", "Eileen", quality_control=NONE, liveness_control=level
    ),
    "verify_id": lambda client, picture, level: client.verify_id(
        picture, "11010119900307771X", "Eileen", quality_control=NONE, liveness_control=level
    ),
}


@pytest.fixture
def enrolled(client: Client, portrait: bytes) -> None:
    client.enrol(portrait, "alive", "eileen", replace_faces=True, quality_control=NONE)
    client.register_id(portrait, "11010119900307771X", "Eileen", quality_control=NONE)


@pytest.mark.usefixtures("enrolled")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_every_decision_can_demand_a_living_face(client: Client, portrait: bytes, call: Call) -> None:
    call(client, portrait, QualityLevel.NORMAL)
    with pytest.raises(EdgeFaceError) as refused:
        call(client, portrait, QualityLevel.HIGH)
    assert refused.value.code is ErrorCode.LIVENESS
    assert refused.value.context["violations"][0]["measure"] == "liveness"


def test_detect_says_what_it_would_refuse(client: Client, portrait: bytes) -> None:
    face = client.detect(portrait, liveness_control=QualityLevel.HIGH).faces[0]
    assert face.verdict is not None
    assert [item.measure for item in face.verdict.violations] == ["liveness"]


def test_without_a_model_it_is_refused_and_never_passed(daemon: Running, portrait: bytes) -> None:
    with Client(daemon.socket) as client, pytest.raises(EdgeFaceError) as refused:
        client.identify(portrait, ["anybody"], liveness_control=QualityLevel.LOW)
    assert refused.value.code in (ErrorCode.LIVENESS, ErrorCode.GROUP_NOT_FOUND)
    with Client(daemon.socket) as client, pytest.raises(EdgeFaceError) as refused:
        client.embed(portrait, liveness_control=QualityLevel.LOW)
    assert refused.value.code is ErrorCode.LIVENESS


def test_a_level_of_ones_own_is_none(client: Client, portrait: bytes) -> None:
    with pytest.raises(EdgeFaceError) as refused:
        client.embed(portrait, liveness_control=QualityLevel.CUSTOM)
    assert refused.value.code is ErrorCode.INVALID_PARAMETER


def test_a_template_is_not_alive(gifted: Running, client: Client, portrait: bytes) -> None:
    template = client.embed(portrait).template
    assert template is not None
    client.enrol(portrait, "alive", "eileen", replace_faces=True, quality_control=NONE)
    with pytest.raises(EdgeFaceError) as refused:
        client._post(
            "/v1/identify",
            {"groups": ["alive"], "template": template_json(template), "liveness_control": "LOW"},
        )
    assert refused.value.code is ErrorCode.LIVENESS


def test_a_remembered_face_is_judged_and_an_enrolled_one_is_refused(gifted: Running, portrait: bytes) -> None:
    engine = gifted.engine
    token = FaceToken(engine.detect(portrait, remember=True).faces[0].token)
    assert engine.recall(token, gate=Gate(liveness=QualityLevel.LOW)).verdict.passed
    assert engine.recall(token, gate=Gate(liveness=QualityLevel.HIGH)).verdict.violations[0].measure == "liveness"
    engine.enrol(portrait, "alive", "again", replace_faces=True, gate=Gate(NONE))
    engine.forget([token.value])
    with pytest.raises(EdgeFaceError) as refused:
        engine.recall(token, gate=Gate(liveness=QualityLevel.LOW))
    assert refused.value.code is ErrorCode.LIVENESS
