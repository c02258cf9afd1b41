"""Train the detector: python -m training.detector.train --config C --data DIR --teachers DIR --work DIR."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.ahead import ahead
from training.beginning import first_weights
from training.command_line import parser_of
from training.detector.crops import list_crops
from training.detector.hard import hard_places
from training.detector.loss import LossParts, LossWeights, detector_loss, feature_loss
from training.detector.model import Detector, DetectorShape
from training.detector.mosaic import Composer, Picture, TileRandomness
from training.detector.scenes import Labels, Scene, kept_out, list_scenes, load_labels
from training.detector.targets import TargetMaker, Targets, cell_grid
from training.detector.teacher import STRIDES, DenseTeacher, DenseView
from training.detector.things import draw_things
from training.learner import Learner, Schedule, run
from training.runtime import autocast, choose_device, read_config, seed_everything
from training.together import ALONE, Together, join, tell

_LARGEST_GRADIENT = 10.0
_STATISTICS_TILES = 64  # for the statistics of a pack that is continued
TEACHER_WIDTH = 64  # channels of the maps that the teacher's heads read


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """The [train] table of the config.

    mine_steps: how often the hard places are looked for anew. things: how many pictures of things that are no faces
    are drawn. dense_teacher: whether the teacher looks at every picture drawn; without it the labels alone teach, in
    less time.
    """

    seed: int
    side: int
    batch: int
    steps: int
    peak_rate: float
    weight_decay: float
    average_decay: float
    checkpoint_steps: int
    mine_steps: int
    things: int
    dense_teacher: bool

    @property
    def schedule(self) -> Schedule:
        """The part that the learner needs."""
        return Schedule(
            self.steps, self.peak_rate, self.weight_decay, self.average_decay, largest_gradient=_LARGEST_GRADIENT
        )


def shape_from(config: dict[str, Any]) -> DetectorShape:
    """Return the network's shape from the [model] table."""
    table = dict(config["model"])
    table["blocks"], table["added"] = tuple(table["blocks"]), tuple(table["added"])
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


class Bridge(nn.Module):
    """From our maps to those that the teacher's heads read: a 1x1 convolution a stride, needed in training only.

    It takes the scale of the teacher's maps from the first ones it meets, and begins at their means.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Conv2d(width, TEACHER_WIDTH, 1) for _ in STRIDES)
        # The standard deviations of the teacher's channels, a stride in a row; 0 until they are known.
        self.register_buffer("spread", torch.zeros(len(STRIDES), TEACHER_WIDTH))

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Our pyramid's maps as the teacher would have them."""
        return [convolution(one) for convolution, one in zip(self.convolutions, maps, strict=True)]

    def loss(self, bridged: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
        """How far the maps are from the teacher's, each channel on its own scale."""
        scales = [row.view(1, -1, 1, 1) for row in self.get_buffer("spread")]
        return feature_loss(bridged, wanted, scales)

    @torch.no_grad()
    def meet(self, wanted: Sequence[Tensor]) -> bool:
        """Take scale and means from the teacher's maps, the first time only; returns whether it was."""
        spread = self.get_buffer("spread")
        if bool(spread.any()):
            return False
        for convolution, row, one in zip(self.convolutions, spread, wanted, strict=True):
            assert isinstance(convolution, nn.Conv2d) and convolution.bias is not None
            row.copy_(one.std(dim=(0, 2, 3)).clamp(min=0.05))
            convolution.weight.zero_()
            convolution.bias.copy_(one.mean(dim=(0, 2, 3)))
        return True


class Trainer(Learner[Detector]):
    """The detector while it learns."""

    def __init__(
        self,
        shape: DetectorShape,
        settings: TrainSettings,
        weights: LossWeights,
        device: torch.device,
        together: Together = ALONE,
    ) -> None:
        self._bridge = Bridge(shape.width)
        super().__init__(Detector(shape), settings.schedule, device, beside=self._bridge, together=together)
        self._weights = weights
        self._device = device
        corners, strides = cell_grid(settings.side)
        self._corners = torch.from_numpy(corners).to(device)
        self._strides = torch.from_numpy(strides).to(device)

    def train_step(self, batch: Batch) -> LossParts:
        """Take one step and return its loss."""
        self.model.train()
        images = batch.images.to(self._device, memory_format=torch.channels_last)
        wanted = [torch.from_numpy(one).to(self._device) for one in batch.view.features] if batch.view else []
        if wanted and self._bridge.meet(wanted):
            self.together.agree(self._bridge)
        with autocast(self._device):
            features = self.model.features(images)
            maps = self.model.answer(features)
            bridged = self._bridge(features) if wanted else []
        hints = torch.from_numpy(batch.view.scores).to(self._device) if batch.view else None
        loss = detector_loss(maps, batch.targets.to(self._device), hints, self._corners, self._strides, self._weights)
        total = loss.total
        if wanted:
            total = total + self._weights.features * self._bridge.loss(bridged, wanted)
        self.learn(total)
        return LossParts(total.detach(), loss.score, loss.box, loss.points)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the training that the command line describes."""
    parser = parser_of(__file__, __doc__, data="folder with scenes.csv, or any pictures")
    options = parser.parse_args(arguments)

    config = read_config(options.config)
    settings = TrainSettings(**config["train"])
    seed_everything(settings.seed)
    together = join()
    if not together.leads:
        together.wait()  # until the first process has unpacked and labelled
    scenes = [scene for scene in list_scenes(options.data, options.work) if not kept_out(scene.name)]
    labels = load_labels(scenes, options.teachers, options.work / "labels.npz")
    crops = list_crops(options.data, options.work)
    if together.leads:
        together.wait()
    chances = TileRandomness(**config["tile"])
    pictures = load_pictures(scenes, labels)
    shown = [picture for group in pictures for picture in group]
    things = draw_things(settings.things, shown, np.random.default_rng(settings.seed))
    composer = Composer(pictures, settings.side, chances, crops, things)
    device = choose_device(options.device)
    trainer = Trainer(shape_from(config), settings, LossWeights(**config["loss"]), device, together)
    maker = TargetMaker(settings.side)
    path = options.work / "checkpoint.pt"
    if options.resume and trainer.resume(path):
        tell(f"continuing after step {trainer.step}")
    elif options.start is not None:
        drawn = batches(composer, maker, _STATISTICS_TILES, settings.seed)
        weights = first_weights(options.start, trainer.model, lambda: next(drawn).images)
        trainer.begin_with(weights, strict=False)
    teacher = DenseTeacher(options.teachers) if settings.dense_teacher else None
    # Each of several processes draws pictures of its own, and looks for hard places in its share of the scenes.
    seed = (settings.seed + trainer.step) * together.size + together.rank
    share = shown[together.rank :: together.size]
    source = ahead(batches(composer, maker, settings.batch, seed, teacher))
    first = trainer.step

    def take_step() -> dict[str, float]:
        if chances.hard and (trainer.step == first or trainer.step % settings.mine_steps == 0):
            averaged = trainer.average.model
            assert isinstance(averaged, Detector)
            composer.hard = hard_places(averaged, share, device)
            tell(f"{len(composer.hard)} hard places")
        loss = trainer.train_step(next(source))
        return {item.name: float(getattr(loss, item.name)) for item in fields(loss)}

    run(trainer, take_step, path, checkpoint_every=settings.checkpoint_steps)


if __name__ == "__main__":
    main()
