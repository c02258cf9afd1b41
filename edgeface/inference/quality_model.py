"""Occlusion, blur and covering of a face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeface.inference.crop import CropBatch
from edgeface.inference.session import ModelSession
from edgeface.types import Covering, Occlusion


@dataclass(frozen=True, slots=True)
class QualityEstimate:
    """What the model says of one face; see :class:`edgeface.types.Quality` for the ranges."""

    occlusion: Occlusion
    blur: float
    covering: Covering


@dataclass(frozen=True, slots=True)
class QualityModel:
    """The quality role. Thread-safe."""

    session: ModelSession

    def predict(self, crops: CropBatch) -> list[QualityEstimate]:
        """One estimate for each crop."""
        occlusion, blur, covering = (np.clip(part, 0.0, 1.0) for part in self.session.run(crops.tensor))
        return [
            QualityEstimate(
                Occlusion(*(float(value) for value in occlusion[index])),
                float(blur[index, 0]),
                Covering(*(float(value) for value in covering[index])),
            )
            for index in range(len(crops))
        ]
