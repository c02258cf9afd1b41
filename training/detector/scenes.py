"""Pictures with labels: reading a data folder, the split by fixed hash, the teacher's labels on disk."""

from __future__ import annotations

import csv
import hashlib
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.detector.decode import Faces, boxed_faces, join_faces, no_faces, overlaps
from training.detector.teacher import LabelPlan, Teacher

# Pictures are divided by the hash of their names; one of these parts is kept out of training.
_PARTS = 10
_KEPT_OUT_PART = 0
# Teacher findings at or above this score (best of all sizes and mirror) are faces.
CERTAIN_SCORE = 0.65
# Findings between the two scores are left alone by training; below this one they are background.
DOUBTFUL_SCORE = 0.45
# A face marked by hand that the teacher never found.
_HAND_SCORE = 0.7
# Hand boxes are loose: this much overlap with a teacher's box means the same face.
_HAND_IOU = 0.25


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture on disk. `boxes` are hand-drawn, float32 n x 4 (x1, y1, x2, y2), often none."""

    name: str
    source: str
    path: Path
    boxes: NDArray[np.float32]

    def read(self) -> NDArray[np.uint8]:
        """Return the picture, h x w x 3 BGR uint8; ValueError when it cannot be decoded."""
        image = cv2.imread(str(self.path), cv2.IMREAD_COLOR)
        if image is None:
            raise ValueError(f"not a picture: {self.path}")
        return image.astype(np.uint8, copy=False)


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of one picture. `sure`: bool n, the face is certain; `pointed`: bool n, its points are known."""

    faces: Faces
    sure: NDArray[np.bool_]
    pointed: NDArray[np.bool_]


def kept_out(name: str) -> bool:
    """Whether the picture of that name is kept out of training."""
    return _part_of(name) == _KEPT_OUT_PART


def shown_as_many(name: str) -> bool:
    """Whether the picture is in one part of those that training shows, about as many as are kept out."""
    return _part_of(name) == _KEPT_OUT_PART + 1


def _part_of(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % _PARTS


def unpack(data: Path, work: Path, name: str) -> Path:
    """Return the folder `data/name`, or `data/name.tar` unpacked once below `work`."""
    if (data / name).is_dir():
        return data / name
    target = work / "unpacked" / name
    if not target.is_dir():
        partial = target.with_name(name + ".partial")
        partial.mkdir(parents=True, exist_ok=True)
        with tarfile.open(data / f"{name}.tar") as archive:
            archive.extractall(partial, filter="data")
        partial.rename(target)
    return target


def list_scenes(data: Path, work: Path) -> list[Scene]:
    """Return the pictures of a data folder.

    With `scenes.csv` (columns file, source, boxes) its rows are taken, from the folder `scenes` or
    `scenes.tar`. Otherwise every JPEG and PNG below `data` is taken, its source being its folder's name.
    """
    table = data / "scenes.csv"
    if not table.is_file():
        paths = sorted(p for p in data.rglob("*") if p.suffix.lower() in {".jpg", ".jpeg", ".png"})
        empty = np.zeros((0, 4), np.float32)
        return [Scene(str(p.relative_to(data)), p.parent.name, p, empty) for p in paths]
    folder = unpack(data, work, "scenes")
    with table.open(newline="") as stream:
        return [
            Scene(row["file"], row["source"], folder / row["file"], _parse_boxes(row["boxes"]))
            for row in csv.DictReader(stream)
        ]


def _parse_boxes(text: str) -> NDArray[np.float32]:
    numbers = [float(word) for word in text.replace(";", " ").split()]
    return np.array(numbers, np.float32).reshape(-1, 4)


def label_scene(scene: Scene, teacher: Teacher, plan: LabelPlan) -> Labels:
    """Return the teacher's faces and the hand-drawn ones that it missed."""
    found = teacher.label(scene.read(), plan)
    found = found.select(found.scores >= DOUBTFUL_SCORE)
    sure = found.scores >= CERTAIN_SCORE
    pointed = np.ones(len(found), bool)
    if len(scene.boxes) == 0:
        return Labels(found, sure, pointed)
    touch = overlaps(scene.boxes, found.boxes) if len(found) else np.zeros((len(scene.boxes), 0), np.float32)
    for row in np.flatnonzero(touch.max(axis=1, initial=0) > _HAND_IOU):
        sure[int(touch[row].argmax())] = True
    missed = scene.boxes[touch.max(axis=1, initial=0) <= _HAND_IOU]
    extra = len(missed)
    faces = join_faces([found, boxed_faces(missed, _HAND_SCORE)])
    return Labels(
        faces, np.concatenate([sure, np.ones(extra, bool)]), np.concatenate([pointed, np.zeros(extra, bool)])
    )


def load_labels(scenes: Sequence[Scene], teachers: Path, cache: Path) -> list[Labels]:
    """Return the labels of `scenes`, asking the teacher only for what `cache` (an .npz file) lacks."""
    known = _read_cache(cache)
    missing = [scene for scene in scenes if scene.name not in known]
    if missing:
        teacher, plan = Teacher(teachers), LabelPlan()
        for scene in missing:
            known[scene.name] = label_scene(scene, teacher, plan)
        write_labels(cache, known)
    return [known[scene.name] for scene in scenes]


def write_labels(cache: Path, known: dict[str, Labels]) -> None:
    """Write what `load_labels` reads: the labels of pictures by their names."""
    names = list(known)
    counts = np.array([len(known[name].faces) for name in names], np.int64)
    cache.parent.mkdir(parents=True, exist_ok=True)
    partial = cache.with_name("partial-" + cache.name)
    np.savez(
        partial,
        names=np.array(names),
        counts=counts,
        boxes=np.concatenate([known[name].faces.boxes for name in names]),
        scores=np.concatenate([known[name].faces.scores for name in names]),
        points=np.concatenate([known[name].faces.points for name in names]),
        sure=np.concatenate([known[name].sure for name in names]),
        pointed=np.concatenate([known[name].pointed for name in names]),
    )
    partial.replace(cache)


def _read_cache(cache: Path) -> dict[str, Labels]:
    if not cache.is_file():
        return {}
    known: dict[str, Labels] = {}
    with np.load(cache) as file:
        stored = {key: file[key] for key in file.files}
    ends = np.cumsum(stored["counts"])
    for name, count, end in zip(stored["names"], stored["counts"], ends, strict=True):
        part = slice(int(end - count), int(end))
        faces = Faces(stored["boxes"][part], stored["scores"][part], stored["points"][part])
        known[str(name)] = Labels(faces, stored["sure"][part], stored["pointed"][part])
    return known


def unlabelled() -> Labels:
    """Return the labels of a picture without faces."""
    return Labels(no_faces(), np.zeros(0, bool), np.zeros(0, bool))
