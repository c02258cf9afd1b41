"""The pictures shown in training and the templates that the teachers give them.

Sample `index` below the number of pictures is that picture; beyond it come blends of two pictures, and after
those, new people: named people's pictures with their features moved, half of them blended too. All are drawn from
the seed and the index alone, so labelling can stop at any sample, and they need not be stored (`--keep`
does: drawing one costs a sixth of learning from it).
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augment.geometry import Jitter, centre_crop, jittered_crop
from training.augment.reshape import reshaped
from training.embedder.chunks import CHUNK, Chunks
from training.images import Label, NoPictures, labels_of, open_pictures, resized
from training.runtime import read_config
from training.teachers.embedding import EmbeddingTeachers, normalised, principal_axes
from training.whole_file import whole_file

CANVAS = 128  # a crop on the ArcFace 112 template with 8 px of margin on every side
CROP = 112
# The two faces of a blend are moved against each other, so that one pair gives many people.
BLEND_JITTER = Jitter(rotation_deg=3.0, scale=0.03, shift_px=1.5, mirror_share=0.5)
# How far features are moved (reshape.py), chosen by eye: up to 3 they could be photographs, from 4 on they are
# monsters. Over 40 faces the teachers' joined templates had a mean cosine of 0.73 to the faces they came from at 2,
# and of 0.60 at 3.
RESHAPED_ALONE_PX = (1.5, 3.0)
RESHAPED_BLENDED_PX = (0.5, 2.0)
BLENDED_SHARE = 0.5
COLLECTIONS = ("faces", "masks")
_DRAWN = "drawn.json"


class OtherSamples(ValueError):
    """The templates in a work folder are of samples that were drawn by other settings."""


@dataclass(frozen=True, slots=True)
class Labelling:
    """How much of the labelling a process does.

    part, parts: only every `parts`th chunk, beginning with number `part`; so several processes share the work.
    keep: keep the drawn samples in `Shown.kept`, those of chunks that have their templates too.
    """

    part: int = 0
    parts: int = 1
    keep: bool = False


ALL_OF_IT = Labelling()


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything shown in training.

    pictures: Px128x128x3 uint8 BGR. people: P int32, the person's number, -1 where unknown.
    seed, seam_share: how blends are drawn. blends: how many there are; samples beyond them are reshaped.
    both_sides: whether the teachers' templates are sums over the picture and its mirror image.
    kept: blends and reshaped faces that need not be drawn again.
    """

    pictures: NDArray[np.uint8]
    people: NDArray[np.int32]
    seed: int
    seam_share: float
    blends: int
    both_sides: bool
    kept: Chunks

    def canvas(self, index: int) -> NDArray[np.uint8]:
        """The 128x128x3 picture of one sample."""
        count = len(self.pictures)
        if index < count:
            return np.asarray(self.pictures[index])
        canvas = self.kept.row(index)
        return self._canvas_drawn(index) if canvas is None else canvas

    def _canvas_drawn(self, index: int) -> NDArray[np.uint8]:
        count = len(self.pictures)
        rng = np.random.default_rng((self.seed, index))
        if index >= count + self.blends:
            return self._reshaped(rng)
        return self._blended(
            self._moved(int(rng.integers(count)), rng), self._moved(int(rng.integers(count)), rng), rng
        )

    def _moved(self, row: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        return jittered_crop(self.pictures[row], size=CANVAS, jitter=BLEND_JITTER, rng=rng)

    def _reshaped(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        named = np.nonzero(self.people >= 0)[0]
        rows = named if len(named) else np.arange(len(self.pictures))
        blended = bool(rng.random() < BLENDED_SHARE)
        low, high = RESHAPED_BLENDED_PX if blended else RESHAPED_ALONE_PX
        faces = [
            reshaped(self._moved(row, rng), strength_px=float(rng.uniform(low, high)), rng=rng)
            for row in rng.choice(rows, 2 if blended else 1)
        ]
        return self._blended(faces[0], faces[1], rng) if blended else faces[0]

    def _blended(
        self, first: NDArray[np.uint8], second: NDArray[np.uint8], rng: np.random.Generator
    ) -> NDArray[np.uint8]:
        if rng.random() >= self.seam_share:
            share = float(rng.uniform(0.3, 0.7))
            return np.asarray(cv2.addWeighted(first, share, second, 1 - share, 0), np.uint8)
        middle = rng.uniform(40, 85) + (CANVAS - CROP) / 2
        lower = 1 / (1 + np.exp(-(np.arange(CANVAS) - middle) / 4))
        mixed = first * (1 - lower)[:, None, None] + second * lower[:, None, None]
        return np.asarray(mixed + 0.5, np.uint8)


def gather(data: Path, work: Path) -> None:
    """Read the training pictures of all collections once, into `work/pictures.npy` and `work/people.npy`.

    data: a folder with the collections `faces` (and `faces.csv` if there are labels) and `masks`, as folders
    or tar files, or any folder of aligned square crops. Only pictures of the split `train` are read.
    """
    places = [data / name for name in COLLECTIONS]
    if not any(place.is_dir() or place.with_name(place.name + ".tar").is_file() for place in places):
        places = [data]
    found: list[tuple[Path, Label]] = []
    opened = {}
    for place in places:
        try:
            opened[place] = open_pictures(place)
        except NoPictures:
            continue
        labels = labels_of(opened[place], place.with_name(place.name + ".csv"))
        found += [(place, label) for label in labels if label.split == "train"]
    if not found:
        raise NoPictures(f"no training pictures in {data}")
    pictures = np.lib.format.open_memmap(
        work / "pictures.npy.partial", "w+", np.uint8, (len(found), CANVAS, CANVAS, 3)
    )
    names = [label.identity if place.name == "faces" or len(places) == 1 else "" for place, label in found]
    numbers = {name: number for number, name in enumerate(sorted({name for name in names if name}))}
    for row, (place, label) in enumerate(found):
        pictures[row] = resized(opened[place].read(label.name), CANVAS)
    pictures.flush()
    np.save(work / "people.npy", np.array([numbers.get(name, -1) for name in names], np.int32))
    (work / "pictures.npy.partial").rename(work / "pictures.npy")


def shown_in(work: Path, settings: dict[str, Any]) -> Shown:
    """What `gather` left in `work`."""
    return Shown(
        pictures=np.load(work / "pictures.npy", mmap_mode="r"),
        people=np.load(work / "people.npy"),
        seed=int(settings["seed"]),
        seam_share=float(settings["targets"]["seam_share"]),
        blends=int(settings["targets"]["blends"]),
        both_sides=bool(settings["targets"]["both_sides"]),
        kept=Chunks(work / "canvases"),
    )


def _drawn(shown: Shown, work: Path, *, new_people: int = 0) -> dict[str, float | bool]:
    """What decides which sample a number is, to be kept beside the templates.

    Raises OtherSamples when it would now be another than that whose template is in `work`. Only what comes last may
    become more: the blends until there are reshaped faces behind them, and those at any time.
    """
    now = {
        "pictures": len(shown.pictures),
        "seed": shown.seed,
        "seam_share": shown.seam_share,
        "blends": shown.blends,
        "reshaped": new_people > 0,
        "both_sides": shown.both_sides,
    }
    place = work / _DRAWN
    if not place.is_file():
        return now
    before = {"both_sides": False} | json.loads(place.read_text("utf-8"))
    now["reshaped"] |= before["reshaped"]
    longer = {"reshaped"} if before["reshaped"] or now["blends"] < before["blends"] else {"reshaped", "blends"}
    changed = [name for name in now if name not in longer and now[name] != before[name]]
    if changed:
        what = ", ".join(f"{name} was {before[name]}" for name in changed)
        raise OtherSamples(
            f"the templates in {work} are of other samples ({what}): set it back, or take a new folder"
        )
    return now


def label(
    shown: Shown,
    teachers: EmbeddingTeachers,
    work: Path,
    *,
    new_people: int,
    labelling: Labelling = ALL_OF_IT,
) -> None:
    """Let the teachers describe every sample, in chunks `work/templates/NNNNN.npy` of joined templates.

    Raises OtherSamples.
    """
    drawn = _drawn(shown, work, new_people=new_people)
    if labelling.part == 0:
        with whole_file(work / _DRAWN) as partial:
            partial.write_text(json.dumps(drawn), "utf-8")
    templates = Chunks(work / "templates")
    total = len(shown.pictures) + shown.blends + new_people
    for start in range(labelling.part * CHUNK, total, labelling.parts * CHUNK):
        samples = range(start, min(total, start + CHUNK))
        # The last chunk of an earlier labelling is shorter when there are more samples now.
        labelled = templates.hold(samples)
        to_keep = labelling.keep and samples.stop > len(shown.pictures) and not shown.kept.hold(samples)
        if labelled and not to_keep:
            continue
        canvases = [shown.canvas(index) for index in samples]
        if to_keep:
            shown.kept.write(samples, np.stack(canvases))
        if labelled:
            continue
        crops = (centre_crop(canvas, CROP)[None] for canvas in canvases)
        rows = [teachers.joined(crop, both_sides=shown.both_sides)[0] for crop in crops]
        templates.write(samples, np.stack(rows).astype(np.float16))
        print(json.dumps({"labelled": start + len(rows), "of": total}), flush=True)


def targets(shown: Shown, work: Path, *, size: int, person_share: float) -> NDArray[np.float32]:
    """Mx`size` target templates of length 1 for the samples labelled so far (the first M).

    The projection is taken from `work/projection.npy` if it is there (the space of weights that are being
    continued), else from the templates themselves and kept there. Raises OtherSamples.
    """
    _drawn(shown, work)
    templates = Chunks(work / "templates")
    # Several processes may label at once: what counts is the unbroken row of chunks from the first on.
    names = (templates.file(number * CHUNK) for number in range(len(list(templates.folder.iterdir()))))
    chunks = [np.load(name) for name in takewhile(Path.is_file, names)]
    # Only the last may be short: behind another short one every sample would get some other sample's template.
    whole = sum(1 for _ in takewhile(lambda chunk: len(chunk) == CHUNK, chunks))
    joined = normalised(np.concatenate(chunks[: whole + 1]).astype(np.float32))
    place = work / "projection.npy"
    if not place.is_file():
        np.save(place, principal_axes(joined[::5], size))
    rows = normalised(joined @ np.load(place).astype(np.float32))
    for person in np.unique(shown.people[shown.people >= 0]):
        members = np.nonzero(shown.people[: len(rows)] == person)[0]
        if len(members) > 1:
            mean = normalised(rows[members].mean(axis=0, keepdims=True))
            rows[members] = normalised((1 - person_share) * rows[members] + person_share * mean)
    return rows


def prepare(
    settings: dict[str, Any],
    *,
    data: Path,
    teachers: Path,
    work: Path,
    bfloat16: bool = False,
    labelling: Labelling = ALL_OF_IT,
) -> None:
    """Gather the pictures, then label them; continues where it was stopped. labelling: as for `label`.

    bfloat16: as for `training.teachers.calculation`. Part 0 gathers. Raises NoPictures in another part when it has
    not done so yet.
    """
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "pictures.npy").is_file():
        if labelling.part:
            raise NoPictures(f"no pictures in {work} yet: part 0 gathers them; start this part when it labels")
        gather(data, work)
    label(
        shown_in(work, settings),
        EmbeddingTeachers(teachers, bfloat16=bfloat16),
        work,
        new_people=int(settings["targets"]["reshaped"]),
        labelling=labelling,
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).parent / "config.toml")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teachers", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument(
        "--part", type=int, nargs=2, default=(0, 1), metavar=("K", "N"), help="label the Kth (from 0) of N parts"
    )
    parser.add_argument(
        "--bfloat16", action="store_true", help="by OpenVINO (extra train-fast): faster on a CPU with AMX"
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the drawn samples (48 KiB each): learning is faster then"
    )
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    settings = read_config(arguments.config)
    part, parts = arguments.part
    if not 0 <= part < parts:
        parser.error("--part K N: K from 0 to N - 1")
    try:
        prepare(
            settings,
            data=arguments.data,
            teachers=arguments.teachers,
            work=arguments.work,
            bfloat16=arguments.bfloat16,
            labelling=Labelling(part, parts, arguments.keep),
        )
    except (NoPictures, OtherSamples) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
