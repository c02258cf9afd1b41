"""A token of ``detect`` stands for its picture: searched, compared, judged, enrolled; and gone when it must be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgeface.analysis import Wants
from edgeface.config import Config, QualityThresholds
from edgeface.engine import Engine, Gate
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import FaceToken, QualityLevel
from tests import pictures

ANY = Gate(QualityLevel.NONE)
HUGE = Gate(QualityLevel.CUSTOM, QualityThresholds(face_size=5000))
SMALL = Gate(QualityLevel.CUSTOM, QualityThresholds(face_size=20))


@pytest.fixture(scope="module")
def ada() -> bytes:
    return pictures.encoded(pictures.hopper(), ".jpg")


@pytest.fixture(scope="module")
def eve() -> bytes:
    return pictures.encoded(pictures.astronaut(), ".jpg")


def seen(engine: Engine, picture: bytes) -> FaceToken:
    return FaceToken(engine.detect(picture, remember=True).faces[0].token)


def code_of(call: Callable[[], object]) -> ErrorCode:
    with pytest.raises(EdgeFaceError) as raised:
        call()
    return raised.value.code


def unknown(engine: Engine, token: FaceToken) -> bool:
    try:
        engine.recall(token)
    except EdgeFaceError as error:
        return error.code is ErrorCode.FACE_TOKEN_UNKNOWN
    return False


def test_a_token_gives_what_its_picture_gives(engine: Engine, ada: bytes, eve: bytes) -> None:
    engine.enrol(ada, "staff", "ada", gate=ANY)
    token, other = seen(engine, ada), seen(engine, eve)
    by_token, by_picture = engine.identify(token, ["staff"]), engine.identify(ada, ["staff"])
    assert by_token.matches == by_picture.matches and by_token.matches[0].user_id == "ada"
    assert engine.identify(other, ["staff"]).matches == ()
    assert engine.identify_all(token, ["staff"])[0].matches == by_picture.matches
    assert engine.verify(token, "staff", "ada").accepted
    assert not engine.verify(other, "staff", "ada").accepted
    assert engine.compare(token, ada).score == pytest.approx(engine.compare(ada, ada).score)
    assert engine.compare(other, token).score == pytest.approx(engine.compare(eve, ada).score)
    mine, pictured = engine.embed(token), engine.embed(ada)
    assert mine.template is not None and pictured.template is not None
    assert np.allclose(mine.template.vector, pictured.template.vector)
    assert (mine.box, mine.token, mine.located) == (pictured.box, pictured.token, True)


def test_a_token_is_enrolled_as_its_picture(engine: Engine, ada: bytes) -> None:
    token = seen(engine, ada)
    enrolled = engine.enrol(token, "staff", "ada", user_info="by token", gate=ANY)
    assert enrolled.record.face_token == token.value and enrolled.face.located
    assert engine.identify(ada, ["staff"]).matches[0].user_info == "by token"
    assert code_of(lambda: engine.enrol(ada, "staff", "ada", gate=ANY)) is ErrorCode.FACE_EXISTS
    assert engine.enrol(token, "staff", "same_face", single_face=True, gate=ANY).record.user_id == "same_face"


def test_the_same_picture_has_the_same_token_and_another_picture_another(
    engine: Engine, ada: bytes, eve: bytes
) -> None:
    assert seen(engine, ada) == seen(engine, ada) == FaceToken(engine.detect(ada).faces[0].token)
    assert seen(engine, ada) != seen(engine, eve)
    assert len(seen(engine, ada).value) == 32


def test_every_measure_is_remembered_whatever_was_asked_for(engine: Engine, ada: bytes) -> None:
    found = engine.detect(ada, Wants(), remember=True).faces[0]
    recalled = engine.recall(FaceToken(found.token))
    assert recalled.quality is not None and recalled.template is not None
    measured = engine.detect(ada, Wants(landmarks=True, pose=True, quality=True)).faces[0]
    assert recalled.quality == measured.quality and recalled.pose == measured.pose


def test_the_gate_judges_a_recalled_face_as_it_judges_a_picture(engine: Engine, ada: bytes) -> None:
    token = seen(engine, ada)
    assert code_of(lambda: engine.embed(token, gate=HUGE)) is ErrorCode.QUALITY
    assert code_of(lambda: engine.identify(token, ["staff"], gate=HUGE)) is ErrorCode.QUALITY
    assert code_of(lambda: engine.enrol(token, "staff", "ada", gate=HUGE)) is ErrorCode.QUALITY
    assert engine.embed(token, gate=SMALL).verdict is not None
    for level in (QualityLevel.LOW, QualityLevel.NORMAL, QualityLevel.HIGH):
        by_token = engine.recall(token, gate=Gate(level)).verdict
        by_picture = engine.detect(ada, gate=Gate(level)).faces[0].verdict
        assert by_token == by_picture and by_token is not None
    assert engine.recall(token, gate=ANY).verdict is None
    assert engine.recall(token).verdict is None


def test_a_face_that_was_judged_at_detection_is_judged_anew(engine: Engine, ada: bytes) -> None:
    token = FaceToken(engine.detect(ada, gate=HUGE, remember=True).faces[0].token)
    assert engine.recall(token).verdict is None
    assert engine.embed(token, gate=SMALL).template is not None


def test_only_what_was_to_be_remembered_is(engine: Engine, ada: bytes) -> None:
    token = FaceToken(engine.detect(ada).faces[0].token)
    assert unknown(engine, token)
    for call in (
        lambda: engine.identify(token, ["staff"]),
        lambda: engine.compare(ada, token),
        lambda: engine.enrol(token, "staff", "ada"),
    ):
        assert code_of(call) is ErrorCode.FACE_TOKEN_UNKNOWN
    assert code_of(lambda: engine.recall(FaceToken("no token!"))) is ErrorCode.INVALID_ID


def test_an_enrolled_face_is_recalled_without_its_place(engine: Engine, ada: bytes, eve: bytes) -> None:
    token = FaceToken(engine.enrol(ada, "staff", "ada", gate=ANY).face.token)
    recalled = engine.recall(token, gate=HUGE)
    assert not recalled.located and recalled.box.area == 0 and recalled.quality is None
    # It was judged when it was enrolled; now nothing can be measured, and the verdict says so.
    assert recalled.verdict is not None and recalled.verdict.passed and recalled.verdict.not_measured
    assert engine.identify(token, ["staff"]).matches[0].user_id == "ada"
    assert engine.compare(token, eve).same_person is False
    assert engine.enrol(token, "guests", "ada", gate=ANY).record.face_token == token.value


def test_compare_says_which_token_is_unknown(engine: Engine, ada: bytes) -> None:
    with pytest.raises(EdgeFaceError) as raised:
        engine.compare(ada, FaceToken("0" * 32))
    assert raised.value.code is ErrorCode.FACE_TOKEN_UNKNOWN and raised.value.context["picture"] == 2


@pytest.mark.parametrize("erase", ["face", "user", "user everywhere", "left", "group", "everything"])
def test_what_is_erased_is_forgotten(engine: Engine, ada: bytes, erase: str) -> None:
    token = seen(engine, ada)
    engine.enrol(token, "staff", "ada", gate=ANY)
    assert engine.recall(token).located
    {
        "face": lambda: engine.delete_face("staff", "ada", token.value),
        "user": lambda: engine.delete_user("staff", "ada"),
        "user everywhere": lambda: engine.delete_user(None, "ada"),
        "left": lambda: engine.leave_groups("ada", ["staff"]),
        "group": lambda: engine.delete_group("staff"),
        "everything": engine.erase,
    }[erase]()
    assert unknown(engine, token)


@pytest.mark.parametrize("way", ["picture", "groups", "templates"])
def test_what_is_replaced_is_forgotten(engine: Engine, ada: bytes, eve: bytes, way: str) -> None:
    token = seen(engine, ada)
    engine.enrol(token, "staff", "ada", gate=ANY)
    newer = engine.embed(seen(engine, eve))
    assert newer.template is not None
    template = newer.template
    {
        "picture": lambda: engine.enrol(eve, "staff", "ada", replace_faces=True, gate=ANY),
        "groups": lambda: engine.enrol_in_groups([eve], ["staff", "new"], "ada", replace_faces=True, gate=ANY),
        "templates": lambda: engine.enrol_templates([(template, newer.token)], "staff", "ada", replace_faces=True),
    }[way]()
    assert unknown(engine, token)
    assert engine.recall(FaceToken(newer.token)).located


def test_replacing_a_face_by_itself_forgets_nothing(engine: Engine, ada: bytes) -> None:
    token = seen(engine, ada)
    engine.enrol(token, "staff", "ada", gate=ANY)
    engine.enrol(token, "staff", "ada", replace_faces=True, gate=ANY)
    assert engine.recall(token).located


def test_a_refused_replacement_forgets_nothing(engine: Engine, ada: bytes, eve: bytes) -> None:
    token = seen(engine, ada)
    engine.enrol(token, "staff", "ada", gate=ANY)
    assert code_of(lambda: engine.enrol(eve, "staff", "ada", replace_faces=True, gate=HUGE)) is ErrorCode.QUALITY
    too_long = "x" * 300
    assert (
        code_of(lambda: engine.enrol(eve, "staff", "ada", user_info=too_long, replace_faces=True, gate=ANY))
        is ErrorCode.INVALID_PARAMETER
    )
    assert engine.recall(token).located


def test_a_face_that_stays_enrolled_elsewhere_is_recalled_from_there(engine: Engine, ada: bytes) -> None:
    token = seen(engine, ada)
    engine.enrol(token, "staff", "ada", gate=ANY)
    engine.enrol(token, "guests", "ada", gate=ANY)
    engine.delete_face("staff", "ada", token.value)
    assert not engine.recall(token).located
    engine.delete_face("guests", "ada", token.value)
    assert unknown(engine, token)


def test_nothing_is_remembered_where_the_configuration_says_so(config: Config, ada: bytes) -> None:
    off = config.model_copy(update={"tokens": config.tokens.model_copy(update={"remember_s": 0.0})})
    with Engine.open(off) as engine:
        assert unknown(engine, seen(engine, ada))
        # The token is still that of the picture, so that an enrolled face is found by it.
        token = FaceToken(engine.enrol(ada, "staff", "ada", gate=ANY).face.token)
        assert seen(engine, ada) == token and not engine.recall(token).located


def test_tokens_are_those_of_one_device(config: Config, engine: Engine, ada: bytes) -> None:
    with Engine.open(config.model_copy(update={"state_dir": config.state_dir / "other"})) as other:
        assert seen(other, ada) != seen(engine, ada)
