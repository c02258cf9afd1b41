"""identify, multi-identify and verify: pictures against the face library.

They answer scores and decide nothing ("人脸识别返回值不直接判断是否是同一人"): 80 is the recommended limit, and
``ext_fields`` offers nothing but the liveness score.
"""

from __future__ import annotations

from typing import Any

from edgeface.api.dialects.baidu_v2 import answers, liveness, parameters
from edgeface.api.dialects.baidu_v2.errors import refusal
from edgeface.api.dialects.baidu_v2.form import Form, read_form
from edgeface.api.dialects.pictures import Pictures
from edgeface.api.dialects.vendor import Reply
from edgeface.api.dialects.visible import visible_users
from edgeface.api.submissions import Message
from edgeface.engine import Engine
from edgeface.errors import ErrorCode
from edgeface.results import Identification
from edgeface.types import Match

MOST_IDENTIFIED = 5  # identify, user_top_num: "最多返回5个"
MOST_DETECTED = 10  # multi-identify, detect_top_num: "最对返回10个"
MOST_OF_EACH = 20  # multi-identify, user_top_num: "最多返回20个"
_EVERYBODY = 0.0
"""Score from which a user is named."""


def identify(engine: Engine, message: Message, pictures: Pictures) -> Reply:
    """``v2/identify``."""
    form = read_form(message)
    groups = _groups(engine, form)
    # The document's own sample asks for 0 users and means the default.
    top = min(parameters.count(form, "user_top_num", 1, least=0) or 1, MOST_IDENTIFIED)
    faces = parameters.count(form, "face_top_num", 1)
    picture = pictures.base64(parameters.image(form))
    found = engine.identify(picture, groups, top=top, threshold=_EVERYBODY)
    _require_somebody(found)
    result = [answers.candidate(match, _scores(engine, found, match, faces)) for match in found.matches]
    return _reply(result, liveness.ext_info(engine, form, picture))


def multi_identify(engine: Engine, message: Message, pictures: Pictures) -> Reply:
    """``v2/multi-identify``: the first face's users, then the second's..."""
    form = read_form(message)
    groups = _groups(engine, form)
    most = min(
        parameters.count(form, "detect_top_num", 1),
        MOST_DETECTED,
        engine.config.detection.max_faces,
    )
    top = min(parameters.count(form, "user_top_num", 1), MOST_OF_EACH)
    picture = pictures.base64(parameters.image(form))
    found = engine.identify_all(picture, groups, max_faces=most, top=top, threshold=_EVERYBODY)
    _require_somebody(found[0])
    result = [
        {**answers.candidate(match, (match.score,)), "position": answers.position(one.face)}
        for one in found
        for match in one.matches
    ]
    return _reply(result, liveness.ext_info(engine, form, picture, most))


def verify(engine: Engine, message: Message, pictures: Pictures) -> Reply:
    """``v2/verify``: the scores of the user's faces, best first."""
    form = read_form(message)
    user_id = parameters.user_id(form)
    groups = _groups(engine, form)
    top = parameters.count(form, "top_num", 1)
    picture = pictures.base64(parameters.image(form))
    visible_users(engine, groups, user_id)  # an unknown user need not wait for the picture
    face = engine.embed(picture)
    assert face.template is not None  # noqa: S101 - embed() guarantees it
    scores = engine.face_scores(face.template, groups, user_id)[:top]
    result = [answers.score(score) for score in scores]
    return _reply(result, liveness.ext_info(engine, form, picture))


def _reply(result: list[Any], ext_info: tuple[dict[str, Any], tuple[str, ...]]) -> Reply:
    info, withheld = ext_info
    return Reply({"result_num": len(result), "result": result, **info}, withheld)


def _groups(engine: Engine, form: Form) -> tuple[str, ...]:
    return parameters.group_ids(form, most=engine.config.gallery.limits.max_groups_per_search)


def _scores(engine: Engine, found: Identification, match: Match, faces: int) -> tuple[float, ...]:
    """The scores of so many faces of a user. The first is the search's own."""
    if faces == 1:
        return (match.score,)
    assert found.face.template is not None  # noqa: S101 - identify() guarantees it
    return engine.face_scores(found.face.template, [match.group_id], match.user_id)[:faces]


def _require_somebody(found: Identification) -> None:
    if not found.matches:
        raise refusal(216618, code=ErrorCode.USER_NOT_FOUND)
