"""What a face shows besides who it is: value types, and the one vocabulary that models and documents meet in.

A pack has one role for each attribute that a model of it measures (docs/models/pack-format.md). The vendors'
documents spell the same attributes in their own ways; their dialects translate from the names here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "age": (0.0, 120.0),
        "beauty": (0.0, 100.0),
        "spoofing": (0.0, 1.0),
        "liveness": (0.0, 1.0),
    }
)
"""Attributes that are one number, and its range.

age: years. beauty: 0 to 100, higher is better liked (Baidu v3 ``beauty``). spoofing: 0 to 1, how sure it is that the
picture is a composite (Baidu v4 ``spoofing``). liveness: 0 to 1, how sure it is that a living face was before the
camera, not a picture of one (Baidu v3 ``face_liveness``).
"""

CLASSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "gender": ("female", "male"),
        "glasses": ("none", "common", "sun"),
        "expression": ("none", "smile", "laugh"),
        "emotion": (
            "angry",
            "disgust",
            "fear",
            "happy",
            "sad",
            "surprise",
            "neutral",
            "pouty",
            "grimace",
        ),
        "face_shape": ("square", "triangle", "oval", "heart", "round"),
        "face_type": ("human", "cartoon"),
        # A model that answers with classes may serve liveness too: its number is then the share of "live".
        "liveness": ("live", "spoof"),
    }
)
"""Attributes that are one of several classes, with the class names of Baidu v3 detect."""

EYE_STATUS = "eye_status"
LIVENESS = "liveness"

ATTRIBUTES: tuple[str, ...] = tuple(dict.fromkeys((*RANGES, *CLASSES, EYE_STATUS)))
"""Every attribute that EdgeFace knows: the names of roles of a pack, and the fields of :class:`Attributes`."""


@dataclass(frozen=True, slots=True)
class Likelihoods:
    """How likely each class of an attribute is; the shares of the classes that the model knows sum to 1."""

    shares: tuple[tuple[str, float], ...]

    @property
    def best(self) -> tuple[str, float]:
        """The likeliest class and its share."""
        return max(self.shares, key=lambda share: share[1])

    def of(self, name: str) -> float:
        """The share of one class, 0 where the model does not know it."""
        return dict(self.shares).get(name, 0.0)


@dataclass(frozen=True, slots=True)
class EyeStatus:
    """How open each eye is, 0 closed to 1 open. Left and right as in the picture."""

    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Attributes:
    """What the active pack's models say of one face; ``None``: not asked for, or no model for it."""

    age: float | None = None
    beauty: float | None = None
    spoofing: float | None = None
    liveness: float | None = None
    gender: Likelihoods | None = None
    glasses: Likelihoods | None = None
    expression: Likelihoods | None = None
    emotion: Likelihoods | None = None
    face_shape: Likelihoods | None = None
    face_type: Likelihoods | None = None
    eye_status: EyeStatus | None = None
