"""Calls that decide who somebody is: identify (1:N), identify/all (M:N), verify (1:1)."""

from __future__ import annotations

from edgeface.api.answers import FaceAnswer, IdentifyAllAnswer, IdentifyAnswer, MatchAnswer, VerifyAnswer
from edgeface.api.native.endpoint import Call, Endpoint
from edgeface.api.native.pictures import PROBE_FAILURES, TEMPLATE_FAILURES, refuse_beside_template
from edgeface.api.options import IdentifyAllOptions, IdentifyOptions, VerifyOptions
from edgeface.api.submissions import Submission
from edgeface.api.workers import Priority
from edgeface.engine import Engine
from edgeface.errors import ErrorCode
from edgeface.results import Identification
from edgeface.types import Role


def _identify(engine: Engine, call: Submission[IdentifyOptions]) -> IdentifyAnswer:
    options = call.options
    if options.template is not None:
        refuse_beside_template(call)
        matches = engine.identify_template(
            options.template.template(),
            options.groups,
            top=options.top,
            threshold=options.threshold,
            user_id=options.user_id,
        )
        threshold = decision_threshold(engine, options.threshold)
        return IdentifyAnswer(threshold=threshold, matches=[MatchAnswer.of(match) for match in matches])
    return _identified(
        engine.identify(
            call.image(),
            options.groups,
            top=options.top,
            threshold=options.threshold,
            user_id=options.user_id,
            gate=options.gate,
            order=options.order,
        )
    )


def _identify_all(engine: Engine, call: Submission[IdentifyAllOptions]) -> IdentifyAllAnswer:
    options = call.options
    found = engine.identify_all(
        call.image(),
        options.groups,
        max_faces=options.max_faces,
        top=options.top,
        threshold=options.threshold,
        gate=options.gate,
        order=options.order,
    )
    return IdentifyAllAnswer(faces=[_identified(item) for item in found])


def _verify(engine: Engine, call: Submission[VerifyOptions]) -> VerifyAnswer:
    options = call.options
    found = engine.verify(
        call.image(),
        options.group_id,
        options.user_id,
        threshold=options.threshold,
        gate=options.gate,
        order=options.order,
    )
    return VerifyAnswer(
        accepted=found.accepted,
        threshold=found.threshold,
        match=MatchAnswer.of(found.match),
        face=FaceAnswer.of(found.face),
    )


def decision_threshold(engine: Engine, threshold: float | None) -> float:
    """The score a match must reach: the call's, else that of the configured FMR."""
    return engine.scale.score_at_fmr(engine.config.decision.fmr) if threshold is None else threshold


def _identified(item: Identification) -> IdentifyAnswer:
    return IdentifyAnswer(
        face=FaceAnswer.of(item.face),
        threshold=item.threshold,
        matches=[MatchAnswer.of(match) for match in item.matches],
    )


CALLS = (
    Call(
        Endpoint(
            "POST",
            "/v1/identify",
            "identify",
            "Find the first face, or a template, in one or more groups.",
            Role.MATCHER,
            IdentifyAnswer,
            options=IdentifyOptions,
            images=("image",),
            failures=(
                *PROBE_FAILURES,
                *TEMPLATE_FAILURES,
                ErrorCode.INVALID_ID,
                ErrorCode.GROUP_NOT_FOUND,
                ErrorCode.USER_NOT_FOUND,
            ),
        ),
        Priority.DECISION,
        _identify,
    ),
    Call(
        Endpoint(
            "POST",
            "/v1/identify/all",
            "identify_all",
            "Find every face of the picture in one or more groups.",
            Role.MATCHER,
            IdentifyAllAnswer,
            options=IdentifyAllOptions,
            images=("image",),
            failures=(*PROBE_FAILURES, ErrorCode.INVALID_ID, ErrorCode.GROUP_NOT_FOUND),
        ),
        Priority.DECISION,
        _identify_all,
    ),
    Call(
        Endpoint(
            "POST",
            "/v1/verify",
            "verify",
            "Decide whether the first face is the named user's.",
            Role.MATCHER,
            VerifyAnswer,
            options=VerifyOptions,
            images=("image",),
            failures=(*PROBE_FAILURES, ErrorCode.INVALID_ID, ErrorCode.GROUP_NOT_FOUND, ErrorCode.USER_NOT_FOUND),
        ),
        Priority.DECISION,
        _verify,
    ),
)
