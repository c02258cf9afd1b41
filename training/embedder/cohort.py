"""Learn how much strangers look like a template, so that the engine can take it off (edgeface/similarity.py).

The cohort are the training pictures. What is learnt of a template is the mean of its highest cosines to them; the
network that says so from the template alone is exported, the cohort stays here.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgeface.inference.cohort import space_with
from edgeface.inference.pack import COHORT_INPUT, COHORT_OUTPUT, VariantSpec
from edgeface.similarity import TemplateSpace
from training.augment.geometry import centre_crop
from training.embedder.damage import Damage, damage_from, damaged
from training.embedder.people import kept_out
from training.embedder.recognisers import Crops, Recogniser, Templates, from_file
from training.embedder.targets import CROP, Shown, shown_in
from training.onnx_export import export_model, largest_difference
from training.runtime import OneCycle, read_config, seed_everything, set_rate

COHORT_NAME = "cohort.onnx"
_BLOCK = 512
_TOLERANCE = 1e-4

Crowding = NDArray[np.float32]


class CohortNetwork(nn.Module):
    """Templates (n, size) of length 1 to offsets (n,)."""

    def __init__(self, size: int, hidden: int) -> None:
        super().__init__()
        # Components of a template are about 1 / sqrt(size): scaled up they are what the layers' first weights expect.
        self.scale = float(np.sqrt(size))
        self.layers = nn.Sequential(nn.Linear(size, hidden), nn.ReLU(), nn.Linear(hidden, 1))
        self.middle = nn.Parameter(torch.zeros(()), requires_grad=False)
        self.spread = nn.Parameter(torch.ones(()), requires_grad=False)
        self.bounds = nn.Parameter(torch.tensor([-1.0, 1.0]), requires_grad=False)

    def forward(self, templates: Tensor) -> Tensor:
        """The offsets of a batch, none beyond what training pictures had.

        Otherwise a template made for it could have so low an offset that it is like everybody.
        """
        offsets: Tensor = self.units(templates) * self.spread + self.middle
        return torch.minimum(torch.maximum(offsets, self.bounds[0]), self.bounds[1])

    def units(self, templates: Tensor) -> Tensor:
        """The offsets in standard deviations from their mean."""
        units: Tensor = self.layers(templates * self.scale)[:, 0]
        return units


def crowding(templates: Templates, cohort: Templates, *, share: float, skipped: int) -> Crowding:
    """The mean of each template's highest cosines to the cohort (n,).

    share: of the cohort, how many count. skipped: so many of the very highest do not: they may be the template's own
    picture, or another of the same person.
    """
    count = max(1, round(share * len(cohort)))
    found = np.empty(len(templates), np.float32)
    for start in range(0, len(templates), _BLOCK):
        cosines = templates[start : start + _BLOCK] @ cohort.T
        highest = np.sort(np.partition(cosines, -skipped - count, axis=1)[:, -skipped - count :], axis=1)
        found[start : start + _BLOCK] = highest[:, :count].mean(axis=1)
    return found


def crops_of(shown: Shown, damage: Damage, rows: NDArray[np.intp], seed: int) -> Iterator[Crops]:
    """The samples of the given numbers, in blocks: every second one as training draws it, the others as they are."""
    rng = np.random.default_rng((seed, 4))
    for start in range(0, len(rows), _BLOCK):
        canvases = [shown.canvas(int(row)) for row in rows[start : start + _BLOCK]]
        yield np.stack(
            [
                damaged(canvas, damage, rng) if number % 2 else centre_crop(canvas, CROP)
                for number, canvas in enumerate(canvases)
            ]
        )


def fit(
    templates: Templates, offsets: Crowding, *, hidden: int, passes: int, batch: int, rate: float, decay: float
) -> CohortNetwork:
    """A network that gives `offsets` (n,) for `templates` (n, size), on the CPU."""
    network = CohortNetwork(templates.shape[1], hidden)
    network.middle.data.fill_(float(offsets.mean()))
    network.spread.data.fill_(float(offsets.std()))
    network.bounds.data.copy_(torch.tensor([float(offsets.min()), float(offsets.max())]))
    x = torch.from_numpy(templates)
    wanted = (torch.from_numpy(offsets) - network.middle) / network.spread
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=decay)
    steps_a_pass = -(-len(x) // batch)
    cycle = OneCycle(rate, passes * steps_a_pass)
    for number in range(passes):
        order = torch.randperm(len(x))
        for step in range(steps_a_pass):
            rows = order[step * batch : (step + 1) * batch]
            set_rate(optimiser, cycle.rate(number * steps_a_pass + step))
            loss = (network.units(x[rows]) - wanted[rows]).square().mean()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return network.eval()


def write(network: CohortNetwork, path: Path, size: int) -> None:
    """Export to ONNX. Raises ValueError when the file does not compute what the network does."""
    example = nn.functional.normalize(torch.randn(4, size))
    axes = {COHORT_INPUT: {0: "batch"}, COHORT_OUTPUT: {0: "batch"}}
    export_model(network, example, path, outputs=[COHORT_OUTPUT], dynamic=axes, input_name=COHORT_INPUT)
    difference = largest_difference(network, path, example)
    if difference > _TOLERANCE:
        raise ValueError(f"the exported network differs by {difference:.2g}")


def learn(
    settings: dict[str, Any], shown: Shown, recognise: Recogniser, *, new_people: int
) -> tuple[CohortNetwork, Templates]:
    """The network for a recogniser, by the `[cohort]` table, and the templates of the cohort."""
    table, seed = settings["cohort"], int(settings["seed"])
    seed_everything(seed)
    rng = np.random.default_rng((seed, 5))
    total = len(shown.pictures)
    cohort_rows = np.sort(rng.choice(total, min(total, int(table["cohort"])), replace=False))
    cohort = np.concatenate(
        [
            recognise(np.stack([centre_crop(np.asarray(shown.pictures[row]), CROP) for row in rows]))
            for rows in np.split(cohort_rows, range(_BLOCK, len(cohort_rows), _BLOCK))
        ]
    )
    everything = total + shown.blends + new_people
    others = rng.choice(everything, min(everything, int(table["samples"])), replace=False)
    learnt_from = [cohort] + [recognise(crops) for crops in crops_of(shown, damage_from(settings), others, seed)]
    templates = np.concatenate(learnt_from)
    near = crowding(templates, cohort, share=float(table["share"]), skipped=int(table["skipped"]))
    # Half from each template of a pair; relative to natural pictures, so that similarities stay about cosines.
    offsets = np.float32(float(table["strength"]) / 2) * (near - near[: len(cohort)].mean())
    network = fit(
        templates,
        offsets,
        hidden=int(table["hidden"]),
        passes=int(table["passes"]),
        batch=int(table["batch"]),
        rate=float(table["peak_rate"]),
        decay=float(table["weight_decay"]),
    )
    return network, cohort


def space_beside(model: Path, size: int) -> TemplateSpace:
    """How templates of an embedder's file are compared: by the cohort network beside it, if there is one."""
    path = model.with_name(COHORT_NAME)
    if not path.is_file():
        return TemplateSpace(size)
    return space_with(VariantSpec(path, sha256(path.read_bytes()).hexdigest()), size)


def main() -> None:
    """Command line; prints how well the network knows pictures kept out of training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).parent / "config.toml")
    parser.add_argument("--work", type=Path, required=True, help="folder of training.embedder.train")
    parser.add_argument("--data", type=Path, required=True, help="folder with faces and faces.csv")
    parser.add_argument("--model", type=Path, default=Path("models/default/embedder.fp32.onnx"))
    parser.add_argument("--output", type=Path, required=True, help="the ONNX file to write")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    settings = read_config(arguments.config)
    shown = shown_in(arguments.work, settings)
    recognise = from_file(arguments.model)
    new_people = int(settings["targets"]["reshaped"])
    network, cohort = learn(settings, shown, recognise, new_people=new_people)
    write(network, arguments.output, cohort.shape[1])
    table = settings["cohort"]
    unseen = recognise(kept_out(arguments.data).crops)
    near = crowding(unseen, cohort, share=float(table["share"]), skipped=int(table["skipped"]))
    with torch.no_grad():
        told = network(torch.from_numpy(unseen)).numpy()
    row = {"crowding_mean": near.mean(), "crowding_sd": near.std(), "correlation": np.corrcoef(told, near)[0, 1]}
    print(json.dumps({"kept_out": len(unseen), **{name: round(float(value), 4) for name, value in row.items()}}))


if __name__ == "__main__":
    main()
