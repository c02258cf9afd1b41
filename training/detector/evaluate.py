"""Compare the detector with its teacher on the scenes kept out of training, and draw the curves.

python -m training.detector.evaluate --data DIR --teachers DIR [--models DIR] [--work DIR] [--plot FILE] [--shown]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.detector.decode import Faces, box_side, boxed_faces, overlaps
from training.detector.matching import FLOOR, HAND_IOU, SMALLEST_WANTED, Reference, Tally, make_reference, tally
from training.detector.mosaic import move_faces
from training.detector.report import TEACHER, draw_curves, print_drawn, print_matched, print_recall
from training.detector.runner import DetectorFile
from training.detector.scenes import Labels, kept_out, list_scenes, load_labels, shown_as_many
from training.detector.teacher import Teacher
from training.runtime import read_config

CERTAIN = 0.75  # teacher score (mean of its best two views) from which a face must be found
_LONG_SIDES = (640, 320)
_TURNS = (-45, -30, -15, 15, 30, 45, 90, -90)

Find = Callable[[NDArray[np.uint8], float], Faces]


@dataclass(frozen=True, slots=True)
class Case:
    """One picture as the detectors see it. drawn: the boxes that people drew (n x 4), of the smallest size on."""

    source: str
    condition: str
    image: NDArray[np.uint8]
    reference: Reference
    drawn: NDArray[np.float32]


def make_cases(source: str, image: NDArray[np.uint8], labels: Labels, drawn: NDArray[np.float32]) -> list[Case]:
    """Return the picture at two sizes and, at the larger one, turned in the plane.

    drawn: boxes that people drew, n x 4. A picture no larger than the smaller size is looked at once: its errors must
    not count twice.
    """
    height, width = image.shape[:2]
    cases: list[Case] = []
    for long_side in _LONG_SIDES:
        zoom = min(1.0, long_side / max(height, width))
        if cases and zoom == 1:
            continue
        matrix = np.array([[zoom, 0, 0], [0, zoom, 0]], np.float64)
        size = (max(32, round(width * zoom)), max(32, round(height * zoom)))
        cases.append(_case(source, f"upright {long_side}", image, labels, drawn, matrix, size))
    side = max(height, width)
    for angle in _TURNS:
        matrix = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0), np.float64)
        matrix[:, 2] += (side - width) / 2, (side - height) / 2
        cases.append(_case(source, f"turned {abs(angle)}", image, labels, drawn, matrix, (side, side)))
    return cases


def _case(
    source: str,
    condition: str,
    image: NDArray[np.uint8],
    labels: Labels,
    drawn: NDArray[np.float32],
    matrix: NDArray[np.float64],
    size: tuple[int, int],
) -> Case:
    way = cv2.INTER_AREA if matrix[0, 1] == 0 and matrix[0, 0] < 1 else cv2.INTER_LINEAR
    seen = (
        cv2.resize(image, size, interpolation=way)
        if matrix[0, 1] == 0
        else cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR)
    )
    faces = move_faces(labels.faces, matrix, mirrored=False)
    reference = make_reference(Labels(faces, labels.sure, labels.pointed), CERTAIN, SMALLEST_WANTED)
    centre = (faces.boxes[:, :2] + faces.boxes[:, 2:]) / 2
    inside = np.all((centre >= 0) & (centre < np.array(size)), axis=1)
    wanted = Reference(reference.faces, reference.wanted & inside, reference.loose)
    boxes = move_faces(boxed_faces(drawn, score=0), matrix, mirrored=False).boxes
    large = boxes[box_side(boxes) >= SMALLEST_WANTED]
    return Case(source, condition, seen.astype(np.uint8, copy=False), wanted, large)


def tally_groups(
    cases: Sequence[Case], found: Sequence[Faces], smallest: float = SMALLEST_WANTED
) -> dict[tuple[str, str], Tally]:
    """Return one tally for each (condition, source); false findings count from `smallest` pixels on."""
    groups: dict[tuple[str, str], list[int]] = {}
    for index, case in enumerate(cases):
        groups.setdefault((case.condition, case.source), []).append(index)
    return {
        key: tally([cases[i].reference for i in indices], [found[i] for i in indices], smallest)
        for key, indices in groups.items()
    }


def drawn_scores(cases: Sequence[Case], found: Sequence[Faces]) -> list[float]:
    """The best score that each hand-drawn face of the upright views was found with, 0 where it was not."""
    return [
        float(np.where(row >= HAND_IOU, faces.scores, 0).max(initial=0))
        for case, faces in zip(cases, found, strict=True)
        if case.condition.startswith("upright")
        for row in overlaps(case.drawn, faces.boxes)
    ]


def finders_of(teacher: Teacher, ours: Mapping[str, DetectorFile], iou: float) -> dict[str, Find]:
    """The detectors that are compared, by name; of two findings that overlap more than `iou` the surer one stays."""
    return {
        TEACHER: lambda image, score: teacher.find(image, score, iou),
        "ours fp32": lambda image, score: ours["fp32"].find(image, score, iou),
        "ours int8": lambda image, score: ours["int8"].find(image, score, iou),
    }


def time_runs(runs: Mapping[str, Callable[[], object]], repeats: int = 60) -> dict[str, float]:
    """Return the median milliseconds of each run, taken in turn so that a busy machine hurts all alike."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - began)
    return {name: float(np.median(values)) * 1e3 for name, values in times.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the comparison."""
    root = Path(__file__).parents[2]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with scenes.csv and scenes.tar")
    parser.add_argument("--teachers", type=Path, required=True, help="folder with detector/yunet_n.onnx")
    parser.add_argument(
        "--models", type=Path, default=root / "models" / "default", help="model pack with its manifest"
    )
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "edgeface-detector")
    parser.add_argument("--plot", type=Path, help="where to draw the curves (PNG)")
    parser.add_argument(
        "--shown",
        action="store_true",
        help="measure as many pictures that training shows: are more needed, or steps?",
    )
    options = parser.parse_args(arguments)

    use = read_config(options.models / "manifest.toml")["roles"]["detector"]["detection"]
    our_score, iou = float(use["score_threshold"]), float(use["nms_iou"])
    teacher = Teacher(options.teachers)
    chosen = shown_as_many if options.shown else kept_out
    scenes = [scene for scene in list_scenes(options.data, options.work) if chosen(scene.name)]
    labels = load_labels(scenes, options.teachers, options.work / "labels.npz")
    cases = []
    for scene, label in zip(scenes, labels, strict=True):
        cases += make_cases(scene.source, scene.read(), label, scene.boxes)
    ours = {name: DetectorFile(options.models / f"detector.{name}.onnx") for name in ("fp32", "int8")}
    finders = finders_of(teacher, ours, iou)
    found = {name: [find(case.image, FLOOR) for case in cases] for name, find in finders.items()}
    results = {name: tally_groups(cases, faces) for name, faces in found.items()}
    which = "shown in training" if options.shown else "kept out of training"
    print(f"{len(scenes)} pictures {which}, {len(cases)} views")
    print_recall(results, our_score)
    print_matched(results, our_score)
    if any(len(scene.boxes) for scene in scenes):
        print_drawn({name: drawn_scores(cases, faces) for name, faces in found.items()}, results)
    print("with false findings of any size:")
    print_matched({name: tally_groups(cases, faces, 0.0) for name, faces in found.items()}, our_score)
    for side in (320, 640):
        tensor = np.random.default_rng(3).uniform(-1, 1, (1, 3, side, side)).astype(np.float32)
        pixels = tensor * 128 + 127.5
        times = time_runs(
            {
                TEACHER: lambda pixels=pixels: teacher.run(pixels),  # type: ignore[misc]
                "ours fp32": lambda tensor=tensor: ours["fp32"].run(tensor),  # type: ignore[misc]
                "ours int8": lambda tensor=tensor: ours["int8"].run(tensor),  # type: ignore[misc]
            }
        )
        print(f"{side}x{side}, one thread: " + ", ".join(f"{name} {ms:.2f} ms" for name, ms in times.items()))
    if options.plot:
        draw_curves(results, options.plot, our_score, which)


if __name__ == "__main__":
    main()
