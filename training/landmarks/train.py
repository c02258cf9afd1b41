"""Train landmarks and pose: python -m training.landmarks.train --config C --data DIR --teachers DIR --work DIR.

Labels made before by `python -m training.landmarks.labels` with the same --work are used; missing ones are
made first.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.landmarks.export import write_models
from training.landmarks.faces import Selection, chosen_rows, load_faces
from training.landmarks.frame import SIDE, to_frame
from training.landmarks.labels import LABELS_FILE, complete_labels, load
from training.landmarks.loss import LossPlan, interocular, landmark_loss
from training.landmarks.model import LandmarkNet, NetShape
from training.landmarks.samples import Face, Randomness, Sample, SampleMaker, plain_sample
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

_LOG_EVERY = 100


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """The [train] table of the config."""

    batch: int
    steps: int
    peak_rate: float
    weight_decay: float
    average_decay: float
    checkpoint_steps: int


def shape_from(config: dict[str, Any]) -> NetShape:
    """The network's shape from the [model] table."""
    table = dict(config["model"])
    table["stages"], table["blocks"] = tuple(table["stages"]), tuple(table["blocks"])
    return NetShape(**table)


def to_tensor(pictures: Sequence[NDArray[np.uint8]]) -> Tensor:
    """Pictures (each 112 x 112 x 3 BGR uint8) as N x 3 x 112 x 112 in [-1, 1)."""
    stacked = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
    return (stacked.float() - 127.5) / 128.0


def collate(samples: Sequence[Sample]) -> tuple[Tensor, Tensor, Tensor]:
    """Input, points (N x 150 x 2 pixels) and pose (N x 3 degrees) of a batch."""
    points = torch.from_numpy(np.stack([sample.points for sample in samples]))
    pose = torch.from_numpy(np.stack([sample.pose for sample in samples]))
    return to_tensor([sample.picture for sample in samples]), points, pose


class Trainer:
    """The moving parts of one run."""

    def __init__(
        self, shape: NetShape, settings: TrainSettings, plan: LossPlan, device: torch.device, mean: Tensor
    ) -> None:
        self._settings = settings
        self._plan = plan
        self._device = device
        self.model = LandmarkNet(shape)
        self.model.start_at(mean)
        self.model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = AveragedWeights(self.model, settings.average_decay)
        groups = split_decay(self.model, settings.weight_decay)
        self._optimiser = torch.optim.AdamW(groups, lr=settings.peak_rate)
        self._cycle = OneCycle(settings.peak_rate, settings.steps)
        self.step = 0

    def train_step(self, samples: Sequence[Sample]) -> tuple[float, float]:
        """Take one step; return the losses of points and pose."""
        self.model.train()
        set_rate(self._optimiser, self._cycle.rate(self.step))
        images, points, pose = collate(samples)
        images = images.to(self._device, memory_format=torch.channels_last)
        with autocast(self._device):
            outputs = self.model(images)
        of_points, of_pose = landmark_loss(outputs, points.to(self._device), pose.to(self._device), self._plan)
        self._optimiser.zero_grad(set_to_none=True)
        (of_points + of_pose).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 20.0)
        self._optimiser.step()
        self.average.update(self.model)
        self.step += 1
        return float(of_points.detach()), float(of_pose.detach())

    @torch.no_grad()
    def measure(self, samples: Sequence[Sample]) -> tuple[float, float]:
        """Mean point error in percent of the interocular distance and mean pose error in degrees."""
        images, points, pose = collate(samples)
        found, angles = self.average.model(images.to(self._device))
        apart = torch.linalg.vector_norm(found.cpu().view_as(points) * SIDE - points, dim=2).mean(dim=1)
        return float((apart / interocular(points)).mean() * 100), float((angles.cpu() - pose).abs().mean())

    def save(self, path: Path) -> None:
        """Write a checkpoint."""
        parts = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
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
        self._optimiser.load_state_dict(checkpoint.parts["optimiser"])
        self.step = checkpoint.step
        return True


def mean_points(faces: Sequence[Face]) -> Tensor:
    """The mean face as 300 values in [0, 1] of the crop."""
    mean = np.mean([to_frame(face.points) for face in faces], axis=0) / SIDE
    return torch.from_numpy(mean.astype(np.float32).reshape(-1))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the training that the command line describes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("config.toml"))
    parser.add_argument("--data", type=Path, required=True, help="folder with faces, masks and scenes")
    parser.add_argument("--teachers", type=Path, required=True, help="folder of the teachers' manifest")
    parser.add_argument("--work", type=Path, required=True, help="folder for labels, checkpoints and models")
    parser.add_argument("--resume", action="store_true", help="continue from the last checkpoint")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    options = parser.parse_args(arguments)

    config = read_config(options.config)
    rng = seed_everything(int(config["seed"]))
    complete_labels(options.data, options.teachers, options.work, config["labels"])
    labels = load(options.work / LABELS_FILE)
    limit = float(config["labels"]["largest_apart"])
    faces = load_faces(labels, options.data, chosen_rows(labels, Selection("train", limit)))
    kept_out = chosen_rows(labels, Selection("dev", limit))[:: int(config["train"].pop("measure_every_nth"))]
    measured = [plain_sample(face) for face in load_faces(labels, options.data, kept_out)]
    settings = TrainSettings(**config["train"])
    maker = SampleMaker(faces, Randomness(**config["randomness"]))
    device = choose_device(options.device)
    trainer = Trainer(shape_from(config), settings, LossPlan(**config["loss"]), device, mean_points(faces))
    path = options.work / "checkpoint.pt"
    if options.resume and trainer.resume(path):
        print(f"continuing after step {trainer.step}", flush=True)
        rng = np.random.default_rng(int(config["seed"]) + trainer.step)
    print(f"{len(faces)} faces to learn from, {len(measured)} to measure with", flush=True)

    began, sums = time.monotonic(), np.zeros(2)
    while trainer.step < settings.steps:
        sums += trainer.train_step([maker.draw(rng) for _ in range(settings.batch)])
        if trainer.step % _LOG_EVERY == 0:
            of_points, of_pose = sums / _LOG_EVERY
            seconds = (time.monotonic() - began) / _LOG_EVERY
            print(f"step {trainer.step} points {of_points:.3f} pose {of_pose:.3f} {seconds:.3f} s/step", flush=True)
            began, sums = time.monotonic(), np.zeros(2)
        if trainer.step % settings.checkpoint_steps == 0 or trainer.step == settings.steps:
            trainer.save(path)
            error, degrees = trainer.measure(measured)
            print(f"step {trainer.step} kept out: points {error:.2f} % pose {degrees:.2f} deg", flush=True)
    averaged = LandmarkNet(shape_from(config))
    averaged.load_state_dict(trainer.average.model.state_dict())
    write_models(averaged, faces, options.work)


if __name__ == "__main__":
    main()
