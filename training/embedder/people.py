"""The kept-out people: their crops, their pairs, and the groups that their labels name."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.augment.geometry import centre_crop
from training.embedder.targets import CANVAS, CROP
from training.images import Label, labels_of, open_pictures, resized

ADULT_YEARS = 18
# Rows of the table by age in years; UTKFace's labels are estimates.
AGE_GROUPS = ((0, 5), (6, 12), (13, 19), (20, 34), (35, 49), (50, 64), (65, 120))


@dataclass(frozen=True, slots=True)
class KeptOut:
    """Pictures of people whom training never touches.

    labels: N. crops: Nx112x112x3 uint8 BGR. people: N int32, -1 where the person is not known.
    sources: N names.
    """

    labels: list[Label]
    crops: NDArray[np.uint8]
    people: NDArray[np.int32]
    sources: NDArray[np.str_]

    def of_source(self, source: str) -> NDArray[np.intp]:
        """Rows of one source."""
        return np.nonzero(self.sources == source)[0]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of rows of a KeptOut. left, right: M. same: M bool."""

    left: NDArray[np.intp]
    right: NDArray[np.intp]
    same: NDArray[np.bool_]


def kept_out(data: Path) -> KeptOut:
    """The pictures of split `dev` of the collection `faces` below `data`."""
    pictures = open_pictures(data / "faces")
    labels = [label for label in labels_of(pictures, data / "faces.csv") if label.split == "dev"]
    crops = np.stack([centre_crop(resized(pictures.read(label.name), CANVAS), CROP) for label in labels])
    numbers = {name: number for number, name in enumerate(sorted({label.identity for label in labels} - {""}))}
    return KeptOut(
        labels=labels,
        crops=crops,
        people=np.array([numbers.get(label.identity, -1) for label in labels], np.int32),
        sources=np.array([label.source for label in labels]),
    )


def listed_pairs(table: Path, people: KeptOut) -> Pairs:
    """The pairs of a CSV file with the columns `a, b, same`."""
    rows = {label.name: row for row, label in enumerate(people.labels)}
    with table.open(newline="") as stream:
        pairs = [(rows[row["a"]], rows[row["b"]], row["same"] == "1") for row in csv.DictReader(stream)]
    left, right, same = zip(*pairs, strict=True)
    return Pairs(np.array(left, np.intp), np.array(right, np.intp), np.array(same, bool))


def groups(people: KeptOut) -> dict[str, NDArray[np.intp]]:
    """Rows by gender (adults only) and by age group, where labels say so."""
    found: dict[str, NDArray[np.intp]] = {}
    for gender in sorted({label.gender for label in people.labels} - {""}):
        found[f"{gender}, adult"] = np.array(
            [
                k
                for k, label in enumerate(people.labels)
                if label.gender == gender and float(label.age or 0) >= ADULT_YEARS
            ],
            np.intp,
        )
    for low, high in AGE_GROUPS:
        rows = [k for k, label in enumerate(people.labels) if label.age and low <= float(label.age) <= high]
        if len(rows) > 1:
            found[f"age {low}-{high}"] = np.array(rows, np.intp)
    return found
