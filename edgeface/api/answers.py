"""What calls answer: the response half of the schema. OpenAPI and the serialiser both come from here.

A field whose value is absent (not asked for, or no model for it in the pack) is left out, never ``null``.
Coordinates are pixels of the upright picture; angles degrees; ``score`` 0-100 with 80 at FMR 1e-4.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from edgeface.attributes import Attributes, EyeStatus, Likelihoods
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


class EyeStatusAnswer(Answer):
    """How open each eye is, 0 closed to 1 open."""

    left: float
    right: float


class AttributesAnswer(Answer):
    """What the pack's models say of a face; what they do not measure is absent. Classes with their probabilities."""

    age: float | None = Field(None, description="Years.")
    beauty: float | None = Field(None, description="0 to 100.")
    spoofing: float | None = Field(None, description="How sure it is that the picture is a composite, 0 to 1.")
    liveness: float | None = Field(None, description="How sure it is that a living face was there, 0 to 1.")
    gender: dict[str, float] | None = None
    glasses: dict[str, float] | None = None
    expression: dict[str, float] | None = None
    emotion: dict[str, float] | None = None
    face_shape: dict[str, float] | None = None
    face_type: dict[str, float] | None = None
    eye_status: EyeStatusAnswer | None = None

    @classmethod
    def of(cls, attributes: Attributes) -> AttributesAnswer:
        values: dict[str, object] = {}
        for name in cls.model_fields:
            value = getattr(attributes, name)
            if isinstance(value, Likelihoods):
                values[name] = {kind: round(share, _SHARE_DIGITS) for kind, share in value.shares}
            elif isinstance(value, EyeStatus):
                values[name] = EyeStatusAnswer(**_shares(value, EyeStatusAnswer))
            elif value is not None:
                values[name] = round(float(value), _SHARE_DIGITS)
        return cls.model_validate(values)


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
    attributes: AttributesAnswer | None = None

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
            attributes=None if face.attributes is None else AttributesAnswer.of(face.attributes),
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


def _pairs(points: npt.NDArray[np.float32]) -> list[tuple[float, float]]:
    return [(x, y) for x, y in np.round(points.astype(np.float64), _PIXEL_DIGITS).tolist()]


def _shares(value: object, model: type[Answer]) -> dict[str, float]:
    return {name: round(float(getattr(value, name)), _SHARE_DIGITS) for name in model.model_fields}
