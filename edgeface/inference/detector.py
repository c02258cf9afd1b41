"""Finding faces: one model, any picture, four directions.

A picture is scaled down so that its longer side is the input size (never up) and padded to multiples of 32. Where
that finds nothing the pass is repeated at half the scale, and half of that, which sees faces that fill the picture
(the widest a model of stride 32 sees whole is about 200 pixels; each repetition costs a quarter of the one before),
and then, if asked, on the picture turned by 90, 180 and 270 degrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from edgeface.geometry import rotate_points_back, rotate_right_angle
from edgeface.inference.crop import normalise
from edgeface.inference.detections import Detections
from edgeface.inference.detector_maps import STRIDES, decode_maps15, decode_yunet
from edgeface.inference.pack import RoleSpec
from edgeface.inference.session import ModelSession
from edgeface.types import FloatArray, ImageArray

_MULTIPLE = STRIDES[-1]
# A picture whose longer side at detection is at most this long gains nothing from another halving: a face that
# fills it is well within the largest stride's reach.
_SMALL = 128
# Pixels of the least side at detection that a face must have: below, five points are guesses.
_LEAST_FACE = 8.0


@dataclass(frozen=True, slots=True)
class Detector:
    """The detector role. Thread-safe.

    score_threshold: probability from which a box counts. max_iou: overlap above which two boxes are one.
    """

    session: ModelSession
    score_threshold: float
    max_iou: float

    @classmethod
    def of(cls, session: ModelSession, *, score_threshold: float | None, nms_iou: float | None) -> Detector:
        """With the pack's own operating point where None is given."""
        spec = session.spec
        assert spec.score_threshold is not None  # noqa: S101 - the manifest's schema says so
        assert spec.nms_iou is not None  # noqa: S101
        return cls(
            session,
            spec.score_threshold if score_threshold is None else score_threshold,
            spec.nms_iou if nms_iou is None else nms_iou,
        )

    @property
    def spec(self) -> RoleSpec:
        return self.session.spec

    def detect(
        self,
        image: ImageArray,
        *,
        input_size: int,
        turned: bool,
        min_face: float = 0.0,
    ) -> Detections:
        """The faces of a BGR picture, surest first, in its pixels.

        input_size: pixels, longer side of the model's input at most. turned: look in all four directions when no
        upright face is found. min_face: pixels of the picture; faces with a shorter side are not reported.
        """
        scaled, factor = _scaled_down(image, input_size)
        found = self.look(scaled, factor, min_face)
        smaller, shrunk = scaled, factor
        while not len(found) and (longer := max(smaller.shape[:2])) > _SMALL:
            smaller, further = _scaled_down(smaller, max(longer // 2, _SMALL))
            shrunk *= further
            found = self.look(smaller, shrunk, min_face)
        if not len(found) and turned:
            found = self._turned(scaled, factor, min_face)
        return found

    def _turned(self, scaled: ImageArray, factor: float, min_face: float) -> Detections:
        """Faces of the picture turned by 90, 180 and 270 degrees, in the picture's own frame."""
        height, width = scaled.shape[:2]
        parts = []
        for turns in (1, 2, 3):
            found = self.look(rotate_right_angle(scaled, turns), 1.0, min_face / factor)
            if len(found):
                parts.append(_turned_back(found, turns, width, height))
        # One face may be seen in two neighbouring directions; the surer direction has the right points.
        return Detections.joined(parts).suppressed(self.max_iou).scaled(factor) if parts else Detections.empty()

    def look(self, scaled: ImageArray, factor: float = 1.0, min_face: float = 0.0) -> Detections:
        """The faces of one run of the model on a picture as it is, surest first, `factor` times as large."""
        height, width = scaled.shape[:2]
        rows, columns = _padded(height), _padded(width)
        # Padding is zero in the normalised tensor: a plain middle grey.
        tensor = (np.zeros if (rows, columns) != (height, width) else np.empty)((1, 3, rows, columns), np.float32)
        normalise(scaled, self.spec.input, tensor[0])
        found = self._decoded(self.session.run(tensor), columns).at_least(_LEAST_FACE)
        return found.suppressed(self.max_iou).scaled(factor).at_least(min_face)

    def _decoded(self, outputs: list[FloatArray], columns: int) -> Detections:
        if self.spec.output_format == "yunet":
            return decode_yunet(outputs, columns, self.score_threshold)
        return decode_maps15(outputs, self.score_threshold)


def _turned_back(found: Detections, turns: int, width: int, height: int) -> Detections:
    """Faces of a turned picture in the frame of the picture before, which was width x height."""
    corners = rotate_points_back(found.boxes.reshape(-1, 2, 2), turns, width, height)
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    return Detections(boxes, found.scores, rotate_points_back(found.points, turns, width, height))


def _padded(size: int) -> int:
    return (size + _MULTIPLE - 1) // _MULTIPLE * _MULTIPLE


def _scaled_down(image: ImageArray, longer_side: int) -> tuple[ImageArray, float]:
    """The picture with its longer side at most `longer_side`, and the factor back to the picture."""
    height, width = image.shape[:2]
    factor = max(height, width) / longer_side
    if factor <= 1.0:
        return image, 1.0
    size = max(1, round(width / factor)), max(1, round(height / factor))
    # Bilinear sampling skips pixels beyond a factor of two.
    method = cv2.INTER_AREA if factor >= 2.0 else cv2.INTER_LINEAR
    return cast(ImageArray, cv2.resize(image, size, interpolation=method)), factor
