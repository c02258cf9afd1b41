"""Values as JSON: the ``data`` of the envelope. Faces, matches and records look as in the native API's answers,
so that a script reads both alike. A field is only ever added (see ``output.CONTRACT``)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from edgeface.api.answers import (
    CompareAnswer,
    DetectAnswer,
    FaceAnswer,
    IdentifyAnswer,
    MatchAnswer,
    VerifyAnswer,
)
from edgeface.api.gallery_answers import VerifyIdAnswer

if TYPE_CHECKING:
    from edgeface.api.answers import Answer
    from edgeface.gallery.records import FaceRecord, GroupRecord, UserRecord
    from edgeface.results import Comparison, Detection, IdComparison, Identification, Verification

_SCORE_DIGITS = 2


def detection_view(detection: Detection) -> dict[str, Any]:
    """One picture's faces; what was not asked for is absent."""
    faces = [FaceAnswer.of(face) for face in detection.faces]
    return _json(DetectAnswer(width=detection.width, height=detection.height, faces=faces))


def identification_view(found: Identification) -> dict[str, Any]:
    """One probe face and its matches, best first."""
    return _json(
        IdentifyAnswer(
            face=FaceAnswer.of(found.face),
            threshold=round(found.threshold, _SCORE_DIGITS),
            matches=[MatchAnswer.of(match) for match in found.matches],
        )
    )


def verification_view(found: Verification) -> dict[str, Any]:
    """The 1:1 decision against an enrolled user."""
    return _json(
        VerifyAnswer(
            accepted=found.accepted,
            threshold=round(found.threshold, _SCORE_DIGITS),
            match=MatchAnswer.of(found.match),
            face=FaceAnswer.of(found.face),
        )
    )


def comparison_view(found: Comparison) -> dict[str, Any]:
    """The 1:1 decision between two pictures."""
    faces = [FaceAnswer.of(face) for face in (found.first, found.second) if face is not None]
    return _json(
        CompareAnswer(
            score=round(found.score, _SCORE_DIGITS), fmr=found.fmr, same_person=found.same_person, faces=faces
        )
    )


def id_comparison_view(found: IdComparison) -> dict[str, Any]:
    """The 1:1 decision against a registered ID photograph. Neither the number nor the name is repeated."""
    return _json(
        VerifyIdAnswer(
            score=round(found.score, _SCORE_DIGITS),
            fmr=found.fmr,
            same_person=found.same_person,
            face=FaceAnswer.of(found.face),
        )
    )


def group_view(record: GroupRecord) -> dict[str, Any]:
    """A group and how much is in it."""
    return asdict(record)


def user_view(record: UserRecord) -> dict[str, Any]:
    """A user in one group; times are seconds since 1970, UTC."""
    return asdict(record)


def face_record_view(record: FaceRecord) -> dict[str, Any]:
    """An enrolled face."""
    return {
        "group_id": record.group_id,
        "user_id": record.user_id,
        "face_token": record.face_token,
        "created_at": record.created_at,
    }


def _json(answer: Answer) -> dict[str, Any]:
    return answer.model_dump(mode="json", exclude_none=True)
