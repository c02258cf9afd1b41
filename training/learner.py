"""A network while it learns: its averaged weights, optimiser, schedule and step, and how they are kept on disk."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from training.growing import widened
from training.runtime import (
    AveragedWeights,
    Checkpoint,
    OneCycle,
    load_checkpoint,
    save_checkpoint,
    set_rate,
    split_decay,
)
from training.together import ALONE, Together, tell

_LOG_EVERY = 50
Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True, slots=True)
class Schedule:
    """steps: of the whole run. largest_gradient: longer gradients are shortened to this length, if given."""

    steps: int
    peak_rate: float
    weight_decay: float
    average_decay: float
    warm_share: float = 0.05
    largest_gradient: float | None = None


class Learner(Generic[Network]):
    """`model` learns, `average` is the mean of its late weights, `step` counts the steps done."""

    def __init__(
        self,
        model: Network,
        schedule: Schedule,
        device: torch.device,
        *,
        beside: nn.Module | None = None,
        together: Together = ALONE,
    ) -> None:
        """beside: learns with the model and is not part of it, such as a bridge to a teacher's features."""
        self.model = model
        model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = AveragedWeights(model, schedule.average_decay)
        self.schedule = schedule
        self.together = together
        self.step = 0
        self._beside = beside.to(device) if beside is not None else nn.Module()
        self._all = nn.ModuleList([model, self._beside])
        self._optimiser = torch.optim.AdamW(split_decay(self._all, schedule.weight_decay), lr=schedule.peak_rate)
        self._cycle = OneCycle(schedule.peak_rate, schedule.steps, warm_share=schedule.warm_share)

    def learn(self, loss: Tensor) -> None:
        """Take the step that `loss`, a scalar computed with `model` in training mode, asks for."""
        set_rate(self._optimiser, self._cycle.rate(self.step))
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.together.average_gradients(self._all)
        if self.schedule.largest_gradient is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.schedule.largest_gradient)
        self._optimiser.step()
        self.average.update(self.model)
        self.step += 1

    def save(self, path: Path) -> None:
        """Write a checkpoint."""
        parts = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "beside": self._beside.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }
        save_checkpoint(path, Checkpoint(self.step, parts))

    def resume(self, path: Path) -> bool:
        """Continue from a checkpoint; False when there is none."""
        checkpoint = load_checkpoint(path)
        if checkpoint is None:
            return False
        self.model.load_state_dict(checkpoint.parts["model"])
        self.average.load_state_dict(checkpoint.parts["average"])
        self._beside.load_state_dict(checkpoint.parts["beside"])
        self._optimiser.load_state_dict(checkpoint.parts["optimiser"])
        self.step = checkpoint.step
        return True

    def begin_with(self, weights: Mapping[str, Tensor], *, strict: bool = True) -> list[str]:
        """Take the weights of another run as the first ones; returns the names of those that stay new.

        strict: none may, and every tensor must have its shape; else a narrower network's weights are grown into this
        one (growing.py). Raises ValueError when the weights hold anything that this network has no place for.
        """
        own = self.model.state_dict()
        given = dict(weights) if strict else widened(weights, self.model)
        other = [name for name, value in given.items() if name in own and own[name].shape != value.shape]
        if other:
            raise ValueError(f"weights of another network: {', '.join(other[:3])}")
        missing, unexpected = self.model.load_state_dict(given, strict=False)
        if unexpected or (missing and strict):
            raise ValueError(f"weights of another network: {', '.join([*unexpected, *missing][:3])}")
        self.average = AveragedWeights(self.model, self.schedule.average_decay)
        return list(missing)


def averaged_in(path: Path) -> dict[str, Tensor]:
    """The averaged weights of a checkpoint, or a file of bare weights; FileNotFoundError when there is none."""
    stored = torch.load(path, map_location="cpu", weights_only=True)
    return dict(stored["parts"]["average"]["model"] if "parts" in stored else stored)


def run(
    learner: Learner[Network],
    take_step: Callable[[], Mapping[str, float]],
    checkpoint: Path,
    *,
    checkpoint_every: int,
    at_checkpoint: Callable[[], Mapping[str, float]] | None = None,
) -> None:
    """Take steps to the end of the schedule, with a line of JSON now and then: the means of what they answer.

    at_checkpoint: what to measure, and print, whenever a checkpoint has been written.
    """
    last = learner.schedule.steps
    began, sums, steps = time.monotonic(), defaultdict[str, float](float), 0
    while learner.step < last:
        steps += 1
        for name, value in take_step().items():
            sums[name] += value
        if not learner.together.leads:
            continue
        if learner.step % _LOG_EVERY == 0:
            means = {name: round(value / steps, 4) for name, value in sums.items()}
            seconds = round((time.monotonic() - began) / steps, 4)
            _tell({"step": learner.step, "of": last, **means, "seconds_a_step": seconds})
            began, sums, steps = time.monotonic(), defaultdict(float), 0
        if learner.step % checkpoint_every == 0 or learner.step == last:
            learner.save(checkpoint)
            if at_checkpoint is not None:
                _tell({"step": learner.step, **at_checkpoint()})


def _tell(line: Mapping[str, float]) -> None:
    tell(json.dumps(line))
