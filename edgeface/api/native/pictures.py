"""Calls on pictures and templates that touch no gallery: detect, embed, compare."""

from __future__ import annotations

from edgeface.analysis import Wants
from edgeface.api.answers import CompareAnswer, DetectAnswer, EmbedAnswer, FaceAnswer
from edgeface.api.native.endpoint import Call, Endpoint
from edgeface.api.options import CompareTemplatesOptions, DetectOptions, EnrolOptions, FaceOptions, IdentifyOptions
from edgeface.api.submissions import Submission
from edgeface.api.workers import Priority
from edgeface.attributes import ATTRIBUTES
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.results import Comparison
from edgeface.types import Role

PICTURE_FAILURES = (
    ErrorCode.IMAGE_MISSING,
    ErrorCode.IMAGE_TOO_LARGE,
    ErrorCode.IMAGE_TOO_SMALL,
    ErrorCode.IMAGE_FORMAT,
    ErrorCode.IMAGE_CORRUPT,
    ErrorCode.IMAGE_BASE64,
)
PROBE_FAILURES = (*PICTURE_FAILURES, ErrorCode.NO_FACE, ErrorCode.QUALITY, ErrorCode.LIVENESS)
TEMPLATE_FAILURES = (ErrorCode.TEMPLATE_INVALID, ErrorCode.CONTRACT_MISMATCH)


def refuse_beside_template(call: Submission[IdentifyOptions] | Submission[EnrolOptions]) -> None:
    """A picture and a template in one call would leave open which of them counts; a template is not alive."""
    if call.images:
        raise EdgeFaceError(
            ErrorCode.INVALID_PARAMETER, "template: give a picture or a template.", parameter="template"
        )
    if call.options.liveness_control not in (None, "NONE"):
        raise EdgeFaceError(ErrorCode.LIVENESS, "A template does not show whether a face was a living one.")


def _detect(engine: Engine, call: Submission[DetectOptions]) -> DetectAnswer:
    options = call.options
    # Pose and the plain measures of quality need no model of their own; dense landmarks do.
    if "landmarks" in options.fields and "landmarks" not in engine.analyzer.features:
        raise EdgeFaceError(ErrorCode.FEATURE_UNAVAILABLE, "Feature: landmarks.", feature="landmarks")
    found = engine.detect(
        call.image(),
        Wants(
            landmarks="landmarks" in options.fields,
            pose="pose" in options.fields,
            quality="quality" in options.fields,
            attributes=frozenset(ATTRIBUTES if "attributes" in options.fields else ()),
        ),
        max_faces=options.max_faces,
        order=options.order,
        turned=options.turned,
        gate=options.gate,
    )
    return DetectAnswer(width=found.width, height=found.height, faces=[FaceAnswer.of(face) for face in found.faces])


def _embed(engine: Engine, call: Submission[FaceOptions]) -> EmbedAnswer:
    face = engine.embed(call.image(), gate=call.options.gate, order=call.options.order)
    return EmbedAnswer(face=FaceAnswer.of(face, template=True))


def _compare(engine: Engine, call: Submission[FaceOptions]) -> CompareAnswer:
    first, second = call.image("image"), call.image("image2")
    return _compared(engine.compare(first, second, gate=call.options.gate, order=call.options.order))


def _compare_templates(engine: Engine, call: Submission[CompareTemplatesOptions]) -> CompareAnswer:
    options = call.options
    return _compared(engine.compare_templates(options.template.template(), options.template2.template()))


def _compared(comparison: Comparison) -> CompareAnswer:
    faces = [FaceAnswer.of(face) for face in (comparison.first, comparison.second) if face is not None]
    return CompareAnswer(
        score=comparison.score,
        fmr=comparison.fmr,
        same_person=comparison.same_person,
        faces=faces or None,
    )


CALLS = (
    Call(
        Endpoint(
            "POST",
            "/v1/detect",
            "detect",
            "Find the faces of a picture; an empty list when there are none.",
            Role.MATCHER,
            DetectAnswer,
            options=DetectOptions,
            images=("image",),
            failures=(*PICTURE_FAILURES, ErrorCode.FEATURE_UNAVAILABLE, ErrorCode.LIVENESS),
        ),
        Priority.ORDINARY,
        _detect,
    ),
    Call(
        Endpoint(
            "POST",
            "/v1/embed",
            "embed",
            "Make the template of the first face.",
            Role.MATCHER,
            EmbedAnswer,
            options=FaceOptions,
            images=("image",),
            failures=PROBE_FAILURES,
        ),
        Priority.ORDINARY,
        _embed,
    ),
    Call(
        Endpoint(
            "POST",
            "/v1/compare",
            "compare",
            "Compare the first faces of two pictures.",
            Role.MATCHER,
            CompareAnswer,
            options=FaceOptions,
            images=("image", "image2"),
            failures=PROBE_FAILURES,
        ),
        Priority.DECISION,
        _compare,
    ),
    Call(
        Endpoint(
            "POST",
            "/v1/compare/templates",
            "compare_templates",
            "Compare two templates of the active embedding contract.",
            Role.MATCHER,
            CompareAnswer,
            options=CompareTemplatesOptions,
            failures=TEMPLATE_FAILURES,
        ),
        Priority.DECISION,
        _compare_templates,
    ),
)
