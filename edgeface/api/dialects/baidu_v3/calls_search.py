"""Who is it: ``v3/search`` (1:N, or 1:1 with ``user_id``) and ``v3/multi-search`` (M:N)."""

from __future__ import annotations

from edgeface.api.dialects.baidu_v3.answers import token_and_location, user_list
from edgeface.api.dialects.baidu_v3.bodies import fields_of
from edgeface.api.dialects.baidu_v3.calls_faces import max_face_num
from edgeface.api.dialects.baidu_v3.errors import refusal
from edgeface.api.dialects.baidu_v3.parameters import INVALID, Parameters
from edgeface.api.dialects.baidu_v3.portraits import read_portrait, require_controllable
from edgeface.api.dialects.pictures import Pictures
from edgeface.api.dialects.vendor import Reply
from edgeface.api.submissions import Message
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode

MOST_USERS = 50  # search, max_user_num: "默认为1,最多返回50个"
MOST_USERS_EACH = 20  # multi-search: "最多返回20个"
DEFAULT_THRESHOLD = 80.0  # match_threshold: "最大100 最小0 默认80"


def search(engine: Engine, message: Message, pictures: Pictures) -> Reply:
    """v3/search."""
    parameters = Parameters(fields_of(message))
    groups = parameters.group_id_list()
    user_id = parameters.user_id_if_given()
    threshold, top = _threshold(parameters), _top(parameters, MOST_USERS)
    portrait = read_portrait(engine, parameters, pictures)
    require_controllable(engine, portrait)
    found = engine.identify(
        portrait.picture,
        groups,
        top=top,
        threshold=threshold,
        user_id=user_id,
        gate=portrait.gate,
        order=portrait.order,
    )
    if not found.matches:
        raise _nobody()
    return Reply({"face_token": found.face.token, "user_list": user_list(found.matches)})


def multi_search(engine: Engine, message: Message, pictures: Pictures) -> Reply:
    """v3/multi-search: every face, with an empty list where nobody matches it; 222207 where nobody matches any."""
    parameters = Parameters(fields_of(message))
    groups = parameters.group_id_list()
    threshold, top = _threshold(parameters), _top(parameters, MOST_USERS_EACH)
    most = max_face_num(engine, parameters)
    portrait = read_portrait(engine, parameters, pictures)
    require_controllable(engine, portrait)
    found = engine.identify_all(
        portrait.picture,
        groups,
        max_faces=most,
        top=top,
        threshold=threshold,
        gate=portrait.gate,
        order=portrait.order,
    )
    if not any(item.matches for item in found):
        raise _nobody()
    faces = [{**token_and_location(item.face), "user_list": user_list(item.matches)} for item in found]
    return Reply({"face_num": len(faces), "face_list": faces})


def _threshold(parameters: Parameters) -> float:
    return parameters.number("match_threshold", INVALID, default=DEFAULT_THRESHOLD, least=0, most=100)


def _top(parameters: Parameters, most: int) -> int:
    return parameters.integer("max_user_num", 222021, default=1, least=1, most=most)


def _nobody() -> EdgeFaceError:
    return refusal(222207, code=ErrorCode.USER_NOT_FOUND)
