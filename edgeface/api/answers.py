"""What calls answer: the response half of the schema. OpenAPI and the serialiser both come from here.

A field whose value is absent (not asked for, or no model for it in the pack) is left out, never ``null``.
Coordinates are pixels of the upright picture; angles degrees; ``score`` 0-100 with 80 at FMR 1e-4.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from edgeface.types import Face, Match, Pose, Quality, Template, Verdict

_PIXEL_DIGITS = 2
_ANGLE_DIGITS = 2
_SHARE_DIGITS = 4

PointList = Annotated[list[tuple[float, float]], Field(description="[x, y] pairs, pixels.")]


class Answer(BaseModel):
    """The base of every answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def as_json(self) -> bytes:
        """The body."""
        return self.model_dump_json(exclude_none=True).encode()


class BoxAnswer(Answer):
    """A face's rectangle; ``rotation`` clockwise from the vertical, [-180, 180]."""

    left: float
    top: float
    width: float
    height: float
    rotation: float


class PoseAnswer(Answer):
    """yaw [-90 left, 90 right], pitch [-90 up, 90 down], roll [-180 counter-clockwise, 180 clockwise]."""

    yaw: float
    pitch: float
    roll: float

    @classmethod
    def of(cls, pose: Pose) -> PoseAnswer:
        return cls(
            yaw=round(pose.yaw, _ANGLE_DIGITS),
            pitch=round(pose.pitch, _ANGLE_DIGITS),
            roll=round(pose.roll, _ANGLE_DIGITS),
        )


class OcclusionAnswer(Answer):
    """Share of each region that is covered, 0 clear to 1 covered."""

    left_eye: float
    right_eye: float
    nose: float
    mouth: float
    left_cheek: float
    right_cheek: float
    chin: float


class CoveringAnswer(Answer):
    """What covers the face: probabilities that sum to 1."""

    none: float
    glasses: float
    mask: float


class QualityAnswer(Answer):
    """blur 0 sharp to 1; illumination 0-255 (BT.601 luma); completeness 1 inside the picture, 0 cut off."""

    illumination: float
    completeness: int
    face_width: float
    face_height: float
    interocular_distance: float
    occlusion: OcclusionAnswer | None = None
    blur: float | None = None
    covering: CoveringAnswer | None = None

    @classmethod
    def of(cls, quality: Quality) -> QualityAnswer:
        occlusion, covering = quality.occlusion, quality.covering
        return cls(
            illumination=round(quality.illumination, 2),
            completeness=quality.completeness,
            face_width=round(quality.face_width, _PIXEL_DIGITS),
            face_height=round(quality.face_height, _PIXEL_DIGITS),
            interocular_distance=round(quality.interocular_distance, _PIXEL_DIGITS),
            blur=None if quality.blur is None else round(quality.blur, _SHARE_DIGITS),
            occlusion=None if occlusion is None else OcclusionAnswer(**_shares(occlusion, OcclusionAnswer)),
            covering=None if covering is None else CoveringAnswer(**_shares(covering, CoveringAnswer)),
        )


class ViolationAnswer(Answer):
    """One failed measure: ``value`` is not ``relation`` ``threshold``."""

    measure: str
    value: float
    threshold: float
    relation: str


class VerdictAnswer(Answer):
    """The quality gate's answer: every failed measure, and those that could not be taken."""

    level: str
    passed: bool
    violations: list[ViolationAnswer]
    not_measured: list[str]

    @classmethod
    def of(cls, verdict: Verdict) -> VerdictAnswer:
        return cls(
            level=verdict.level.value,
            passed=verdict.passed,
            violations=[
                ViolationAnswer(
                    measure=item.measure,
                    value=round(item.value, _SHARE_DIGITS),
                    threshold=item.threshold,
                    relation=item.relation,
                )
                for item in verdict.violations
            ],
            not_measured=list(verdict.not_measured),
        )


class TemplateAnswer(Answer):
    """A template: base64 of little-endian float32 components, and the embedding contract they belong to."""

    contract_id: str
    vector: str

    @classmethod
    def of(cls, template: Template) -> TemplateAnswer:
        return cls(
            contract_id=template.contract_id,
            vector=b64encode(template.vector.astype("<f4").tobytes()).decode("ascii"),
        )


class FaceAnswer(Answer):
    """One face. ``points``: left eye, right eye, nose tip, left and right mouth corner."""

    face_token: str
    score: float = Field(description="Probability that this is a face, 0 to 1.")
    box: BoxAnswer
    points: PointList
    landmarks: PointList | None = Field(None, description="150 points; docs/landmarks.md has the layout.")
    pose: PoseAnswer | None = None
    quality: QualityAnswer | None = None
    verdict: VerdictAnswer | None = None
    template: TemplateAnswer | None = None

    @classmethod
    def of(cls, face: Face, *, template: bool = False) -> FaceAnswer:
        """``template``: the template leaves the engine only where a call asks for it."""
        box = face.box
        return cls(
            face_token=face.token,
            score=round(float(face.score), _SHARE_DIGITS),
            box=BoxAnswer(
                left=round(box.left, _PIXEL_DIGITS),
                top=round(box.top, _PIXEL_DIGITS),
                width=round(box.width, _PIXEL_DIGITS),
                height=round(box.height, _PIXEL_DIGITS),
                rotation=round(box.rotation, _ANGLE_DIGITS),
            ),
            points=_pairs(face.points),
            landmarks=None if face.landmarks is None else _pairs(face.landmarks.points),
            pose=None if face.pose is None else PoseAnswer.of(face.pose),
            quality=None if face.quality is None else QualityAnswer.of(face.quality),
            verdict=None if face.verdict is None else VerdictAnswer.of(face.verdict),
            template=TemplateAnswer.of(face.template) if template and face.template is not None else None,
        )


class MatchAnswer(Answer):
    """One user that the probe matched: the best of that user's faces."""

    group_id: str
    user_id: str
    user_info: str
    score: float
    fmr: float = Field(description="False match rate at a threshold equal to this similarity.")
    face_token: str

    @classmethod
    def of(cls, match: Match) -> MatchAnswer:
        return cls(
            group_id=match.group_id,
            user_id=match.user_id,
            user_info=match.user_info,
            score=match.score,
            fmr=match.fmr,
            face_token=match.face_token,
        )


class DetectAnswer(Answer):
    """The faces of a picture of ``width`` x ``height`` pixels, first face first."""

    width: int
    height: int
    faces: list[FaceAnswer]


class EmbedAnswer(Answer):
    """The first face, with its template."""

    face: FaceAnswer


class CompareAnswer(Answer):
    """Two faces compared; ``faces`` are those of the two pictures."""

    score: float
    fmr: float
    same_person: bool
    faces: list[FaceAnswer] | None = None


class IdentifyAnswer(Answer):
    """Users that the first face matched, best first; ``face`` is absent when a template was given."""

    face: FaceAnswer | None = None
    threshold: float = Field(description="Score that a match had to reach.")
    matches: list[MatchAnswer]


class IdentifyAllAnswer(Answer):
    """One entry for each face of the picture."""

    faces: list[IdentifyAnswer]


class VerifyAnswer(Answer):
    """1:1 decision."""

    accepted: bool
    threshold: float
    match: MatchAnswer
    face: FaceAnswer


class GroupAnswer(Answer):
    """A group."""

    group_id: str
    users: int | None = None
    faces: int | None = None
    created_at: float | None = Field(None, description="Seconds since 1970, UTC.")


class GroupsAnswer(Answer):
    """A page of groups."""

    groups: list[GroupAnswer]
    total: int
    start: int


class UserAnswer(Answer):
    """A user in a group; times in seconds since 1970, UTC."""

    group_id: str
    user_id: str
    user_info: str
    faces: int
    created_at: float
    updated_at: float


class UsersAnswer(Answer):
    """A page of users."""

    users: list[UserAnswer]
    total: int
    start: int


class UserGroupsAnswer(Answer):
    """A user in every group that has it."""

    users: list[UserAnswer]


class FaceRecordAnswer(Answer):
    """A face of the gallery; ``face_id`` is never used again."""

    face_id: int
    group_id: str
    user_id: str
    face_token: str
    created_at: float


class FaceRecordsAnswer(Answer):
    """Faces of the gallery."""

    faces: list[FaceRecordAnswer]


class EnrolAnswer(Answer):
    """A face that was added; ``face`` is absent when a template was given."""

    record: FaceRecordAnswer
    face: FaceAnswer | None = None


class ErasedAnswer(Answer):
    """How many faces were erased."""

    faces: int


class CopiedAnswer(Answer):
    """How many faces were copied."""

    faces: int


class ErasedAllAnswer(Answer):
    """What was erased. ``key_destroyed`` is false when the key is kept elsewhere (a systemd credential)."""

    faces: int
    key_destroyed: bool


class ImportedAnswer(Answer):
    """What an archive held, and how much of it was new here."""

    groups: int
    users: int
    faces: int
    faces_added: int
    faces_skipped: int


class ErrorBody(Answer):
    """An entry of the closed catalogue (docs/errors.md)."""

    code: str
    message: str
    retryable: bool
    request_id: str
    details: dict[str, Any] | None = None


class ErrorAnswer(Answer):
    """Every failure."""

    error: ErrorBody


class LiveAnswer(Answer):
    """The process answers."""

    live: bool


class ReadyAnswer(Answer):
    """Whether calls will be computed, and why not."""

    ready: bool
    reasons: list[str]


class LimitsAnswer(Answer):
    """The configured limits that a caller meets."""

    max_image_bytes: int
    max_request_bytes: int
    max_faces: int
    max_groups: int
    max_users_per_group: int
    max_faces_per_user: int
    max_user_info_bytes: int
    max_groups_per_search: int
    max_top: int
    max_page: int
    deadline_s: float


class InfoAnswer(Answer):
    """What this device is. ``missing``: features for which the active pack has no model."""

    version: str
    api: str
    pack: str
    contract_id: str
    dimension: int
    features: list[str]
    missing: list[str]
    decision_fmr: float
    decision_score: float
    role: str
    limits: LimitsAnswer


def _pairs(points: npt.NDArray[np.float32]) -> list[tuple[float, float]]:
    return [(x, y) for x, y in np.round(points.astype(np.float64), _PIXEL_DIGITS).tolist()]


def _shares(value: object, model: type[Answer]) -> dict[str, float]:
    return {name: round(float(getattr(value, name)), _SHARE_DIGITS) for name in model.model_fields}
