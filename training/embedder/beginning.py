"""The weights that the embedder's training begins with; those of a pack may be of a smaller network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from training.embedder.damage import damage_from
from training.embedder.inputs import CALIBRATION_CROPS, calibration_batches
from training.embedder.model import CELLS, STAGES, Embedder, shape_in
from training.embedder.targets import Shown
from training.from_onnx import layers_in, take_over
from training.learner import averaged_in


def embedder_weights(start: Path, shown: Shown, settings: dict[str, Any]) -> dict[str, Tensor]:
    """The weights in `start`, as `training.beginning.first_weights`; a pack's network may have any widths and blocks.

    Templates mean what they did only if `projection.npy` is the one of that pack's training, too.
    Raises FileNotFoundError, and ValueError for a file of another kind of network.
    """
    if start.suffix != ".onnx":
        return averaged_in(start)
    layers = layers_in(start)
    shape = shape_in([layer.weights[0].shape for layer in layers if layer.kind == "Conv"])
    matrix = next((layer.weights[0] for layer in layers if layer.kind in {"MatMul", "Gemm"}), None)
    if len(shape.widths) != STAGES or matrix is None or matrix.shape[1] != shape.widths[-1] * CELLS:
        raise ValueError(f"{start.name} is no embedder of this kind")
    none = [0] * len(shape.widths)
    network = Embedder(shape.widths, shape.blocks, none, size=len(matrix), early=shape.early)
    batches = calibration_batches(shown, damage_from(settings), crops=CALIBRATION_CROPS, seed=int(settings["seed"]))
    take_over(network, layers, torch.from_numpy(np.concatenate(batches)))
    return network.state_dict()
