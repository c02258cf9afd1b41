"""Train the detector: python -m training.detector.train --config C --data DIR --teachers DIR --work DIR."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.detector.crops import list_crops
from training.detector.loss import LossParts, LossWeights, detector_loss, feature_loss
from training.detector.model import Detector, DetectorShape
from training.detector.mosaic import Composer, Picture, TileRandomness
from training.detector.scenes import Labels, Scene, kept_out, list_scenes, load_labels
from training.detector.targets import TargetMaker, Targets, cell_grid
from training.detector.teacher import STRIDES, DenseTeacher, DenseView
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
TEACHER_WIDTH = 64  # channels of the maps that the teacher's heads read


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """The [train] table of the config."""

    seed: int
    side: int
    batch: int
    steps: int
    peak_rate: float
    weight_decay: float
    average_decay: float
    checkpoint_steps: int


def shape_from(config: dict[str, Any]) -> DetectorShape:
    """Return the network's shape from the [model] table."""
    table = dict(config["model"])
    table["blocks"] = tuple(table["blocks"])
    return DetectorShape(**table)


def to_tensor(images: Sequence[NDArray[np.uint8]]) -> Tensor:
    """Return pictures (each h x w x 3 BGR uint8) as a network input N x 3 x h x w in [-1, 1)."""
    stacked = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
    return (stacked.float() - 127.5) / 128.0


def load_pictures(scenes: Sequence[Scene], labels: Sequence[Labels]) -> list[list[Picture]]:
    """Return the pictures in memory, grouped by source."""
    groups: dict[str, list[Picture]] = {}
    for scene, label in zip(scenes, labels, strict=True):
        groups.setdefault(scene.source, []).append(Picture(scene.read(), label))
    return list(groups.values())


@dataclass(frozen=True, slots=True)
class Batch:
    """`images`: network input N x 3 x side x side; `view`: the teacher's view of the clean pictures, if any."""

    images: Tensor
    targets: Targets
    view: DenseView | None


def batches(
    composer: Composer, maker: TargetMaker, size: int, seed: int, teacher: DenseTeacher | None = None
) -> Iterator[Batch]:
    """Yield training batches without end."""
    rng = np.random.default_rng(seed)
    while True:
        drawn = [composer.draw(rng) for _ in range(size)]
        view = None
        if teacher:
            clean = np.stack([one.clean for one in drawn]).transpose(0, 3, 1, 2)
            view = teacher.look(np.ascontiguousarray(clean, dtype=np.float32))
        yield Batch(to_tensor([one.seen for one in drawn]), maker.make([one.labels for one in drawn]), view)


class Trainer:
    """The moving parts of one run."""

    def __init__(
        self, shape: DetectorShape, settings: TrainSettings, weights: LossWeights, device: torch.device
    ) -> None:
        self._settings = settings
        self._weights = weights
        self._device = device
        self.model = Detector(shape).to(device)
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = AveragedWeights(self.model, settings.average_decay)
        # From our maps to the teacher's: needed in training only.
        self.bridge = nn.ModuleList(nn.Conv2d(shape.width, TEACHER_WIDTH, 1) for _ in STRIDES).to(device)
        self._spread: list[Tensor] = []
        groups = split_decay(nn.ModuleList([self.model, self.bridge]), settings.weight_decay)
        self._optimiser = torch.optim.AdamW(groups, lr=settings.peak_rate)
        self._cycle = OneCycle(settings.peak_rate, settings.steps)
        corners, strides = cell_grid(settings.side)
        self._corners = torch.from_numpy(corners).to(device)
        self._strides = torch.from_numpy(strides).to(device)
        self.step = 0

    def train_step(self, batch: Batch) -> LossParts:
        """Take one step and return its loss."""
        self.model.train()
        set_rate(self._optimiser, self._cycle.rate(self.step))
        images = batch.images.to(self._device, memory_format=torch.channels_last)
        with autocast(self._device):
            features = self.model.features(images)
            maps = self.model.answer(features)
            bridged = [bridge(one) for bridge, one in zip(self.bridge, features, strict=True)]
        hints = torch.from_numpy(batch.view.scores).to(self._device) if batch.view else None
        loss = detector_loss(maps, batch.targets.to(self._device), hints, self._corners, self._strides, self._weights)
        total = loss.total
        if batch.view:
            wanted = [torch.from_numpy(one).to(self._device) for one in batch.view.features]
            if not self._spread:
                self._measure(wanted)
            total = total + self._weights.features * feature_loss(bridged, wanted, self._spread)
        self._optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), 10.0)
        self._optimiser.step()
        self.average.update(self.model)
        self.step += 1
        return LossParts(total.detach(), loss.score, loss.box, loss.points)

    def _measure(self, wanted: Sequence[Tensor]) -> None:
        """Take the scale of the teacher's maps from the first batch, and let the bridges begin at their means."""
        self._spread = [one.std(dim=(0, 2, 3), keepdim=True).clamp(min=0.05) for one in wanted]
        for bridge, one in zip(self.bridge, wanted, strict=True):
            assert isinstance(bridge, nn.Conv2d) and bridge.bias is not None
            bridge.weight.data.zero_()
            bridge.bias.data.copy_(one.mean(dim=(0, 2, 3)))

    def save(self, path: Path, loss: float) -> None:
        """Write a checkpoint to `path`."""
        parts = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "bridge": self.bridge.state_dict(),
            "spread": self._spread,
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
        self.bridge.load_state_dict(checkpoint.parts["bridge"])
        self._spread = [one.to(self._device) for one in checkpoint.parts["spread"]]
        self._optimiser.load_state_dict(checkpoint.parts["optimiser"])
        self.step = checkpoint.step
        return True

    def start_from(self, path: Path) -> None:
        """Take the averaged weights of another run's checkpoint as the first ones; ValueError without a file."""
        checkpoint = load_checkpoint(path)
        if checkpoint is None:
            raise ValueError(f"no checkpoint at {path}")
        self.model.load_state_dict(checkpoint.parts["average"]["model"])
        self.average = AveragedWeights(self.model, self._settings.average_decay)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the training that the command line describes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("config.toml"))
    parser.add_argument("--data", type=Path, required=True, help="folder with scenes.csv, or any pictures")
    parser.add_argument("--teachers", type=Path, required=True, help="folder with detector/yunet_n.onnx")
    parser.add_argument("--work", type=Path, required=True, help="folder for labels and checkpoints")
    parser.add_argument("--resume", action="store_true", help="continue from the last checkpoint")
    parser.add_argument("--start", type=Path, help="checkpoint of an earlier run to take the weights from")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    options = parser.parse_args(arguments)

    config = read_config(options.config)
    settings = TrainSettings(**config["train"])
    seed_everything(settings.seed)
    scenes = [scene for scene in list_scenes(options.data, options.work) if not kept_out(scene.name)]
    labels = load_labels(scenes, options.teachers, options.work / "labels.npz")
    crops = list_crops(options.data, options.work)
    chances = TileRandomness(**config["tile"])
    composer = Composer(load_pictures(scenes, labels), settings.side, chances, crops)
    trainer = Trainer(shape_from(config), settings, LossWeights(**config["loss"]), choose_device(options.device))
    path = options.work / "checkpoint.pt"
    if options.resume and trainer.resume(path):
        print(f"continuing after step {trainer.step}", flush=True)
    elif options.start:
        trainer.start_from(options.start)
    teacher = DenseTeacher(options.teachers)
    maker = TargetMaker(settings.side)
    source = batches(composer, maker, settings.batch, settings.seed + trainer.step, teacher)

    began, sums = time.monotonic(), np.zeros(4)
    while trainer.step < settings.steps:
        loss = trainer.train_step(next(source))
        sums += [float(part) for part in (loss.total, loss.score, loss.box, loss.points)]
        if trainer.step % _LOG_EVERY == 0:
            total, score, box, points = sums / _LOG_EVERY
            seconds = (time.monotonic() - began) / _LOG_EVERY
            print(
                f"step {trainer.step} loss {total:.4f} score {score:.4f} box {box:.4f} points {points:.4f} "
                f"{seconds:.3f} s/step",
                flush=True,
            )
            began, sums = time.monotonic(), np.zeros(4)
        if trainer.step % settings.checkpoint_steps == 0 or trainer.step == settings.steps:
            trainer.save(path, float(loss.total))


if __name__ == "__main__":
    main()
