"""Shows the pictures to the teachers once and keeps their fused labels in a file."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeface.geometry import similarity
from training.augment.geometry import TEMPLATE_112
from training.detector.teacher import Teacher
from training.landmarks.fusion import Fused, Teachers
from training.landmarks.plan import open_collections, planned
from training.runtime import read_config
from training.teachers.landmarks_crop import FaceBox

LABELS_FILE = "labels.npz"
# Aligned crops: the ArcFace 112 template with 8 pixels of margin; wide crops of scenes: with 40.
CROP_SIDE = 128
WIDE_SIDE = 192
WIDE_MARGIN = (WIDE_SIDE - CROP_SIDE) // 2
# Where a face lies in an aligned crop, forehead to chin.
_CROP_BOX = FaceBox(64.0, 74.0, 100.0, 100.0)
_SAVE_EVERY = 500


@dataclass(frozen=True, slots=True)
class LabelSet:
    """Labels of N faces.

    files: name inside its collection (`faces/...`, `masks/...`, `scenes/...#n`). splits: `train` or `dev`.
    points: (N, 150, 2) float32, pixels of the 128 x 128 aligned crop. pose: (N, 3) float32 degrees (see
    `fusion.Fused`). apart: (N,) float32. wide: (M, 192, 192, 3) uint8 BGR crops of the scenes' faces, which
    have no aligned crop of their own; wide_of: (M,) their row.
    """

    files: NDArray[np.str_]
    splits: NDArray[np.str_]
    points: NDArray[np.float32]
    pose: NDArray[np.float32]
    apart: NDArray[np.float32]
    wide: NDArray[np.uint8]
    wide_of: NDArray[np.int64]


def wide_crops(image: NDArray[np.uint8], finder: Teacher, smallest: float) -> list[NDArray[np.uint8]]:
    """Aligned 192 x 192 crops with their true surroundings of all certain faces of a scene."""
    faces = finder.find(image, 0.7)
    crops = []
    for points in faces.points:
        if float(np.linalg.norm(points[1] - points[0])) < smallest:
            continue
        target = TEMPLATE_112 + 8 + WIDE_MARGIN
        matrix = similarity(points.astype(np.float64), target)
        crop = cv2.warpAffine(image, matrix, (WIDE_SIDE, WIDE_SIDE), borderMode=cv2.BORDER_CONSTANT)
        crops.append(crop.astype(np.uint8, copy=False))
    return crops


class Labeller:
    """Turns one planned picture into labelled faces."""

    def __init__(self, data: Path, teachers: Path, smallest: float) -> None:
        self._collections = open_collections(data)
        self._teachers = Teachers(teachers)
        self._finder = Teacher(teachers)
        self._smallest = smallest

    def faces(self, file: str) -> Iterator[tuple[str, Fused, NDArray[np.uint8] | None]]:
        """(file, labels, wide crop of a scene's face or None) of each face of a picture."""
        collection, _, name = file.partition("/")
        image = self._collections[collection].read(name)
        if collection != "scenes":
            yield file, self._teachers.label(image, _CROP_BOX), None
            return
        for number, crop in enumerate(wide_crops(image, self._finder, self._smallest)):
            box = FaceBox(_CROP_BOX.x + WIDE_MARGIN, _CROP_BOX.y + WIDE_MARGIN, _CROP_BOX.width, _CROP_BOX.height)
            fused = self._teachers.label(crop, box)
            shifted = Fused(fused.points - np.float32(WIDE_MARGIN), fused.pose, fused.apart)
            yield f"{file}#{number}", shifted, crop


def save(path: Path, rows: list[tuple[str, str, Fused, NDArray[np.uint8] | None]]) -> None:
    """Write the rows so far; a crash leaves either the old file or the new one."""
    wide = [(row, crop) for row, (_, _, _, crop) in enumerate(rows) if crop is not None]
    partial = path.with_name("partial-" + path.name)
    np.savez(
        partial,
        files=np.array([row[0] for row in rows]),
        splits=np.array([row[1] for row in rows]),
        points150=np.stack([row[2].points for row in rows]),
        pose=np.stack([row[2].pose for row in rows]),
        apart=np.array([row[2].apart for row in rows], np.float32),
        wide=np.stack([crop for _, crop in wide]) if wide else np.zeros((0, WIDE_SIDE, WIDE_SIDE, 3), np.uint8),
        wide_of=np.array([row for row, _ in wide], np.int64),
    )
    partial.replace(path)


def load(path: Path) -> LabelSet:
    """Read what `save` wrote."""
    with np.load(path) as stored:
        return LabelSet(
            files=stored["files"],
            splits=stored["splits"],
            points=stored["points150"],
            pose=stored["pose"],
            apart=stored["apart"],
            wide=stored["wide"],
            wide_of=stored["wide_of"],
        )


def _restore(path: Path) -> list[tuple[str, str, Fused, NDArray[np.uint8] | None]]:
    labels = load(path)
    crops = dict(zip(labels.wide_of.tolist(), labels.wide, strict=True))
    return [
        (str(file), str(split), Fused(points, pose, float(apart)), crops.get(row))
        for row, (file, split, points, pose, apart) in enumerate(
            zip(labels.files, labels.splits, labels.points, labels.pose, labels.apart, strict=True)
        )
    ]


def complete_labels(
    data: Path,
    teachers: Path,
    work: Path,
    settings: Mapping[str, Any],
    *,
    split: str | None = None,
) -> None:
    """Label what the plan names and the file in `work` has not; `split` restricts it to `train` or `dev`."""
    path = work / LABELS_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = _restore(path) if path.is_file() else []
    done = {row[0].partition("#")[0] for row in rows}
    empty = path.with_suffix(".empty.txt")
    done |= set(empty.read_text().split("\n")) if empty.is_file() else set()
    plan = [item for item in planned(data, settings) if item[0] not in done and split in (None, item[1])]
    if not plan:
        return
    labeller = Labeller(data, teachers, float(settings["smallest_interocular"]))
    started = time.monotonic()
    for number, (file, its_split) in enumerate(plan, 1):
        found = list(labeller.faces(file))
        rows += [(name, its_split, fused, crop) for name, fused, crop in found]
        if not found:  # remember scenes without a usable face, or they would be searched again
            with empty.open("a") as stream:
                stream.write(file + "\n")
        if number % _SAVE_EVERY == 0 or number == len(plan):
            save(path, rows)
            seconds = time.monotonic() - started
            print(f"{number}/{len(plan)} pictures, {len(rows)} faces, {seconds:.0f} s", flush=True)


def main() -> None:
    """Label the planned pictures, going on where an earlier run stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).parent / "config.toml")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teachers", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    complete_labels(options.data, options.teachers, options.work, read_config(options.config)["labels"])


if __name__ == "__main__":
    main()
