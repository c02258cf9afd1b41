"""Measure landmarks and pose: python -m training.landmarks.evaluate --data DIR --teachers DIR.

Shows kept-out pictures to the teachers (a minute or two; labels in --work are used again), compares the
pack's FP32 and INT8 files with them, and draws docs/models/landmarks.png.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edgeface.geometry import similarity
from training.augment.geometry import TEMPLATE_112
from training.images import Label, read_labels
from training.landmarks.error_plot import YawCurve, draw
from training.landmarks.faces import Selection, chosen_rows, load_faces
from training.landmarks.frame import CROP_POINTS, MARGIN, SIDE
from training.landmarks.labels import LABELS_FILE, LabelSet, complete_labels, load
from training.landmarks.layout import COUNT, MIRROR, OUTER_EYE_CORNERS
from training.landmarks.pnp import fit_shape, pose_of
from training.landmarks.samples import Face, warp_to_frame
from training.onnx_export import open_session
from training.runtime import read_config
from training.teachers import open_teacher

Floats = NDArray[np.float64]

YAW_BINS = ((0, 15), (15, 30), (30, 45), (45, 90))
# A detector's points scatter by about this share of the distance of the pupils.
_DETECTOR_NOISE = 0.03
_PUPILS = float(TEMPLATE_112[1, 0] - TEMPLATE_112[0, 0])
_BATCH = 50
_TIMED_RUNS = 200


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model says about N faces, in the 128 px crop: points (N, 150, 2); pose (N, 3) degrees."""

    points: Floats
    pose: Floats


@dataclass(frozen=True, slots=True)
class Truth:
    """Teacher labels of the same faces, and the distance of their outer eye corners in pixels."""

    points: Floats
    pose: Floats
    interocular: Floats


def alignments(count: int, noise_px: float) -> list[Floats]:
    """2x3 matrices from crop to network input as a detector with that scatter of its points would give."""
    rng = np.random.default_rng(5)
    ideal = TEMPLATE_112 + MARGIN
    return [similarity(ideal + rng.normal(0.0, 1.0, ideal.shape) * noise_px, CROP_POINTS) for _ in range(count)]


def answer(
    session: onnxruntime.InferenceSession,
    faces: Sequence[Face],
    matrices: Sequence[Floats],
    *,
    mirrored: bool = False,
) -> Answers:
    """Run the model on all faces and bring its answers back into the 128 px crop."""
    points, poses = [], []
    for start in range(0, len(faces), _BATCH):
        block, turns = faces[start : start + _BATCH], matrices[start : start + _BATCH]
        crops = np.stack([warp_to_frame(face, turn) for face, turn in zip(block, turns, strict=True)])
        crops = crops[:, :, ::-1] if mirrored else crops
        x = (crops.transpose(0, 3, 1, 2).astype(np.float32) - np.float32(127.5)) / np.float32(128)
        found, angles = session.run(["points", "pose"], {"x": np.ascontiguousarray(x)})
        found = found.reshape(-1, COUNT, 2).astype(np.float64) * SIDE
        angles = angles.astype(np.float64)
        if mirrored:
            found = found[:, list(MIRROR)] * [-1, 1] + [SIDE - 1, 0]
            angles = angles * [-1, 1, -1]
        for its_points, its_pose, turn in zip(found, angles, turns, strict=True):
            points.append((its_points - turn[:, 2]) @ np.linalg.inv(turn[:, :2]).T)
            # The crop itself may be turned: clockwise is positive in pictures whose y points down.
            poses.append(its_pose - [0, 0, np.rad2deg(np.arctan2(turn[1, 0], turn[0, 0]))])
    return Answers(np.stack(points), np.stack(poses))


def errors(answers: Answers, truth: Truth) -> Floats:
    """(N,) mean distance of the 150 points in percent of the interocular distance."""
    apart = np.linalg.norm(answers.points - truth.points, axis=2).mean(axis=1)
    return np.asarray(100 * apart / truth.interocular, np.float64)


def truth_of(faces: Sequence[Face]) -> Truth:
    """The labels of the faces."""
    points = np.stack([face.points for face in faces]).astype(np.float64)
    first, second = OUTER_EYE_CORNERS
    between = np.linalg.norm(points[:, first] - points[:, second], axis=1)
    return Truth(points, np.stack([face.pose for face in faces]).astype(np.float64), between)


def _row(name: str, answers: Answers, truth: Truth, chosen: NDArray[np.bool_]) -> str:
    if not chosen.any():
        return f"| {name} | 0 | | | | | | |"
    error = errors(answers, truth)[chosen]
    pose = np.abs(answers.pose - truth.pose)[chosen]
    yaw, pitch, roll = pose.mean(axis=0)
    return (
        f"| {name} | {int(chosen.sum())} | {error.mean():.2f} | {np.percentile(error, 95):.2f} | "
        f"{yaw:.2f} | {pitch:.2f} | {roll:.2f} | {pose.mean():.2f} |"
    )


def _table(title: str, answers: Answers, truth: Truth, kinds: NDArray[np.str_]) -> None:
    print(f"\n{title}\n\n| group | faces | points % | 95th pct | yaw | pitch | roll | pose mean |")
    print("|---|---|---|---|---|---|---|---|")
    yaw, faces = np.abs(truth.pose[:, 0]), kinds == "faces"
    print(_row("faces, yaw up to 30", answers, truth, faces & (yaw < 30)))
    for low, high in YAW_BINS:
        print(_row(f"faces, yaw {low}-{high}", answers, truth, faces & (yaw >= low) & (yaw < high)))
    for kind in ("faces", "masks", "scenes"):
        print(_row(f"{kind}, all", answers, truth, kinds == kind))


def _groups(answers: Answers, truth: Truth, files: NDArray[np.str_], table: Sequence[Label]) -> None:
    known = {f"faces/{label.name}": label for label in table if label.age}
    rows = np.array([str(file) in known for file in files])
    if not rows.any():
        return
    ages = np.array([float(known[str(f)].age) if str(f) in known else -1.0 for f in files])
    genders = np.array([known[str(f)].gender if str(f) in known else "" for f in files])
    error = errors(answers, truth)
    print("\n| group | faces | points % |\n|---|---|---|")
    for low, high in ((0, 3), (3, 18), (18, 40), (40, 60), (60, 120)):
        chosen = rows & (ages >= low) & (ages < high)
        if chosen.any():
            print(f"| age {low}-{high - 1} | {int(chosen.sum())} | {error[chosen].mean():.2f} |")
    for gender in sorted(set(genders[rows].tolist())):
        chosen = rows & (genders == gender)
        print(f"| gender {gender} | {int(chosen.sum())} | {error[chosen].mean():.2f} |")


def _compare_pose(straight: Answers, mirrored: Answers, truth: Truth) -> None:
    """Pose output against pose from points: against the teachers, and against itself in the mirror."""
    half = np.arange(len(truth.points)) % 2 == 0
    shape = fit_shape(truth.points[half], truth.pose[half])
    other = ~half
    by_points = np.stack([pose_of(points, shape) for points in straight.points[other]])
    again = np.stack([pose_of(points, shape) for points in mirrored.points[other]])
    print("\n| pose by | yaw | pitch | roll | mean | apart in the mirror |\n|---|---|---|---|---|---|")
    for name, first, second in (
        ("output of the network", straight.pose[other], mirrored.pose[other]),
        ("points and a 3-D face", by_points, again),
    ):
        yaw, pitch, roll = np.abs(first - truth.pose[other]).mean(axis=0)
        apart = np.abs(first - second).mean()
        print(f"| {name} | {yaw:.2f} | {pitch:.2f} | {roll:.2f} | {(yaw + pitch + roll) / 3:.2f} | {apart:.2f} |")


def _times(sessions: dict[str, onnxruntime.InferenceSession]) -> None:
    """Milliseconds per face on one thread, all models in turn, so that a busy machine slows them alike."""
    feeds = {name: session.get_inputs()[0].name for name, session in sessions.items()}
    picture = np.zeros((1, 3, SIDE, SIDE), np.float32)
    taken: dict[str, list[float]] = {name: [] for name in sessions}
    for _ in range(_TIMED_RUNS):
        for name, session in sessions.items():
            began = time.perf_counter()
            session.run(None, {feeds[name]: picture})
            taken[name].append(1000 * (time.perf_counter() - began))
    print("\n| model | ms, median | ms, 10th percentile |\n|---|---|---|")
    for name, times in taken.items():
        print(f"| {name} | {np.median(times):.2f} | {np.percentile(times, 10):.2f} |")


def _kept_out(data: Path, teachers: Path, work: Path, config: Path) -> tuple[LabelSet, NDArray[np.int64]]:
    settings = read_config(config)["labels"]
    complete_labels(data, teachers, work, settings, split="dev")
    labels = load(work / LABELS_FILE)
    rows = chosen_rows(labels, Selection("dev", float(settings["largest_apart"])))
    left_out = int((labels.splits == "dev").sum()) - len(rows)
    print(f"{len(rows)} kept-out faces; {left_out} more on which the teachers disagree are left out")
    return labels, rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the pack's files and draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("config.toml"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teachers", type=Path, required=True)
    parser.add_argument("--work", type=Path, help="folder that keeps the teachers' labels")
    parser.add_argument("--models", type=Path, default=Path("models/default"))
    parser.add_argument("--plot", type=Path, default=Path("docs/models/landmarks.png"))
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        work = options.work or Path(scratch)
        labels, rows = _kept_out(options.data, options.teachers, work, options.config)
        faces = load_faces(labels, options.data, rows)
    files = labels.files[rows]
    kinds = np.array([str(file).partition("/")[0] for file in files])
    truth = truth_of(faces)
    exact = alignments(len(faces), 0.0)
    noisy = alignments(len(faces), _DETECTOR_NOISE * _PUPILS)
    curves = []
    for precision in ("fp32", "int8"):
        session = open_session(options.models / f"landmarks.{precision}.onnx")
        straight = answer(session, faces, exact)
        _table(f"{precision}, exact alignment", straight, truth, kinds)
        moved = answer(session, faces, noisy)
        _table(f"{precision}, detector points scattered by 3 % of the pupils' distance", moved, truth, kinds)
        plain = kinds == "faces"
        yaw = truth.pose[plain, 0]
        pose_error = np.abs(straight.pose - truth.pose)[plain].mean(axis=1)
        curves.append(YawCurve(precision, yaw, errors(straight, truth)[plain], pose_error))
        if precision == "fp32":
            mirrored = answer(session, faces, exact, mirrored=True)
            steady = errors(mirrored, Truth(straight.points, straight.pose, truth.interocular)).mean()
            print(f"\npoints of a face and of its mirror image are {steady:.2f} % apart")
            _compare_pose(straight, mirrored, truth)
            table = options.data / "faces.csv"
            _groups(straight, truth, files, read_labels(table) if table.is_file() else [])
    sessions = {f"landmarks {p}": open_session(options.models / f"landmarks.{p}.onnx") for p in ("fp32", "int8")}
    _times({**sessions, "pfld98 (teacher)": open_teacher("pfld98", options.teachers)})
    options.plot.parent.mkdir(parents=True, exist_ok=True)
    draw(curves, options.plot)


if __name__ == "__main__":
    main()
