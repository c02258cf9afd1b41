"""Is it pictures that are missing, or steps? How near the templates are to the teachers', seen and not seen.

Where samples shown in training fare as others of the same kind do, longer training or a larger network is the thing
to try; where they fare better, more pictures are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augment.geometry import centre_crop
from training.embedder.people import kept_out
from training.embedder.recognisers import Crops, Recogniser, Templates, from_file
from training.embedder.targets import CROP, Shown, shown_in
from training.runtime import read_config
from training.teachers.embedding import EmbeddingTeachers, normalised


def mean_distance(crops: Crops, recognise: Recogniser, wanted: Callable[[Crops], Templates]) -> float:
    """Mean of one minus the cosine between the template of each clean crop and the one it should have."""
    return float(1 - (recognise(crops) * wanted(crops)).sum(axis=1).mean())


def kinds(
    shown: Shown, new_people: int, unseen: Crops, *, count: int, rng: np.random.Generator
) -> Iterator[tuple[str, Crops, Crops]]:
    """Each kind of sample by name, with up to `count` crops that were shown and as many that were not.

    new_people: how many reshaped faces were. unseen: pictures kept out of training, Nx112x112x3 uint8 BGR. Blends
    and reshaped faces that were not shown are drawn as those that were, from the same pictures, by another seed.
    """
    others = replace(shown, seed=shown.seed + 1)
    start = 0
    for name, total in (("pictures", len(shown.pictures)), ("blends", shown.blends), ("reshaped", new_people)):
        if total:
            rows = start + rng.choice(total, min(count, total), replace=False)
            other = (
                unseen[rng.choice(len(unseen), min(count, len(unseen)), replace=False)]
                if name == "pictures"
                else _crops(others, rows)
            )
            yield name, _crops(shown, rows), other
        start += total


def _crops(shown: Shown, rows: NDArray[np.intp]) -> Crops:
    return np.stack([centre_crop(shown.canvas(int(row)), CROP) for row in rows])


def main() -> None:
    """Command line; prints one JSON object for each kind of sample."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).parent / "config.toml")
    parser.add_argument("--data", type=Path, required=True, help="folder with faces and faces.csv")
    parser.add_argument("--teachers", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder of training.embedder.train")
    parser.add_argument(
        "--model", type=Path, default=Path("models/default/embedder.fp32.onnx"), help="file on our contract"
    )
    parser.add_argument("--count", type=int, default=500, help="crops of each kind")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    settings = read_config(arguments.config)
    shown = shown_in(arguments.work, settings)
    teachers = EmbeddingTeachers(arguments.teachers)
    projection = np.load(arguments.work / "projection.npy").astype(np.float32)

    def wanted(crops: Crops) -> Templates:
        joined = np.concatenate([teachers.joined(crop[None], both_sides=shown.both_sides) for crop in crops])
        return normalised(normalised(joined) @ projection)

    recognise = from_file(arguments.model)
    rng = np.random.default_rng(int(settings["seed"]))
    new_people = int(settings["targets"]["reshaped"])
    unseen = kept_out(arguments.data).crops
    for name, seen, other in kinds(shown, new_people, unseen, count=arguments.count, rng=rng):
        row = {"shown": seen, "not_shown": other}
        means = {which: round(mean_distance(crops, recognise, wanted), 4) for which, crops in row.items()}
        print(json.dumps({"kind": name, **means, "crops": [len(seen), len(other)]}), flush=True)


if __name__ == "__main__":
    main()
