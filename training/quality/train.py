"""Train the quality role: python -m training.quality.train --data DIR --teachers DIR --work DIR."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import cv2
import torch
from torch import Tensor
from torch.nn import functional

from training.ahead import ahead
from training.beginning import STATISTICS_CROPS, first_weights
from training.command_line import parser_of
from training.learner import Learner, Schedule, run
from training.quality.examples import NOT_KNOWN, network_input
from training.quality.model import Quality, QualityShape
from training.quality.separation import ALL_LIMITS
from training.quality.stock import Batch, batches, damage_from, open_stock
from training.runtime import autocast, choose_device, read_config, seed_everything

_LARGEST_GRADIENT = 5.0
_VERDICT_STEEPNESS = 2.0


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """The [train] table of the config."""

    batch: int
    steps: int
    peak_rate: float
    warm_share: float
    weight_decay: float
    average_decay: float
    masked_share: float
    covering_weight: float
    blur_weight: float
    verdict_weight: float
    refusal_weights: tuple[float, ...]
    checkpoint_every: int

    @property
    def schedule(self) -> Schedule:
        """The part that the learner needs."""
        return Schedule(
            self.steps, self.peak_rate, self.weight_decay, self.average_decay, self.warm_share, _LARGEST_GRADIENT
        )


@dataclass(frozen=True, slots=True)
class Losses:
    """The parts of one step's loss, each a scalar; `total` is the weighted sum."""

    total: Tensor
    occlusion: Tensor
    blur: Tensor
    covering: Tensor
    verdict: Tensor


def shape_from(config: dict[str, Any]) -> QualityShape:
    """The network's shape from the [model] table."""
    table = dict(config["model"])
    table["widths"] = tuple(table["widths"])
    return QualityShape(**table)


def settings_from(config: dict[str, Any]) -> TrainSettings:
    """The [train] table of the config."""
    table = dict(config["train"])
    table["refusal_weights"] = tuple(table["refusal_weights"])
    return TrainSettings(**table)


def within_bounds(logits: Tensor, low: Tensor, high: Tensor, weight: Tensor) -> Tensor:
    """Cross-entropy, N x K, to the nearest value in [low, high], less its smallest: 0 for answers within."""
    answers = torch.sigmoid(logits).detach()
    target = torch.minimum(torch.maximum(answers, low), high)
    loss = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    smallest = functional.binary_cross_entropy(target, target, reduction="none")
    return (loss - smallest) * weight


def verdict_loss(
    logits: Tensor, low: Tensor, high: Tensor, weight: Tensor, refusal_weights: Sequence[float]
) -> Tensor:
    """Cross-entropy, N x 8, of calling pictures acceptable or not at the documented limits.

    The shares alone are learnt in proportion to how common they are, and pictures with a cheek all covered are
    rare; here each wrong acceptance counts `refusal_weights` (8) times as much as a wrong refusal.
    """
    limits = torch.tensor(ALL_LIMITS, device=logits.device)
    refused = (low >= limits).float()
    known = ((low >= limits) | (high < limits)).float() * weight
    margin = _VERDICT_STEEPNESS * (logits - torch.logit(limits))
    heavier = torch.tensor(refusal_weights, device=logits.device)
    loss = functional.binary_cross_entropy_with_logits(margin, refused, pos_weight=heavier, reduction="none")
    return loss * known


def quality_loss(
    outputs: tuple[Tensor, Tensor, Tensor], batch: Batch, settings: TrainSettings, device: torch.device
) -> Losses:
    """The loss of one batch; what is not known has no part in it."""
    low, high, weight = (torch.from_numpy(part).to(device) for part in (batch.low, batch.high, batch.weight))
    logits = torch.cat([outputs[0], outputs[1]], dim=1).float()
    parts = within_bounds(logits, low, high, weight)
    occlusion, blur = parts[:, :7].mean(), parts[:, 7].mean()
    known = torch.from_numpy(batch.covering).to(device)
    covering = functional.cross_entropy(outputs[2].float(), known, ignore_index=NOT_KNOWN)
    if bool((known == NOT_KNOWN).all()):
        covering = outputs[2].float().sum() * 0
    verdict = verdict_loss(logits, low, high, weight, settings.refusal_weights).mean()
    total = occlusion + settings.blur_weight / 7 * blur + settings.covering_weight / 7 * covering
    total = total + settings.verdict_weight * verdict
    return Losses(total, occlusion, blur, covering, verdict)


class Trainer(Learner[Quality]):
    """The quality network while it learns."""

    def __init__(self, shape: QualityShape, settings: TrainSettings, device: torch.device) -> None:
        super().__init__(Quality(shape), settings.schedule, device)
        self._settings = settings
        self._device = device

    def train_step(self, batch: Batch) -> Losses:
        """Take one step and return its loss."""
        self.model.train()
        pictures = torch.from_numpy(network_input(batch.pictures))
        pictures = pictures.to(self._device, memory_format=torch.channels_last)
        with autocast(self._device):
            outputs = self.model(pictures)
        losses = quality_loss(outputs, batch, self._settings, self._device)
        self.learn(losses.total)
        return losses


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the training that the command line describes."""
    parser = parser_of(__file__, __doc__, data="folder with faces and masks, or any crops", teachers_needed=False)
    parser.add_argument("--landmarks", type=Path, help="labels of the landmark role, for the true regions")
    options = parser.parse_args(arguments)

    cv2.setNumThreads(1)
    config = read_config(options.config)
    settings = settings_from(config)
    seed_everything(int(config["seed"]))
    stock = open_stock(
        options.data,
        options.teachers,
        options.work,
        damage_from(config["damage"]),
        landmarks=options.landmarks,
        kept_out=False,
    )
    trainer = Trainer(shape_from(config), settings, choose_device(options.device))
    path = options.work / "checkpoint.pt"
    if options.resume and trainer.resume(path):
        print(f"continuing after step {trainer.step}", flush=True)
    elif options.start is not None:

        def crops() -> Tensor:
            drawn = batches(stock, STATISTICS_CROPS, settings.masked_share, int(config["seed"]))
            return torch.from_numpy(network_input(next(drawn).pictures))

        trainer.begin_with(first_weights(options.start, trainer.model, crops))
    source = ahead(batches(stock, settings.batch, settings.masked_share, int(config["seed"]) + trainer.step))

    def take_step() -> dict[str, float]:
        losses = trainer.train_step(next(source))
        parts = {item.name: getattr(losses, item.name) for item in fields(losses)}
        return {name: float(part.detach()) for name, part in parts.items()}

    run(trainer, take_step, path, checkpoint_every=settings.checkpoint_every)


if __name__ == "__main__":
    main()
