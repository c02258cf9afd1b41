"""Frozen value types that cross EdgeFace's room boundaries.

No I/O and no thresholds live here. Images are always ``numpy.uint8`` arrays of shape (height, width, 3)
in BGR order; coordinates are pixels of the upright picture (EXIF orientation applied), x to the right, y down.
"Left" and "right" of a face follow the documents: as seen in the picture's upright frame, the *left eye* is the
one with the smaller x (Baidu v3 ``landmark``: left eye centre, right eye centre, nose tip, mouth centre).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from edgeface.attributes import Attributes

ImageArray: TypeAlias = npt.NDArray[np.uint8]
"""(height, width, 3) uint8, BGR."""

FloatArray: TypeAlias = npt.NDArray[np.float32]

REGIONS: tuple[str, ...] = (
    "left_eye",
    "right_eye",
    "nose",
    "mouth",
    "left_cheek",
    "right_cheek",
    "chin",
)
"""The seven regions whose occlusion is measured (Baidu v3 detect, ``quality.occlusion``)."""


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """A face's rectangle: pixels of the picture.

    ``rotation`` is the clockwise angle of the face from the vertical, degrees in [-180, 180]
    (Baidu v3 ``location.rotation``). ``left`` and ``top`` may be negative where a face leaves the picture.
    """

    left: float
    top: float
    width: float
    height: float
    rotation: float = 0.0

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        return self.left + self.width / 2, self.top + self.height / 2


@dataclass(frozen=True, slots=True)
class Pose:
    """Head pose in degrees with the documents' signs (Baidu v3 ``angle``).

    yaw [-90 left, 90 right], pitch [-90 up, 90 down], roll [-180 counter-clockwise, 180 clockwise].
    """

    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """Dense landmarks: ``points`` float32 (150, 2), pixels of the picture; layout in docs/landmarks.md."""

    points: FloatArray


@dataclass(frozen=True, slots=True)
class Occlusion:
    """Share of each region that is covered: 0 clear to 1 covered (Baidu v3 ``quality.occlusion``)."""

    left_eye: float
    right_eye: float
    nose: float
    mouth: float
    left_cheek: float
    right_cheek: float
    chin: float


@dataclass(frozen=True, slots=True)
class Covering:
    """What covers the face: probabilities that sum to 1."""

    none: float
    glasses: float
    mask: float


@dataclass(frozen=True, slots=True)
class Quality:
    """What was measured of one face; ``None`` where the active pack has no model for a measure.

    blur: 0 sharp to 1 blurred. illumination: 0-255, mean luma Y (BT.601) of the face region.
    completeness: 1 wholly inside the picture, 0 cut off. Sizes in pixels.
    """

    illumination: float
    completeness: int
    face_width: float
    face_height: float
    interocular_distance: float
    occlusion: Occlusion | None = None
    blur: float | None = None
    covering: Covering | None = None


class QualityLevel(str, Enum):
    """The documents' ``quality_control`` levels, and CUSTOM for thresholds of one's own."""

    NONE = "NONE"
    LOW = "LOW"
    NORMAL = "NORMAL"
    HIGH = "HIGH"
    CUSTOM = "CUSTOM"


@dataclass(frozen=True, slots=True)
class Violation:
    """One failed measure. ``measure`` is e.g. ``occlusion.left_eye``, ``blur``, ``yaw``, ``face_width``."""

    measure: str
    value: float
    threshold: float
    relation: str
    """How an acceptable value relates to the threshold: ``<``, ``<=``, ``>`` or ``>=``."""

    def __str__(self) -> str:
        return f"{self.measure} {self.value:.4g} (must be {self.relation} {self.threshold:.4g})"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's answer: every failed measure, and the measures that could not be taken."""

    level: QualityLevel
    violations: tuple[Violation, ...] = ()
    not_measured: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.violations


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A face template: ``vector`` float32 (dimension,), L2 norm 1, of one embedding contract."""

    vector: FloatArray
    contract_id: str


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face found in a picture, with whatever the call asked for (``None``: not asked, or no model)."""

    box: BoundingBox
    score: float
    """Probability that this is a face, 0 to 1 (Baidu v3 ``face_probability``)."""
    points: FloatArray
    """(5, 2) float32 pixels: left eye, right eye, nose tip, left mouth corner, right mouth corner."""
    token: str = ""
    """``face_token``: 32 hexadecimal digits; the same picture gives the same token on the same device."""
    landmarks: Landmarks | None = None
    pose: Pose | None = None
    quality: Quality | None = None
    verdict: Verdict | None = None
    template: Template | None = None
    attributes: Attributes | None = None
    located: bool = True
    """False for a face recalled from the gallery by its token: box, score and points are not known (zeros)."""


@dataclass(frozen=True, slots=True)
class FaceToken:
    """A face that was seen before, instead of a picture (Baidu v3 ``image_type`` FACE_TOKEN)."""

    value: str


@dataclass(frozen=True, slots=True)
class Match:
    """One user that a probe was compared with; ``score`` 0-100 (80 at FMR 1e-4), best face of that user."""

    group_id: str
    user_id: str
    user_info: str
    score: float
    face_token: str
    fmr: float
    """False match rate at a threshold equal to this comparison's similarity, from the pack's table."""


@dataclass(frozen=True, slots=True)
class CalibrationPoint:
    """One row of a pack's measured table: the share of impostor comparisons that reach ``similarity``."""

    similarity: float
    fmr: float


class FaceOrder(str, Enum):
    """Which face comes first (Baidu v4 ``face_sort_type`` 0 and 1)."""

    LARGEST = "largest"
    CENTRAL = "central"


class Role(str, Enum):
    """What a peer may do. Each role includes the ones before it."""

    OBSERVER = "observer"
    MATCHER = "matcher"
    ADMIN = "admin"

    def includes(self, other: Role) -> bool:
        order = (Role.OBSERVER, Role.MATCHER, Role.ADMIN)
        return order.index(self) >= order.index(other)
