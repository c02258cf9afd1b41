"""Train the quality role: python -m training.quality.train --data DIR --teachers DIR --work DIR."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.quality.examples import NOT_KNOWN, network_input
from training.quality.model import Quality, QualityShape
from training.quality.separation import ALL_LIMITS
from training.quality.stock import Batch, batches, damage_from, open_stock
from training.runtime import (
    AveragedWeights,
    Checkpoint,
    OneCycle,
    autocast,
    choose_device,
    load_checkpoint,
    read_config,
    save_checkpoint,
    seed_everything,
    set_rate,
    split_decay,
)

_LOG_EVERY = 50
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


class Trainer:
    """The moving parts of one run."""

    def __init__(self, shape: QualityShape, settings: TrainSettings, device: torch.device) -> None:
        self._settings = settings
        self._device = device
        self.model = Quality(shape).to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = AveragedWeights(self.model, settings.average_decay)
        self._optimiser = torch.optim.AdamW(split_decay(self.model, settings.weight_decay), lr=settings.peak_rate)
        self._cycle = OneCycle(settings.peak_rate, settings.steps, warm_share=settings.warm_share)
        self.step = 0

    def train_step(self, batch: Batch) -> Losses:
        """Take one step and return its loss."""
        self.model.train()
        set_rate(self._optimiser, self._cycle.rate(self.step))
        pictures = torch.from_numpy(network_input(batch.pictures))
        pictures = pictures.to(self._device, memory_format=torch.channels_last)
        with autocast(self._device):
            outputs = self.model(pictures)
        losses = quality_loss(outputs, batch, self._settings, self._device)
        self._optimiser.zero_grad(set_to_none=True)
        losses.total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self._optimiser.step()
        self.average.update(self.model)
        self.step += 1
        return losses

    def save(self, path: Path, loss: float) -> None:
        """Write a checkpoint."""
        parts = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }
        save_checkpoint(path, Checkpoint(self.step, parts, {"loss": loss}))

    def resume(self, path: Path) -> bool:
        """Continue from `path`; False when there is no checkpoint."""
        checkpoint = load_checkpoint(path)
        if checkpoint is None:
            return False
        self.model.load_state_dict(checkpoint.parts["model"])
        self.average.load_state_dict(checkpoint.parts["average"])
        self._optimiser.load_state_dict(checkpoint.parts["optimiser"])
        self.step = checkpoint.step
        return True

    def start_from(self, path: Path) -> None:
        """Take another run's averaged weights and nothing else. FileNotFoundError if there is none."""
        checkpoint = load_checkpoint(path)
        if checkpoint is None:
            raise FileNotFoundError(f"no checkpoint at {path}")
        weights = checkpoint.parts["average"]["model"]
        self.model.load_state_dict(weights)
        self.average.model.load_state_dict(weights)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the training that the command line describes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("config.toml"))
    parser.add_argument("--data", type=Path, required=True, help="folder with faces and masks, or any crops")
    parser.add_argument("--teachers", type=Path, help="folder of the teachers; nothing is known of glasses without")
    parser.add_argument("--landmarks", type=Path, help="labels of the landmark role, for the true regions")
    parser.add_argument("--work", type=Path, required=True, help="folder for decoded crops and checkpoints")
    parser.add_argument("--start", type=Path, help="checkpoint whose weights to begin with")
    parser.add_argument("--resume", action="store_true", help="continue from the last checkpoint")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
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
        trainer.start_from(options.start)
    source = batches(stock, settings.batch, settings.masked_share, int(config["seed"]) + trainer.step)

    began, sums = time.monotonic(), np.zeros(5)
    while trainer.step < settings.steps:
        losses = trainer.train_step(next(source))
        parts = (losses.total, losses.occlusion, losses.blur, losses.covering, losses.verdict)
        sums += [float(part.detach()) for part in parts]
        if trainer.step % _LOG_EVERY == 0:
            total, occlusion, blur, covering, verdict = sums / _LOG_EVERY
            seconds = (time.monotonic() - began) / _LOG_EVERY
            print(
                f"step {trainer.step} loss {total:.4f} occlusion {occlusion:.4f} blur {blur:.4f} "
                f"covering {covering:.4f} verdict {verdict:.4f} {seconds:.3f} s/step",
                flush=True,
            )
            began, sums = time.monotonic(), np.zeros(5)
        if trainer.step % settings.checkpoint_every == 0 or trainer.step == settings.steps:
            trainer.save(path, float(losses.total.detach()))


if __name__ == "__main__":
    main()
