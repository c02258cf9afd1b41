"""Calls on the register of ID photographs.

ID numbers and names stand in bodies only: a path or a query gets into logs, histories and proxies. That is why
removing is a POST with a body, and why these calls refuse options in the query.
"""

from __future__ import annotations

from edgeface.api.answers import FaceAnswer
from edgeface.api.gallery_answers import ErasedAnswer, RegisterAnswer, RegisteredAnswer, VerifyIdAnswer
from edgeface.api.native.endpoint import Call, Endpoint
from edgeface.api.native.gallery import WRITTEN
from edgeface.api.native.pictures import PROBE_FAILURES
from edgeface.api.options import IdNumberOptions, NoOptions, RegisterOptions, VerifyIdOptions
from edgeface.api.submissions import Submission
from edgeface.api.workers import Priority
from edgeface.engine import Engine
from edgeface.errors import ErrorCode
from edgeface.register import IdRegister
from edgeface.types import Role

REGISTER = "/v1/register"


def _count(engine: Engine, call: Submission[NoOptions]) -> RegisterAnswer:  # noqa: ARG001 - it has none
    return RegisterAnswer(registered=IdRegister(engine).count())


def _add(engine: Engine, call: Submission[RegisterOptions]) -> RegisteredAnswer:
    options = call.options
    done = IdRegister(engine).add(
        call.image(),
        options.id_number,
        options.name,
        replace=options.replace,
        gate=options.gate,
        order=options.order,
    )
    return RegisteredAnswer(face=FaceAnswer.of(done.face))


def _remove(engine: Engine, call: Submission[IdNumberOptions]) -> ErasedAnswer:
    return ErasedAnswer(faces=IdRegister(engine).remove(call.options.id_number))


def _verify(engine: Engine, call: Submission[VerifyIdOptions]) -> VerifyIdAnswer:
    options = call.options
    found = IdRegister(engine).verify(
        call.image(), options.id_number, options.name, gate=options.gate, order=options.order
    )
    return VerifyIdAnswer(
        score=found.score, fmr=found.fmr, same_person=found.same_person, face=FaceAnswer.of(found.face)
    )


CALLS = (
    Call(
        Endpoint("GET", REGISTER, "registered", "How many ID numbers are registered.", Role.ADMIN, RegisterAnswer),
        Priority.ORDINARY,
        _count,
    ),
    Call(
        Endpoint(
            "POST",
            REGISTER,
            "register_id",
            "Register an ID photograph under ID number and name.",
            Role.ADMIN,
            RegisteredAnswer,
            options=RegisterOptions,
            images=("image",),
            status=201,
            failures=(
                *PROBE_FAILURES,
                ErrorCode.ID_NAME_MISMATCH,
                ErrorCode.FACE_EXISTS,
                ErrorCode.FACE_NEARLY_IDENTICAL,
                ErrorCode.LIMIT_GROUPS,
                ErrorCode.LIMIT_USERS,
                ErrorCode.LIMIT_FACES,
                *WRITTEN,
            ),
            body_only=True,
        ),
        Priority.BULK,
        _add,
    ),
    Call(
        Endpoint(
            "POST",
            f"{REGISTER}/remove",
            "remove_id",
            "Erase what is registered under an ID number.",
            Role.ADMIN,
            ErasedAnswer,
            options=IdNumberOptions,
            failures=(ErrorCode.ID_NOT_REGISTERED, *WRITTEN),
            body_only=True,
        ),
        Priority.BULK,
        _remove,
    ),
    Call(
        Endpoint(
            "POST",
            f"{REGISTER}/verify",
            "verify_id",
            "Decide whether the first face is the one registered under ID number and name.",
            Role.MATCHER,
            VerifyIdAnswer,
            options=VerifyIdOptions,
            images=("image",),
            failures=(*PROBE_FAILURES, ErrorCode.ID_NOT_REGISTERED, ErrorCode.ID_NAME_MISMATCH),
            body_only=True,
        ),
        Priority.DECISION,
        _verify,
    ),
)
