"""Pictures, detection, the quality gate, models, and where similarity becomes a decision."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from edgeface.config.section import Degrees, Luma, Section, Share
from edgeface.types import FaceOrder, QualityLevel


class ImageLimits(Section):
    """What a picture may be before it is decoded."""

    max_bytes: int = Field(
        10 * 1024 * 1024,
        ge=1024,
        description="Largest encoded image, bytes. Baidu v3: total data below 10M.",
    )
    max_width: int = Field(6000, ge=32, description="Pixels, longer side (CloudWalk 2.11: 6000 x 4000).")
    max_height: int = Field(4000, ge=32, description="Pixels, shorter side (CloudWalk 2.11: 6000 x 4000).")
    min_side: int = Field(24, ge=1, description="Pixels; a smaller picture cannot hold a 24-pixel face.")


class DetectionConfig(Section):
    """Finding faces."""

    input_size: int = Field(
        640,
        ge=96,
        le=4096,
        description="Pixels, multiple of 32: longer side of the detector's input; larger pictures are scaled "
        "down to it, smaller ones are not scaled up.",
    )
    score_threshold: float | None = Field(
        None, gt=0.0, lt=1.0, description="Face probability from which a box counts; default: the pack's."
    )
    nms_iou: Share | None = Field(None, description="IoU above which two boxes are one; default: the pack's.")
    max_faces: int = Field(10, ge=1, le=100, description="Most faces per picture (Baidu v3: at most 10).")
    order: FaceOrder = Field(FaceOrder.LARGEST, description="First face: largest or central (Baidu v4).")
    turned: bool = Field(
        True,
        description="Find faces turned by 90, 180 and 270 degrees too (CloudWalk 2.2.4): look in all directions "
        "when no upright face is found, and again at faces that the detector is not sure of.",
    )
    min_face: int = Field(24, ge=8, description="Pixels, shorter side of the smallest face reported.")


class QualityThresholds(Section):
    """One level of the gate. A missing threshold is not checked."""

    occlusion_left_eye: Share | None = Field(None, description="Covered share must be below this.")
    occlusion_right_eye: Share | None = Field(None, description="Covered share must be below this.")
    occlusion_nose: Share | None = Field(None, description="Covered share must be below this.")
    occlusion_mouth: Share | None = Field(None, description="Covered share must be below this.")
    occlusion_left_cheek: Share | None = Field(None, description="Covered share must be below this.")
    occlusion_right_cheek: Share | None = Field(None, description="Covered share must be below this.")
    occlusion_chin: Share | None = Field(None, description="Covered share must be below this.")
    blur: Share | None = Field(None, description="Must be below this; 0 sharp, 1 blurred.")
    illumination_min: Luma | None = Field(None, description="Mean Y of the face must be above this.")
    illumination_max: Luma | None = Field(None, description="Mean Y of the face must be below this.")
    yaw: Degrees | None = Field(None, description="Degrees; the angle's size must be below this.")
    pitch: Degrees | None = Field(None, description="Degrees; the angle's size must be below this.")
    roll: Degrees | None = Field(None, description="Degrees; the angle's size must be below this.")
    face_size: float | None = Field(None, gt=0, description="Pixels; width and height at least this.")
    interocular_distance: float | None = Field(None, gt=0, description="Pixels; at least this.")
    complete: bool = Field(False, description="The face must lie wholly inside the picture.")


# Baidu v3 quality table: occlusion eyes .6, nose .7, mouth .7, cheeks .8, chin .6; blur < .7;
# illumination > 40; each angle < 20 degrees; face at least 100 x 100; completeness 1.
_NORMAL = QualityThresholds(
    occlusion_left_eye=0.6,
    occlusion_right_eye=0.6,
    occlusion_nose=0.7,
    occlusion_mouth=0.7,
    occlusion_left_cheek=0.8,
    occlusion_right_cheek=0.8,
    occlusion_chin=0.6,
    blur=0.7,
    illumination_min=40,
    yaw=20,
    pitch=20,
    roll=20,
    face_size=100,
    complete=True,
)
# Baidu capture SDK, profile "loose": occlusion .8, blur .8, illumination 30 to 240, 20 degrees. Its size limit is
# the offline SDK's smallest face (30 px), its angle the offline SDK's (30 degrees), because the cloud's LOW is
# "lower requirements" than NORMAL, whose angle is already 20.
_LOW = QualityThresholds(
    occlusion_left_eye=0.8,
    occlusion_right_eye=0.8,
    occlusion_nose=0.8,
    occlusion_mouth=0.8,
    occlusion_left_cheek=0.8,
    occlusion_right_cheek=0.8,
    occlusion_chin=0.8,
    blur=0.8,
    illumination_min=30,
    illumination_max=240,
    yaw=30,
    pitch=30,
    roll=30,
    face_size=30,
    complete=False,
)
# Baidu capture SDK, profile "strict": blur .4, illumination 60 to 200, yaw 18 degrees; the occlusion of NORMAL
# (stricter than the SDK's uniform .8, a level may not be looser than the one below it).
_HIGH = QualityThresholds(
    occlusion_left_eye=0.6,
    occlusion_right_eye=0.6,
    occlusion_nose=0.7,
    occlusion_mouth=0.7,
    occlusion_left_cheek=0.8,
    occlusion_right_cheek=0.8,
    occlusion_chin=0.6,
    blur=0.4,
    illumination_min=60,
    illumination_max=200,
    yaw=18,
    pitch=18,
    roll=18,
    face_size=100,
    interocular_distance=40,
    complete=True,
)


class QualityConfig(Section):
    """The quality gate's levels."""

    enrol_level: QualityLevel = Field(
        QualityLevel.NORMAL, description="Level for enrolment when the call names none."
    )
    probe_level: QualityLevel = Field(
        QualityLevel.NONE, description="Level for probes when the call names none (Baidu v3: NONE)."
    )
    low: QualityThresholds = _LOW
    normal: QualityThresholds = _NORMAL
    high: QualityThresholds = _HIGH
    custom: QualityThresholds = Field(_NORMAL, description="Thresholds of level CUSTOM, for a site's own limits.")

    def thresholds(self, level: QualityLevel) -> QualityThresholds:
        """The thresholds of a level; NONE checks nothing."""
        table = {
            QualityLevel.NONE: QualityThresholds(),
            QualityLevel.LOW: self.low,
            QualityLevel.NORMAL: self.normal,
            QualityLevel.HIGH: self.high,
            QualityLevel.CUSTOM: self.custom,
        }
        return table[level]


class DecisionConfig(Section):
    """Where similarity becomes a decision. Always an FMR, never a bare cosine."""

    fmr: float = Field(
        1e-4, gt=0.0, le=0.1, description="FMR at which two faces are one person (documented score 80: 1e-4)."
    )
    duplicate_similarity: float = Field(
        0.98,
        gt=0.0,
        le=1.0,
        description="Cosine from which an added face is 'almost identical' to one the user has "
        "(Tencent 1.0: adding nearly the same face is an error). Not an identity decision.",
    )


class ModelsConfig(Section):
    """The active model pack."""

    pack: Path | None = Field(None, description="Folder of the pack; default: the pack that came with EdgeFace.")
    precision: Literal["auto", "fp32", "int8"] = Field(
        "auto",
        description="auto: a micro-benchmark on this machine picks per model (INT8 is slower than FP32 on "
        "CPUs without dot product); its result is cached in the state directory.",
    )
    threads: int = Field(1, ge=1, le=64, description="ONNX Runtime intra-op threads per session.")
