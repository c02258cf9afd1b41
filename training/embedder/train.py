"""Train the student on what `training.embedder.targets` prepared; stops and continues at any step."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.augment.geometry import Jitter
from training.embedder.damage import Damage, damaged
from training.embedder.model import Embedder, continue_from
from training.embedder.targets import Shown, prepare, shown_in, targets
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
from training.together import Together, join

ALONE = Together()
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


def damage_from(settings: dict[str, Any]) -> Damage:
    """The `[damage]` table of the configuration."""
    table = settings["damage"]
    jitter = Jitter(
        rotation_deg=float(table["rotation_deg"]),
        scale=float(table["scale"]),
        shift_px=float(table["shift_px"]),
        mirror_share=float(table["mirror_share"]),
    )
    return Damage(
        jitter=jitter,
        light_share=float(table["light_share"]),
        occluder_share=float(table["occluder_share"]),
        noise_share=float(table["noise_share"]),
        low_light_share=float(table["low_light_share"]),
    )


def model_from(settings: dict[str, Any]) -> Embedder:
    """The network of the `[model]` table."""
    table = settings["model"]
    return Embedder(table["widths"], table["blocks"], table["added"], size=int(settings["targets"]["template_size"]))


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
    blend_share: float = 1.0,
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


def ahead(
    first: int,
    steps: int,
    shown: Shown,
    wanted: NDArray[np.float32],
    damage: Damage,
    settings: dict[str, Any],
    together: Together,
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    """This process's batches of the steps from `first` on, each drawn while the one before is learnt from."""
    table = settings["train"]
    with ThreadPoolExecutor(1) as drawing:

        def draw(step: int) -> Future[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
            return drawing.submit(
                batch_at,
                step * together.size + together.rank,
                shown,
                wanted,
                damage,
                size=int(table["batch"]),
                seed=int(settings["seed"]),
                blend_share=float(table["blend_share"]),
            )

        coming = draw(first) if first < steps else None
        for step in range(first, steps):
            assert coming is not None
            drawn = coming.result()
            coming = draw(step + 1) if step + 1 < steps else None
            yield drawn


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
    table = settings["train"]
    seed = int(settings["seed"])
    seed_everything(seed)
    where = choose_device(device)
    model = model_from(settings)
    if start is not None:
        continue_from(model, torch.load(start, map_location="cpu", weights_only=True))
    model = model.to(where, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = AveragedWeights(model, float(table["average_decay"]))
    optimiser = torch.optim.AdamW(split_decay(model, float(table["weight_decay"])))
    steps = int(table["steps"])
    cycle = OneCycle(float(table["peak_rate"]), steps, float(table["warm_share"]))
    damage = damage_from(settings)
    place = work / "checkpoint.pt"
    stored = load_checkpoint(place) if resume else None
    first, running = 0, 0.0
    if stored is not None:
        model.load_state_dict(stored.parts["model"])
        average.load_state_dict(stored.parts["average"])
        optimiser.load_state_dict(stored.parts["optimiser"])
        first, running = stored.step, stored.notes["distance"]
    began = time.perf_counter()
    model.train()
    batches = ahead(first, steps, shown, wanted, damage, settings, together)
    for step, (crops, goals) in zip(range(first, steps), batches, strict=True):
        set_rate(optimiser, cycle.rate(step))
        x = input_tensor(torch.from_numpy(crops).to(where))
        with autocast(where):
            templates = model(x)
        loss, distance = loss_of(
            templates, torch.from_numpy(goals).to(where), relation_weight=float(table["relation_weight"])
        )
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        together.average_gradients(model)
        optimiser.step()
        average.update(model)
        running = float(distance) if step == 0 else 0.98 * running + 0.02 * float(distance)
        if not together.leads:
            continue
        if step % 50 == 49:
            pace = (step + 1 - first) * len(goals) * together.size / (time.perf_counter() - began)
            line = {"step": step + 1, "of": steps, "distance": round(running, 4), "crops_per_s": round(pace)}
            print(json.dumps(line), flush=True)
        if (step + 1) % int(table["checkpoint_every"]) == 0 or step + 1 == steps:
            parts = {
                "model": model.state_dict(),
                "average": average.state_dict(),
                "optimiser": optimiser.state_dict(),
            }
            save_checkpoint(place, Checkpoint(step + 1, parts, {"distance": running}))
    averaged = average.model
    assert isinstance(averaged, Embedder)
    if together.leads:
        torch.save(averaged.state_dict(), work / "embedder.pt")
    return averaged.cpu()


def main() -> None:
    """Command line; `python -m training.embedder.targets` comes first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).parent / "config.toml")
    parser.add_argument("--data", type=Path, help="pictures, if the targets are not prepared yet")
    parser.add_argument("--teachers", type=Path, help="teachers, if the targets are not prepared yet")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="weights of a smaller network to continue from")
    parser.add_argument("--resume", action="store_true", help="continue from the last checkpoint in --work")
    parser.add_argument("--device", default="auto")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    settings = read_config(arguments.config)
    together = join()
    if arguments.data is not None and arguments.teachers is not None:
        if together.size > 1:
            parser.error("several processes: prepare the targets first, by python -m training.embedder.targets")
        prepare(settings, data=arguments.data, teachers=arguments.teachers, work=arguments.work)
    shown = shown_in(arguments.work, settings)
    table = settings["targets"]
    wanted = targets(
        shown,
        arguments.work,
        size=int(table["template_size"]),
        person_share=float(table["person_share"]),
    )
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
