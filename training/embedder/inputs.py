"""Inputs as the network meets them in training, for ranges and statistics that are read off it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.embedder.damage import Damage, as_input, damaged
from training.embedder.targets import Shown

CALIBRATION_CROPS = 512
_BATCH = 32


def calibration_batches(shown: Shown, damage: Damage, *, crops: int, seed: int) -> list[NDArray[np.float32]]:
    """Varied inputs for the activation ranges: pictures shown in training, as damaged as in training."""
    rng = np.random.default_rng((seed, 3))
    rows = rng.integers(0, len(shown.pictures), crops)
    pictures = np.stack([damaged(shown.canvas(int(row)), damage, rng) for row in rows])
    return [as_input(pictures[k : k + _BATCH]) for k in range(0, crops, _BATCH)]
