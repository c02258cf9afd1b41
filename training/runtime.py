"""What every training run needs: settings, seeds, device, schedule, averaged weights, checkpoints."""

from __future__ import annotations

import copy
import math
import random
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from training.whole_file import whole_file

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read_config(path: Path) -> dict[str, Any]:
    """Return the TOML file at `path` as nested dicts; ValueError when it is not TOML."""
    with path.open("rb") as stream:
        return tomllib.load(stream)


def seed_everything(seed: int) -> np.random.Generator:
    """Seed Python, NumPy and PyTorch, and return a generator for the caller's own draws."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    return np.random.default_rng(seed)


def choose_device(name: str = "auto") -> torch.device:
    """Return the named device; `auto` takes CUDA where there is one and the CPU elsewhere."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def autocast(device: torch.device, *, enabled: bool = True) -> torch.autocast:
    """Return a context that computes in bfloat16 on `device`."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=enabled)


@dataclass(frozen=True, slots=True)
class OneCycle:
    """Learning rate over a run: a linear rise to `peak`, then a cosine down to `peak * final_share`."""

    peak: float
    steps: int
    warm_share: float = 0.05
    final_share: float = 0.01

    def rate(self, step: int) -> float:
        """Return the learning rate of `step` (0 for the first)."""
        warm = max(1, round(self.steps * self.warm_share))
        if step < warm:
            return self.peak * (step + 1) / warm
        progress = min(1.0, (step - warm) / max(1, self.steps - warm))
        share = self.final_share + (1 - self.final_share) * 0.5 * (1 + math.cos(math.pi * progress))
        return self.peak * share


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Give every parameter group of `optimiser` the learning rate `rate`."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def split_decay(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return optimiser groups: weight decay for matrices and kernels, none for biases, norms and slopes."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]


class AveragedWeights:
    """An exponential moving average of a model's weights and buffers; `model` is the averaged copy."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(model).eval()
        self.model.requires_grad_(False)
        self._decay = decay
        self._updates = 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Move the average towards `model`; early updates move further, so that the start is forgotten."""
        self._updates += 1
        keep = min(self._decay, (1 + self._updates) / (10 + self._updates))
        ours = self.model.state_dict()
        for name, value in model.state_dict().items():
            if value.dtype.is_floating_point:
                ours[name].lerp_(value.detach(), 1 - keep)
            else:
                ours[name].copy_(value)

    def state_dict(self) -> dict[str, Any]:
        """Return what `load_state_dict` takes."""
        return {"model": self.model.state_dict(), "updates": self._updates}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from what `state_dict` returned."""
        self.model.load_state_dict(state["model"])
        self._updates = int(state["updates"])


@dataclass(slots=True)
class Checkpoint:
    """The state of a run on disk: steps done, and the state of each named part."""

    step: int
    parts: dict[str, Any]


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write `checkpoint` so that a crash leaves either the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial:
        torch.save({"step": checkpoint.step, "parts": checkpoint.parts}, partial)


def load_checkpoint(path: Path) -> Checkpoint | None:
    """Return the checkpoint at `path`, or None when there is no file."""
    if not path.is_file():
        return None
    stored = torch.load(path, map_location="cpu", weights_only=True)
    return Checkpoint(stored["step"], stored["parts"])
