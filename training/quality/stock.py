"""Everything a run draws its examples from: the collections, their regions, and textures, for one split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.augment.geometry import Jitter
from training.quality.coverings import Wardrobe
from training.quality.examples import Damage, Example, ExampleMaker
from training.quality.faces import Faces, load_faces
from training.quality.outlines import load_outlines
from training.quality.regions import STORED_SIDE, FaceRegions, template_regions

# Crops kept in memory as textures of things laid over faces.
_TEXTURES: Final = 3000


def damage_from(table: dict[str, Any]) -> Damage:
    """The [damage] table of the config."""
    return Damage(**{**table, "jitter": Jitter(**table["jitter"])})


@dataclass(frozen=True, slots=True)
class Source:
    """One collection of a split: its pictures, the rows that belong to the split, how examples are made."""

    faces: Faces
    rows: NDArray[np.int64]
    maker: ExampleMaker


@dataclass(frozen=True, slots=True)
class Stock:
    """The unmasked faces of a split and, where the data has them, its really masked faces."""

    plain: Source
    masked: Source | None

    def draw(self, masked_share: float, rng: np.random.Generator) -> Example:
        """One example of a picture at random; `masked_share` of them from the masked collection."""
        source = self.masked if self.masked is not None and rng.random() < masked_share else self.plain
        return source.maker.make(int(source.rows[rng.integers(len(source.rows))]), rng)


def open_stock(
    data: Path, teachers: Path | None, work: Path, damage: Damage, *, landmarks: Path | None, kept_out: bool
) -> Stock:
    """The training split of the data folder, or what is kept out of training.

    landmarks: labels of the landmark role (`labels.npz`), for the true outline of each face's regions; faces
    that it does not know are left out, and without it all faces have the template's regions. Raises
    FileNotFoundError when there are no faces.
    """
    plain = load_faces(data, teachers, work, kind="faces")
    masked = load_faces(data, teachers, work, kind="masks")
    rows = plain.rows(kept_out=kept_out) if plain is not None else np.zeros(0, np.int64)
    if plain is None or not len(rows):
        raise FileNotFoundError(f"no faces of this split in {data}")
    masked_rows = masked.rows(kept_out=kept_out) if masked is not None else np.zeros(0, np.int64)
    wardrobe = Wardrobe(
        anything=plain.pictures[_some(rows)],
        masked=masked.pictures[_some(masked_rows)] if masked is not None else _no_pictures(),
    )
    sources = []
    for faces, split in ((plain, rows), (masked, masked_rows)):
        if faces is None or not len(split):
            continue
        regions, known = _regions(faces, landmarks)
        chosen = split[known[split]]
        sources.append(Source(faces, chosen, ExampleMaker(faces, regions, wardrobe, damage)))
    return Stock(sources[0], sources[1] if len(sources) > 1 else None)


def _regions(faces: Faces, landmarks: Path | None) -> tuple[tuple[FaceRegions, ...], NDArray[np.bool_]]:
    """The regions, one for all or one for each picture, and which pictures can be used."""
    if landmarks is None:
        return (template_regions(),), np.ones(len(faces), np.bool_)
    collection = "masks" if faces.masked else "faces"
    found = load_outlines(landmarks, collection, [label.name for label in faces.labels])
    # What a real mask hides is not reckoned from the regions, so there the template's will do.
    known = np.array([faces.masked or regions is not None for regions in found], np.bool_)
    return tuple(regions or template_regions() for regions in found), known


def _some(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    if len(rows) <= _TEXTURES:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, _TEXTURES, replace=False))


def _no_pictures() -> NDArray[np.uint8]:
    return np.zeros((0, STORED_SIDE, STORED_SIDE, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples side by side: pictures N x 112 x 112 x 3 uint8 and, N rows each, the labels of `Example`."""

    pictures: NDArray[np.uint8]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    weight: NDArray[np.float32]
    covering: NDArray[np.int64]


def collate(examples: Sequence[Example]) -> Batch:
    """One batch of the examples, in their order."""
    return Batch(
        np.stack([example.picture for example in examples]),
        np.stack([example.low for example in examples]),
        np.stack([example.high for example in examples]),
        np.stack([example.weight for example in examples]),
        np.array([example.covering for example in examples], np.int64),
    )


def batches(stock: Stock, size: int, masked_share: float, seed: int) -> Iterator[Batch]:
    """Training batches without end."""
    rng = np.random.default_rng(seed)
    while True:
        yield collate([stock.draw(masked_share, rng) for _ in range(size)])
