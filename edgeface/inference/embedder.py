"""Face templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from edgeface.inference.crop import CropBatch
from edgeface.inference.session import ModelSession
from edgeface.types import FloatArray


@dataclass(frozen=True, slots=True)
class Embedder:
    """The embedder role. Thread-safe."""

    session: ModelSession

    def embed(self, crops: CropBatch) -> FloatArray:
        """(n, dimension) float32 templates of L2 norm 1."""
        (raw,) = self.session.run(crops.tensor)
        vectors = raw.reshape(len(crops), -1)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return cast(FloatArray, (vectors / np.maximum(norms, 1e-12)).astype(np.float32, copy=False))
