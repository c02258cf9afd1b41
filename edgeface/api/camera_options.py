"""What calls at the camera may be told."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from edgeface.api.options import GroupList, Options, Text, Threshold
from edgeface.live.enrolment import EnrolPose

LONGEST_WAIT_S = 60.0
_TIMEOUT = "Seconds to wait for a good face."


def _split(value: Any) -> Any:
    return [item.strip() for item in value.split(",")] if isinstance(value, str) else value


PoseList = Annotated[
    tuple[Annotated[EnrolPose, Field(strict=False)], ...],
    BeforeValidator(_split),
    Field(strict=False, min_length=1, max_length=len(EnrolPose)),
]
Timeout = Annotated[float, Field(gt=0, le=LONGEST_WAIT_S, description=_TIMEOUT)]


class CameraIdentifyOptions(Options):
    """Where to look for the next good face."""

    groups: GroupList
    top: int = Field(1, ge=1, le=50, description="Users returned at most.")
    threshold: Threshold | None = None
    timeout_s: Timeout = 10.0


class CameraVerifyOptions(Options):
    """Who the next good face should be."""

    group_id: Text
    user_id: Text
    threshold: Threshold | None = None
    timeout_s: Timeout = 10.0


class CameraEnrolOptions(Options):
    """Whom to enrol, and how."""

    group_id: Text | None = Field(None, description="Group; made when new. Default at a kiosk: kiosk.enrol_group.")
    user_id: Text
    user_info: Text | None = Field(None, description="Kept with the user; at most 256 bytes of UTF-8.")
    poses: PoseList = Field(
        (EnrolPose.FRONT,), description="front, left, right (the person's own): one face of each."
    )
    allow_known: bool = Field(False, description="Also a person who is enrolled under another id.")
    replace: bool = Field(False, description="Replace the user's earlier faces; else add to them.")
    timeout_s: Timeout = 10.0


class PreviewOptions(Options):
    """How often the picture changes."""

    fps: float = Field(5.0, gt=0, le=15, description="Pictures a second at most.")
