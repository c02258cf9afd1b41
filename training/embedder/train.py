"""Train the student on what `training.embedder.targets` prepared; stops and continues at any step."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.ahead import ahead
from training.command_line import parser_of
from training.embedder.beginning import embedder_weights
from training.embedder.damage import Damage, damage_from, damaged
from training.embedder.model import Embedder
from training.embedder.targets import OtherSamples, Shown, prepare, shown_in, targets
from training.images import NoPictures
from training.learner import Learner, Schedule, run
from training.runtime import autocast, choose_device, read_config, seed_everything
from training.together import ALONE, Together, join

Rows = NDArray[np.intp]


def loss_of(templates: Tensor, wanted: Tensor, *, relation_weight: float) -> tuple[Tensor, Tensor]:
    """The training loss, and its first part: one minus the mean cosine to the target.

    The second part compares how like each other the batch's templates are: the cosine between two people is
    what verification uses, and it may be off even where each template is near its target.
    """
    found = functional.normalize(templates.float())
    distance = (1 - (found * wanted).sum(dim=1)).mean()
    relation = (found @ found.T - wanted @ wanted.T).square().mean()
    return distance + relation_weight * relation, distance.detach()


def model_from(settings: dict[str, Any]) -> Embedder:
    """The network of the `[model]` table."""
    table = settings["model"]
    size = int(settings["targets"]["template_size"])
    return Embedder(table["widths"], table["blocks"], table["added"], size=size, early=int(table["early"]))


def input_tensor(crops: Tensor) -> Tensor:
    """The network's input from Nx112x112x3 uint8 BGR; channels-last, which trains faster."""
    return crops.permute(0, 3, 1, 2).float().sub_(127.5).mul_(1 / 128)


@lru_cache(maxsize=2)
def order_of_pass(number: int, *, pictures: int, blends: int, count: int, blend_share: float, seed: int) -> Rows:
    """The samples of one pass in the order shown: everything, but of the blends only a share, drawn anew.

    count: samples that have a target; the first `pictures` are pictures, the next `blends` are blends of two.
    """
    rng = np.random.default_rng((seed, number, 1))
    last = min(count, pictures + blends)
    blended = np.arange(min(count, pictures), last)
    kept = rng.choice(blended, round(blend_share * len(blended)), replace=False)
    return rng.permutation(np.concatenate([np.arange(min(count, pictures)), kept, np.arange(last, count)]))


def batch_at(
    step: int,
    shown: Shown,
    wanted: NDArray[np.float32],
    damage: Damage,
    *,
    size: int,
    seed: int,
    blend_share: float,
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Crops (Nx112x112x3) and targets of one step; each pass over the samples is a new permutation."""

    def order_of(number: int) -> Rows:
        return order_of_pass(
            number,
            pictures=len(shown.pictures),
            blends=shown.blends,
            count=len(wanted),
            blend_share=blend_share,
            seed=seed,
        )

    per_pass = max(1, len(order_of(0)) // size)
    order = order_of(step // per_pass)
    rows = order[(step % per_pass) * size : (step % per_pass + 1) * size]
    rng = np.random.default_rng((seed, step, 2))
    crops = np.stack([damaged(shown.canvas(int(row)), damage, rng) for row in rows])
    return crops, wanted[rows]


def batches(
    steps: range, shown: Shown, wanted: NDArray[np.float32], settings: dict[str, Any], together: Together
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    """This process's batches of the given steps."""
    table, damage = settings["train"], damage_from(settings)
    for step in steps:
        yield batch_at(
            step * together.size + together.rank,
            shown,
            wanted,
            damage,
            size=int(table["batch"]),
            seed=int(settings["seed"]),
            blend_share=float(table["blend_share"]),
        )


def schedule_from(settings: dict[str, Any]) -> Schedule:
    """The part of the `[train]` table that the learner needs."""
    table = settings["train"]
    return Schedule(
        steps=int(table["steps"]),
        peak_rate=float(table["peak_rate"]),
        weight_decay=float(table["weight_decay"]),
        average_decay=float(table["average_decay"]),
        warm_share=float(table["warm_share"]),
    )


def train(
    settings: dict[str, Any],
    shown: Shown,
    wanted: NDArray[np.float32],
    work: Path,
    *,
    resume: bool,
    start: Path | None = None,
    device: str = "auto",
    together: Together = ALONE,
) -> Embedder:
    """Train, write `work/embedder.pt` (averaged weights) at the end, and return that network."""
    seed_everything(int(settings["seed"]))
    where = choose_device(device)
    learner = Learner(model_from(settings), schedule_from(settings), where, together=together)
    place = work / "checkpoint.pt"
    if not (resume and learner.resume(place)) and start is not None:
        learner.begin_with(embedder_weights(start, shown, settings), strict=False)
    relation_weight = float(settings["train"]["relation_weight"])
    steps = range(learner.step, learner.schedule.steps)
    source = ahead(batches(steps, shown, wanted, settings, together))

    def take_step() -> dict[str, float]:
        crops, goals = next(source)
        learner.model.train()
        x = input_tensor(torch.from_numpy(crops).to(where))
        with autocast(where):
            templates = learner.model(x)
        loss, distance = loss_of(templates, torch.from_numpy(goals).to(where), relation_weight=relation_weight)
        learner.learn(loss)
        return {"loss": float(loss.detach()), "distance": float(distance)}

    run(learner, take_step, place, checkpoint_every=int(settings["train"]["checkpoint_every"]))
    averaged = learner.average.model
    assert isinstance(averaged, Embedder)
    if together.leads:
        torch.save(averaged.state_dict(), work / "embedder.pt")
    return averaged.cpu()


def main() -> None:
    """Command line; `python -m training.embedder.targets` comes first."""
    parser = parser_of(
        __file__,
        __doc__,
        data="pictures, if the targets are not prepared yet",
        data_needed=False,
        teachers_needed=False,
    )
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    settings = read_config(arguments.config)
    together = join()
    if together.size > 1 and arguments.data is not None and arguments.teachers is not None:
        parser.error("several processes: prepare the targets first, by python -m training.embedder.targets")
    try:
        if arguments.data is not None and arguments.teachers is not None:
            prepare(settings, data=arguments.data, teachers=arguments.teachers, work=arguments.work)
        shown = shown_in(arguments.work, settings)
        table = settings["targets"]
        wanted = targets(
            shown,
            arguments.work,
            size=int(table["template_size"]),
            person_share=float(table["person_share"]),
        )
    except (NoPictures, OtherSamples) as error:
        parser.error(str(error))
    print(json.dumps({"samples": len(wanted), "pictures": len(shown.pictures)}), flush=True)
    train(
        settings,
        shown,
        wanted,
        arguments.work,
        resume=arguments.resume,
        start=arguments.start,
        device=arguments.device,
        together=together,
    )


if __name__ == "__main__":
    main()
