"""What EdgeFace expects of the models whose roles it knows: their crop and the meaning of their outputs.

Besides the four roles of the pipeline a pack may have one for each attribute (:mod:`edgeface.attributes`). Roles that
are neither are hashed and kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgeface.attributes import CLASSES, EYE_STATUS, RANGES

DETECTOR, LANDMARKS, QUALITY, EMBEDDER = "detector", "landmarks", "quality", "embedder"

KNOWN_ROLES: tuple[str, ...] = (DETECTOR, LANDMARKS, QUALITY, EMBEDDER)
"""The pipeline's roles: without one of them a part of EdgeFace is off."""

SWITCHED_OFF = {
    DETECTOR: "no faces can be found",
    LANDMARKS: "no dense landmarks; the head pose is a coarse one from five points",
    QUALITY: "occlusion, blur and covering are not measured",
    EMBEDDER: "no templates: no identification, verification or enrolment",
}
"""What does not work while a role is missing."""


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """A documented meaning of a model's outputs.

    ``outputs``: for each output, in the manifest's order, the trailing dimensions behind the batch (``None``: any).
    An empty tuple: any shape, flattened.
    """

    roles: frozenset[str]
    crops: tuple[str, ...]
    outputs: tuple[tuple[int | None, ...], ...]
    default_names: tuple[str, ...] = ()


SCALAR, LIKELIHOODS, EYE_OPENNESS = "scalar", "likelihoods", "eye_openness2"

_CROPS = ("five_points", "box")
_YUNET_HEADS = (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
_STRIDES = (8, 16, 32)

OUTPUT_FORMATS: dict[str, OutputFormat] = {
    # Per stride one map of 15 channels: face logit, box centre offset (2) and log size (2) in strides, five points'
    # offsets (10) in strides, all from the cell's top-left corner.
    "maps15": OutputFormat(frozenset({DETECTOR}), ("whole",), ((15, None, None),) * 3, ("s8", "s16", "s32")),
    # YuNet: score = sqrt(cls * obj), the same geometry, one row per cell, four heads for each stride.
    "yunet": OutputFormat(
        frozenset({DETECTOR}),
        ("whole",),
        tuple((None, width) for _, width in _YUNET_HEADS for _ in _STRIDES),
        tuple(f"{name}_{stride}" for name, _ in _YUNET_HEADS for stride in _STRIDES),
    ),
    # 150 points as shares of the crop, and yaw, pitch, residual roll in degrees.
    "points150-pose": OutputFormat(frozenset({LANDMARKS}), _CROPS, ((300,), (3,)), ("points", "pose")),
    # Occlusion of the seven regions, blur, and the probabilities of none, glasses, mask.
    "occlusion7-blur-covering3": OutputFormat(
        frozenset({QUALITY}), _CROPS, ((7,), (1,), (3,)), ("occlusion", "blur", "covering")
    ),
    # A face vector of `dimension` components, of any length.
    "vector": OutputFormat(frozenset({EMBEDDER}), ("five_points",), ((),), ("e",)),
    # One number, which times `factor` is the attribute in its own unit (age / 100 has the factor 100).
    SCALAR: OutputFormat(frozenset(RANGES), _CROPS, ((),)),
    # One number for each of `classes`: probabilities, or logits where `logits` says so.
    LIKELIHOODS: OutputFormat(frozenset(CLASSES), _CROPS, ((),)),
    # How open the left and the right eye are, 0 to 1.
    EYE_OPENNESS: OutputFormat(frozenset({EYE_STATUS}), _CROPS, ((),)),
}
