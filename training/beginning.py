"""The weights that a training begins with: of an earlier run, or of a pack that was shipped."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

from torch import Tensor, nn

from training.from_onnx import layers_in, take_over
from training.learner import averaged_in

# For the statistics of networks that see single crops.
STATISTICS_CROPS = 512


def first_weights(start: Path, network: nn.Module, inputs: Callable[[], Tensor]) -> dict[str, Tensor]:
    """The weights in `start`: a checkpoint, bare weights, or the fp32 file of a pack.

    A pack has no statistics for batch normalisation; they are measured on `inputs()`, a few hundred inputs as
    training shows them, in `network`'s shape (the pack's own), which itself stays as it is. Raises FileNotFoundError,
    and ValueError for a file of another shape or a quantised one.
    """
    if start.suffix != ".onnx":
        return averaged_in(start)
    fresh = copy.deepcopy(network).cpu()
    take_over(fresh, layers_in(start), inputs())
    return fresh.state_dict()
