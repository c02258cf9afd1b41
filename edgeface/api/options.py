"""What each call may be told: the request half of the schema. OpenAPI and the parser both come from here.

JSON values are taken strictly (a number is not a string); query and multipart values are text by nature and are
converted. Limits that the configuration may change are checked by the engine, not here.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from edgeface.config import QualityThresholds
from edgeface.engine import Gate
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import FaceOrder, QualityLevel, Template

_MOST = 1_000_000
"""Above any configurable limit; keeps numbers in the range that every store and language has."""

LivenessLevel = Literal["NONE", "LOW", "NORMAL", "HIGH"]
Feature = Literal["landmarks", "pose", "quality", "attributes"]


def _printable(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate, which JSON can spell but nothing can store
        raise ValueError("text must be valid Unicode") from None
    return text


def _split(value: Any) -> Any:
    return [item.strip() for item in value.split(",")] if isinstance(value, str) else value


Text = Annotated[str, AfterValidator(_printable)]
TextList = Annotated[tuple[Text, ...], BeforeValidator(_split), Field(strict=False)]
Threshold = Annotated[float, Field(ge=0, le=100, description="Score 0-100; default: that of the configured FMR.")]
GroupList = Annotated[
    TextList, Field(min_length=1, max_length=1000, description="Group ids; as text, separated by commas.")
]


class Options(BaseModel):
    """The base: unknown fields are refused, nothing changes after parsing."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class NoOptions(Options):
    """This call has no options."""


class TemplateField(Options):
    """A template on the wire: base64 of little-endian float32 components, and the contract they belong to."""

    contract_id: Text
    vector: Annotated[Text, Field(max_length=65536, description="Base64 of float32, little endian, L2 norm 1.")]

    def template(self) -> Template:
        """The template. Raises ``TEMPLATE_INVALID``; the engine checks contract, dimension and norm."""
        try:
            raw = b64decode(self.vector, validate=True)
        except (binascii.Error, ValueError):
            raise EdgeFaceError(ErrorCode.TEMPLATE_INVALID, "vector is not base64.") from None
        if not raw or len(raw) % 4:
            raise EdgeFaceError(ErrorCode.TEMPLATE_INVALID, "vector is not float32 components.")
        return Template(np.frombuffer(raw, dtype="<f4").astype(np.float32), self.contract_id)


class FaceOptions(Options):
    """How the face is chosen and judged."""

    quality_control: QualityLevel | None = Field(
        None, strict=False, description="Level of the quality gate; default: the configured one."
    )
    thresholds: QualityThresholds | None = Field(
        None, description="Thresholds of one's own, with quality_control CUSTOM. JSON only."
    )
    liveness_control: LivenessLevel | None = Field(
        None,
        description="How sure it must be that a living face is seen: NONE (the default), LOW, NORMAL or HIGH. Any "
        "but NONE needs a pack with a liveness model.",
    )
    order: FaceOrder | None = Field(None, strict=False, description="Which face is first: largest or central.")

    @model_validator(mode="after")
    def _custom_only(self) -> FaceOptions:
        if self.thresholds is not None and self.quality_control is not QualityLevel.CUSTOM:
            raise ValueError("thresholds need quality_control CUSTOM")
        return self

    @property
    def gate(self) -> Gate | None:
        """The gate that the call asks for; ``None``: the engine's default."""
        if self.quality_control is None and self.liveness_control is None:
            return None
        return Gate(self.quality_control, self.thresholds, QualityLevel(self.liveness_control or "NONE"))


class DetectOptions(FaceOptions):
    """Options of detect."""

    fields: Annotated[tuple[Feature, ...], BeforeValidator(_split), Field(strict=False)] = Field(
        (),
        description="What to measure besides box and points: landmarks, pose, quality, attributes (those that the "
        "active pack has models for).",
    )
    max_faces: int | None = Field(None, ge=1, le=_MOST)
    turned: bool | None = Field(None, description="Look for faces turned by 90, 180 and 270 degrees too.")


class CompareTemplatesOptions(Options):
    """Two templates."""

    template: TemplateField
    template2: TemplateField


class SearchOptions(FaceOptions):
    """Options of every search."""

    groups: GroupList
    top: int = Field(1, ge=1, le=_MOST, description="Users returned at most.")
    threshold: Threshold | None = None


class IdentifyOptions(SearchOptions):
    """Options of identify: a picture, or a template made earlier."""

    user_id: Text | None = Field(None, description="Only this user's faces.")
    template: TemplateField | None = Field(None, description="Instead of a picture. JSON only.")


class IdentifyAllOptions(SearchOptions):
    """Options of identify/all."""

    max_faces: int | None = Field(None, ge=1, le=_MOST)


class VerifyOptions(FaceOptions):
    """Options of verify."""

    group_id: Text
    user_id: Text
    threshold: Threshold | None = None


class EnrolOptions(FaceOptions):
    """Options of an enrolment: a picture, or a template made earlier."""

    user_info: Text | None = Field(None, description="Kept with the user; at most 256 bytes of UTF-8.")
    create_group: bool = Field(True, description="Make the group when it does not exist.")
    single_face: bool = Field(False, description="Refuse pictures with several faces.")
    template: TemplateField | None = Field(None, description="Instead of a picture. JSON only.")


class IdNumberOptions(Options):
    """Whose photographs."""

    id_number: Text = Field(description="15 digits, or 17 digits and a digit or X.")


class RegisterOptions(FaceOptions):
    """A photograph for the register."""

    id_number: Text = Field(description="15 digits, or 17 digits and a digit or X.")
    name: Text = Field(description="1 to 200 bytes of UTF-8; compared after NFKC, white space folded.")
    replace: bool = Field(True, description="Replace what is registered; else add one more photograph.")


class VerifyIdOptions(FaceOptions):
    """Who the picture is said to show."""

    id_number: Text = Field(description="15 digits, or 17 digits and a digit or X.")
    name: Text = Field(description="1 to 200 bytes of UTF-8; compared after NFKC, white space folded.")


class PageOptions(Options):
    """A page of a list."""

    start: int = Field(0, ge=0, le=2**31 - 1, description="Rows to skip.")
    length: int = Field(100, ge=1, le=_MOST, description="Rows at most.")


class GroupOptions(Options):
    """A group to make."""

    group_id: Text


class UserInfoOptions(Options):
    """What to keep with the user."""

    user_info: Text


class CopyOptions(Options):
    """Where to copy a user."""

    to: Text = Field(description="The target group; it must exist.")


class EraseOptions(Options):
    """Erasing everything must be said in words."""

    confirm: Literal["erase"]
