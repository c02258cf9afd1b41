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
import matplotlib
import numpy as np
from numpy.typing import NDArray

from training.detector.decode import Faces
from training.detector.matching import Reference, Tally, join_tallies, make_reference, tally
from training.detector.mosaic import move_faces
from training.detector.runner import DetectorFile
from training.detector.scenes import Labels, kept_out, list_scenes, load_labels, shown_as_many
from training.detector.teacher import Teacher
from training.runtime import read_config

SMALLEST_WANTED = 24.0  # pixels in the picture that the detector sees
CERTAIN = 0.75  # teacher score (mean of its best two views) from which a face must be found
TEACHER_SCORE = 0.6  # the score at which the teacher is commonly used
_OUR_SCORES = (0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8)  # printed for the choice of a working score
_FLOOR = 0.1  # findings below this score are not looked at
_LONG_SIDES = (640, 320)
_TURNS = (-45, -30, -15, 15, 30, 45, 90, -90)

Find = Callable[[NDArray[np.uint8], float], Faces]


@dataclass(frozen=True, slots=True)
class Case:
    """One picture as the detectors see it."""

    source: str
    condition: str
    image: NDArray[np.uint8]
    reference: Reference


def make_cases(source: str, image: NDArray[np.uint8], labels: Labels) -> list[Case]:
    """Return the picture at two sizes and, at the larger one, turned in the plane."""
    height, width = image.shape[:2]
    cases = []
    for long_side in _LONG_SIDES:
        zoom = min(1.0, long_side / max(height, width))
        matrix = np.array([[zoom, 0, 0], [0, zoom, 0]], np.float64)
        size = (max(32, round(width * zoom)), max(32, round(height * zoom)))
        cases.append(_case(source, f"upright {long_side}", image, labels, matrix, size))
    side = max(height, width)
    for angle in _TURNS:
        matrix = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0), np.float64)
        matrix[:, 2] += (side - width) / 2, (side - height) / 2
        cases.append(_case(source, f"turned {abs(angle)}", image, labels, matrix, (side, side)))
    return cases


def _case(
    source: str,
    condition: str,
    image: NDArray[np.uint8],
    labels: Labels,
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
    return Case(source, condition, seen.astype(np.uint8, copy=False), wanted)


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


def time_runs(runs: Mapping[str, Callable[[], object]], repeats: int = 60) -> dict[str, float]:
    """Return the median milliseconds of each run, taken in turn so that a busy machine hurts all alike."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - began)
    return {name: float(np.median(values)) * 1e3 for name, values in times.items()}


def print_recall(results: Mapping[str, Mapping[tuple[str, str], Tally]], our_score: float) -> None:
    """Print recall and false findings by condition and source, at each detector's working score."""
    teacher = results["yunet_n"]
    conditions = list(dict.fromkeys(condition for condition, _ in teacher))
    sources = list(dict.fromkeys(source for _, source in teacher))
    print(f"scores: yunet_n {TEACHER_SCORE}, ours {our_score}")
    print("condition | source | faces | recall (false findings per picture): " + " | ".join(results))
    for condition in conditions:
        rows = [(source, [source]) for source in sources] + [("all", sources)]
        for title, members in rows:
            cells = []
            for name, groups in results.items():
                joined = join_tallies([groups[condition, source] for source in members])
                score = TEACHER_SCORE if name == "yunet_n" else our_score
                cells.append(f"{joined.recall(score):.4f} ({joined.false_rate(score):.3f})")
            print(f"{condition} | {title} | {joined.wanted} | " + " | ".join(cells))


def print_matched(results: Mapping[str, Mapping[tuple[str, str], Tally]], our_score: float) -> None:
    """Print recall with as many false findings as the teacher has at some of its scores, and at ours."""
    for group in ("upright", "turned"):
        joined = {
            name: join_tallies([part for (condition, _), part in groups.items() if condition.startswith(group)])
            for name, groups in results.items()
        }
        teacher = joined["yunet_n"]
        for score in (0.5, TEACHER_SCORE, 0.7, 0.8):
            rate = teacher.false_rate(score)
            cells = [f"yunet_n at {score}: recall {teacher.recall(score):.4f}"]
            for name, part in joined.items():
                if name != "yunet_n":
                    own = part.threshold_for(rate)
                    cells.append(f"{name} at {own:.3f}: recall {part.recall(own):.4f}")
            print(f"{group}, {rate:.3f} false findings per picture: " + ", ".join(cells))
        for name, part in joined.items():
            if name != "yunet_n":
                cells = [f"{at}: {part.recall(at):.4f} ({part.false_rate(at):.3f})" for at in _OUR_SCORES]
                print(f"{group}, {name}, recall (false findings) at score " + ", ".join(cells))
        for name, part in joined.items():
            score = TEACHER_SCORE if name == "yunet_n" else our_score
            errors = np.sort(part.point_errors)
            precision = part.precision(score)
            print(
                f"{group}, {name}: points off by {errors.mean() * 100:.2f} % of the interocular "
                f"distance (median {np.median(errors) * 100:.2f} %), precision at its score {precision:.4f}"
            )


def draw_curves(
    results: Mapping[str, Mapping[tuple[str, str], Tally]], path: Path, our_score: float, which: str
) -> None:
    """Draw precision over recall, upright and turned, to a PNG file."""
    matplotlib.use("Agg")
    from matplotlib import pyplot  # after the backend is chosen

    figure, axes = pyplot.subplots(1, 2, figsize=(11, 4.6), sharey=True)
    for axis, group in zip(axes, ("upright", "turned"), strict=True):
        for name, groups in results.items():
            joined = join_tallies([part for (kind, _), part in groups.items() if kind.startswith(group)])
            scores = np.linspace(_FLOOR, 0.98, 177)
            recall = [joined.recall(score) for score in scores]
            precision = [joined.precision(score) for score in scores]
            (line,) = axis.plot(recall, precision, label=name)
            used = TEACHER_SCORE if name == "yunet_n" else our_score
            axis.plot(joined.recall(used), joined.precision(used), "o", color=line.get_color())
        axis.set_title("upright, 640 and 320 pixels" if group == "upright" else "turned by 15 to 90 degrees")
        axis.set_xlabel(f"recall (IoU 0.5, faces of {SMALLEST_WANTED:.0f} pixels and more)")
        axis.set_xlim(0.6, 1.0)
        axis.set_ylim(0.8, 1.0)
        axis.grid(visible=True, alpha=0.3)
    axes[0].set_ylabel("precision")
    axes[0].legend(loc="lower left")
    figure.suptitle(f"Face detector on scenes {which} (dot: the score it is used at)")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


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
        cases += make_cases(scene.source, scene.read(), label)
    ours = {name: DetectorFile(options.models / f"detector.{name}.onnx") for name in ("fp32", "int8")}
    finders: dict[str, Find] = {
        "yunet_n": lambda image, score: teacher.find(image, score, iou),
        "ours fp32": lambda image, score: ours["fp32"].find(image, score, iou),
        "ours int8": lambda image, score: ours["int8"].find(image, score, iou),
    }
    found = {name: [find(case.image, _FLOOR) for case in cases] for name, find in finders.items()}
    results = {name: tally_groups(cases, faces) for name, faces in found.items()}
    which = "shown in training" if options.shown else "kept out of training"
    print(f"{len(scenes)} pictures {which}, {len(cases)} views")
    print_recall(results, our_score)
    print_matched(results, our_score)
    print("with false findings of any size:")
    print_matched({name: tally_groups(cases, faces, 0.0) for name, faces in found.items()}, our_score)
    for side in (320, 640):
        tensor = np.random.default_rng(3).uniform(-1, 1, (1, 3, side, side)).astype(np.float32)
        pixels = tensor * 128 + 127.5
        times = time_runs(
            {
                "yunet_n": lambda pixels=pixels: teacher.run(pixels),  # type: ignore[misc]
                "ours fp32": lambda tensor=tensor: ours["fp32"].run(tensor),  # type: ignore[misc]
                "ours int8": lambda tensor=tensor: ours["int8"].run(tensor),  # type: ignore[misc]
            }
        )
        print(f"{side}x{side}, one thread: " + ", ".join(f"{name} {ms:.2f} ms" for name, ms in times.items()))
    if options.plot:
        draw_curves(results, options.plot, our_score, which)


if __name__ == "__main__":
    main()
