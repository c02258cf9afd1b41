"""Train landmarks and pose: python -m training.landmarks.train --config C --data DIR --teachers DIR --work DIR.

Labels made before by `python -m training.landmarks.labels` with the same --work are used; missing ones are
made first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.ahead import ahead
from training.beginning import STATISTICS_CROPS, first_weights
from training.command_line import parser_of
from training.landmarks.export import write_models
from training.landmarks.faces import Selection, chosen_rows, load_faces
from training.landmarks.frame import SIDE, to_frame
from training.landmarks.labels import LABELS_FILE, complete_labels, load
from training.landmarks.loss import LossPlan, interocular, landmark_loss
from training.landmarks.model import LandmarkNet, NetShape
from training.landmarks.samples import Face, Randomness, Sample, SampleMaker, plain_sample
from training.learner import Learner, Schedule, run
from training.runtime import autocast, choose_device, read_config, seed_everything

_LARGEST_GRADIENT = 20.0


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """The [train] table of the config."""

    batch: int
    steps: int
    peak_rate: float
    weight_decay: float
    average_decay: float
    checkpoint_steps: int

    @property
    def schedule(self) -> Schedule:
        """The part that the learner needs."""
        return Schedule(
            self.steps, self.peak_rate, self.weight_decay, self.average_decay, largest_gradient=_LARGEST_GRADIENT
        )


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


class Trainer(Learner[LandmarkNet]):
    """The landmark network while it learns."""

    def __init__(
        self, shape: NetShape, schedule: Schedule, plan: LossPlan, device: torch.device, mean: Tensor
    ) -> None:
        model = LandmarkNet(shape)
        model.start_at(mean)
        super().__init__(model, schedule, device)
        self._plan = plan
        self._device = device

    def train_step(self, samples: Sequence[Sample]) -> tuple[float, float]:
        """Take one step; return the losses of points and pose."""
        self.model.train()
        images, points, pose = collate(samples)
        images = images.to(self._device, memory_format=torch.channels_last)
        with autocast(self._device):
            outputs = self.model(images)
        of_points, of_pose = landmark_loss(outputs, points.to(self._device), pose.to(self._device), self._plan)
        self.learn(of_points + of_pose)
        return float(of_points.detach()), float(of_pose.detach())

    @torch.no_grad()
    def measure(self, samples: Sequence[Sample]) -> tuple[float, float]:
        """Mean point error in percent of the interocular distance and mean pose error in degrees."""
        images, points, pose = collate(samples)
        found, angles = self.average.model(images.to(self._device))
        apart = torch.linalg.vector_norm(found.cpu().view_as(points) * SIDE - points, dim=2).mean(dim=1)
        return float((apart / interocular(points)).mean() * 100), float((angles.cpu() - pose).abs().mean())


def mean_points(faces: Sequence[Face]) -> Tensor:
    """The mean face as 300 values in [0, 1] of the crop."""
    mean = np.mean([to_frame(face.points) for face in faces], axis=0) / SIDE
    return torch.from_numpy(mean.astype(np.float32).reshape(-1))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the training that the command line describes."""
    parser = parser_of(__file__, __doc__, data="folder with faces, masks and scenes")
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
    trainer = Trainer(shape_from(config), settings.schedule, LossPlan(**config["loss"]), device, mean_points(faces))
    path = options.work / "checkpoint.pt"
    if options.resume and trainer.resume(path):
        print(f"continuing after step {trainer.step}", flush=True)
        rng = np.random.default_rng(int(config["seed"]) + trainer.step)
    elif options.start is not None:

        def crops() -> Tensor:
            return collate([maker.draw(rng) for _ in range(STATISTICS_CROPS)])[0]

        trainer.begin_with(first_weights(options.start, trainer.model, crops))
    print(f"{len(faces)} faces to learn from, {len(measured)} to measure with", flush=True)
    source = ahead([maker.draw(rng) for _ in range(settings.batch)] for _ in range(trainer.step, settings.steps))

    def take_step() -> dict[str, float]:
        return dict(zip(("points", "pose"), trainer.train_step(next(source)), strict=True))

    def kept_out_error() -> dict[str, float]:
        percent, degrees = trainer.measure(measured)
        return {"kept_out_percent": round(percent, 3), "kept_out_degrees": round(degrees, 3)}

    run(trainer, take_step, path, checkpoint_every=settings.checkpoint_steps, at_checkpoint=kept_out_error)
    averaged = LandmarkNet(shape_from(config))
    averaged.load_state_dict(trainer.average.model.state_dict())
    write_models(averaged, faces, options.work)


if __name__ == "__main__":
    main()
