"""A face against an ID number and a name: ``v3/person/verify``, ``v4/mingjing/verify``; and the voice code.

The cloud asks a police database; the device asks its own register of ID photographs.
"""

from __future__ import annotations

import secrets

from edgeface.api.dialects.baidu_v3.answers import score
from edgeface.api.dialects.baidu_v3.bodies import fields_of
from edgeface.api.dialects.baidu_v3.encrypted import refuse_encrypted, withheld_risk
from edgeface.api.dialects.baidu_v3.errors import refusal
from edgeface.api.dialects.baidu_v3.parameters import Parameters
from edgeface.api.dialects.baidu_v3.portraits import (
    LEVELS,
    Portrait,
    read_portrait,
    read_portrait_v4,
    require_controllable,
)
from edgeface.api.dialects.pictures import Pictures
from edgeface.api.dialects.vendor import Reply
from edgeface.api.submissions import Message
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.register import IdRegister

_UNKNOWN = (ErrorCode.ID_NOT_REGISTERED, ErrorCode.ID_NAME_MISMATCH)

# verify_status: "0 : 正常 1 : 身份证号与姓名不匹配或该身份证号不存在"; 2 (no photograph) cannot be, see IdRegister.
_MATCHABLE, _NO_SUCH_PERSON = 0, 1

_CODE_DIGITS = (3, 4, 5, 6)  # "数字形式,3~6位数字"
_SESSION_BYTES = 11  # "S59faeeebb9111890355690": S and 22 digits


def person_verify(engine: Engine, message: Message, pictures: Pictures) -> Reply:
    """v3/person/verify: 222354 for an unknown number, 222351 for another name."""
    parameters = Parameters(fields_of(message))
    number, name = _person(parameters)
    portrait = read_portrait(engine, parameters, pictures)
    return Reply({"score": _score(engine, portrait, number, name)})


def person_verify_v4(engine: Engine, message: Message, pictures: Pictures) -> Reply:
    """v4/mingjing/verify: ``verify_status`` 1 for an unknown number or another name."""
    parameters = Parameters(fields_of(message))
    refuse_encrypted(parameters)
    number, name = _person(parameters)
    # No number of its own for a wrong value: 223119, "活体控制项错误".
    spoofing = parameters.choice("spoofing_control", LEVELS, 223119, default="NONE")
    portrait = read_portrait_v4(engine, parameters, pictures, spoofing=spoofing != "NONE")
    withheld = withheld_risk(parameters)
    try:
        return Reply(
            {"score": _score(engine, portrait, number, name), "verify_status": _MATCHABLE},
            withheld,
        )
    except EdgeFaceError as error:
        if error.code not in _UNKNOWN:
            raise
        return Reply({"score": 0.0, "verify_status": _NO_SUCH_PERSON}, withheld)


def session_code(engine: Engine, message: Message, pictures: Pictures) -> Reply:  # noqa: ARG001 - a use case's form
    """v1/faceliveness/sessioncode: digits to be read aloud, and an id of this session."""
    Parameters(fields_of(message)).text("appid", 222014)
    digits = secrets.choice(_CODE_DIGITS)
    return Reply(
        {
            "session_id": f"S{secrets.token_hex(_SESSION_BYTES)}",
            "code": f"{secrets.randbelow(10**digits):0{digits}d}",
        }
    )


def _person(parameters: Parameters) -> tuple[str, str]:
    number = parameters.required("id_card_number", 222022)
    name = parameters.values.get("name")
    if name is None or name == "":
        raise refusal(222001, "name")
    if not isinstance(name, str):
        raise refusal(222023)
    return number, name


def _score(engine: Engine, portrait: Portrait, number: str, name: str) -> float:
    """The document's order: the face's quality, its liveness, and only then the register."""
    require_controllable(engine, portrait)
    try:
        found = IdRegister(engine).verify(portrait.picture, number, name, gate=portrait.gate, order=portrait.order)
    except EdgeFaceError as error:
        if error.code in _UNKNOWN:
            engine.embed(portrait.picture, gate=portrait.gate, order=portrait.order)
        raise
    return score(found.score)
