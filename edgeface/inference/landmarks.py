"""Dense landmarks and head pose."""

from __future__ import annotations

from dataclasses import dataclass

from edgeface.inference.crop import CropBatch
from edgeface.inference.session import ModelSession
from edgeface.types import FloatArray, Landmarks, Pose

_POINTS = 150


@dataclass(frozen=True, slots=True)
class LandmarksModel:
    """The landmarks role. Thread-safe."""

    session: ModelSession

    def predict(self, crops: CropBatch) -> list[tuple[Landmarks, Pose]]:
        """For each crop 150 points in pixels of the picture, and the head's pose in the picture.

        The model's roll is what is left in the aligned crop; the crop's own turn is added.
        """
        shares, angles = self.session.run(crops.tensor)
        size = crops.tensor.shape[3]
        points: FloatArray = crops.to_picture(shares.reshape(-1, _POINTS, 2) * size)
        return [
            (
                Landmarks(face),
                Pose(
                    yaw=_limited(float(angle[0]), 90.0),
                    pitch=_limited(float(angle[1]), 90.0),
                    roll=_wrapped(float(angle[2]) + turn),
                ),
            )
            for face, angle, turn in zip(points, angles, crops.turns(), strict=True)
        ]


def _limited(angle: float, limit: float) -> float:
    return min(limit, max(-limit, angle))


def _wrapped(angle: float) -> float:
    """The same direction in [-180, 180)."""
    return (angle + 180.0) % 360.0 - 180.0
