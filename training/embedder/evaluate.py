"""Measure the embedder on people kept out of training, beside its teachers, on the same crops."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeface.similarity import TemplateSpace
from training.augment.blur import low_resolution, motion_blur
from training.augment.geometry import TEMPLATE_112
from training.augment.light import low_light
from training.augment.occluders import Draw, face_mask, glasses, hand, lay_over, sunglasses
from training.embedder.calibrate import SAME_PERSON_COSINE
from training.embedder.cohort import space_beside
from training.embedder.people import KeptOut, Pairs, groups, kept_out, listed_pairs
from training.embedder.recognisers import PEERS, Recogniser, Templates, from_file, milliseconds, teachers_of
from training.embedder.verification import (
    best_accuracy,
    pair_scores,
    rate_at,
    threshold_at,
    true_accept_rate,
)
from training.onnx_export import open_session
from training.runtime import read_config
from training.teachers import open_teacher

PRECISIONS = ("fp32", "int8")
DAMAGED = ("int8", "reid0095")  # the recognisers that are also shown damaged pictures
CHILDREN = ("age 0-5", "age 6-12")

Change = Callable[[NDArray[np.uint8], np.random.Generator], NDArray[np.uint8]]
Report = dict[str, dict[str, float]]


def _covered(draw: Draw) -> Change:
    return lambda crop, rng: lay_over(crop, draw((112, 112), TEMPLATE_112, rng))


# One picture of each pair is changed so; what enrolment saw is clean, as at a door.
CHANGES: dict[str, Change] = {
    "drawn mask": _covered(face_mask),
    "drawn sunglasses": _covered(sunglasses),
    "drawn glasses": _covered(glasses),
    "drawn hand": _covered(hand),
    "32 px wide": lambda crop, _: low_resolution(crop, side_px=32),
    "motion 7 px": lambda crop, rng: motion_blur(crop, length_px=7, angle_deg=float(rng.uniform(0, 180))),
    "a tenth of the light": lambda crop, rng: low_light(crop, exposure_share=0.1, full_well=800, rng=rng),
}


def verification(
    templates: Templates, changed: Templates, pairs: Pairs, space: TemplateSpace | None = None
) -> dict[str, float]:
    """Best accuracy in percent and TAR at FMR 1e-2, 1e-3 of listed pairs, the right one changed.

    space: how templates are compared; by cosines if it is not given.
    """
    space = space or TemplateSpace(templates.shape[1])
    scores = space.of_pairs(templates[pairs.left], changed[pairs.right])
    genuine, impostor = scores[pairs.same], scores[~pairs.same]
    return {
        "accuracy": round(100 * best_accuracy(scores, pairs.same), 2),
        "tar_1e-2": round(true_accept_rate(genuine, impostor, 1e-2), 4),
        "tar_1e-3": round(true_accept_rate(genuine, impostor, 1e-3), 4),
    }


def all_pairs(
    templates: Templates, people: KeptOut, space: TemplateSpace | None = None
) -> tuple[Templates, Templates]:
    """Genuine and impostor similarities of every pair of pictures of named people; space: as for `verification`."""
    rows = np.nonzero(people.people >= 0)[0]
    same = people.people[rows][:, None] == people.people[rows][None]
    chosen = templates[rows]
    genuine = pair_scores(chosen, chosen, upper=True, forbidden=~same, space=space)
    return genuine, pair_scores(chosen, chosen, upper=True, forbidden=same, space=space)


def by_group(
    templates: Templates, judge: Templates, people: KeptOut, thresholds: dict[float, float], space: TemplateSpace
) -> Report:
    """False match rate inside each labelled group at global thresholds, given by their nominal FMR.

    judge: reid0095 templates, which tell pairs that look like one unnamed person twice; they are left out.
    """
    report: Report = {}
    for name, rows in groups(people).items():
        doubtful = judge[rows] @ judge[rows].T > SAME_PERSON_COSINE
        if name in CHILDREN:  # the judge cannot tell children apart either: leave nothing out
            doubtful[:] = False
        scores = pair_scores(templates[rows], templates[rows], upper=True, forbidden=doubtful, space=space)
        report[name] = {"pictures": len(rows), "pairs": len(scores)}
        report[name] |= {f"fmr_at_{fmr:g}": rate_at(scores, threshold) for fmr, threshold in thresholds.items()}
    return report


def draw_roc(curves: dict[str, tuple[Templates, Templates]], path: Path) -> None:
    """TAR against FMR on a log axis, for every pair of the named kept-out people."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.6), dpi=110)
    for name, (genuine, impostor) in curves.items():
        rates = np.logspace(-5, -0.5, 60)
        thresholds = np.quantile(impostor, 1 - rates)
        axes.plot(rates, [(genuine >= cosine).mean() for cosine in thresholds], label=name)
    axes.set_xscale("log")
    axes.set_xlabel("false match rate")
    axes.set_ylabel("true accept rate")
    axes.set_ylim(0.3, 1)
    axes.grid(True, which="both", alpha=0.3)
    count = len(next(iter(curves.values()))[1])
    axes.set_title(f"Kept-out CelebA people, {count:,} impostor pairs", fontsize=10)
    axes.legend(fontsize=8, loc="lower right")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    pyplot.close(figure)


def main() -> None:
    """Command line; prints one JSON object per table row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with faces and dev_pairs.csv")
    parser.add_argument("--teachers", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=Path("models/default"))
    parser.add_argument("--also", nargs="*", default=[], metavar="NAME=FILE", help="more files on our contract")
    parser.add_argument("--plot", type=Path, help="where to draw the ROC")
    parser.add_argument("--joined", action="store_true", help="measure the teachers' joined template too")
    parser.add_argument("--without-damage", action="store_true", help="skip the damaged pictures")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    files = {name: arguments.models / f"embedder.{name}.onnx" for name in PRECISIONS}
    files |= {name: Path(file) for name, _, file in (item.partition("=") for item in arguments.also)}
    recognisers: dict[str, Recogniser] = {name: from_file(path) for name, path in files.items()}
    recognisers |= {
        name: recognise
        for name, recognise in teachers_of(arguments.teachers).items()
        if arguments.joined or name in PEERS
    }
    people = kept_out(arguments.data)
    pairs = listed_pairs(arguments.data / "dev_pairs.csv", people)
    curves: dict[str, tuple[Templates, Templates]] = {}
    plain = {name: recognise(people.crops) for name, recognise in recognisers.items()}
    own = space_beside(files["int8"], plain["int8"].shape[1])
    less_offsets = {f"{name}, less cohort offsets": name for name in PRECISIONS if own.offsets is not None}
    for name in [*recognisers, *less_offsets]:
        templates = plain[less_offsets.get(name, name)]
        space = own if name in less_offsets else TemplateSpace(templates.shape[1])
        genuine, impostor = curves[name] = all_pairs(templates, people, space)
        row = verification(templates, templates, pairs, space)
        if name in recognisers:
            both = templates + recognisers[name](np.ascontiguousarray(people.crops[:, :, ::-1]))
            both /= np.linalg.norm(both, axis=1, keepdims=True)
            row["accuracy_mirror_mean"] = verification(both, both, pairs)["accuracy"]
        row["genuine_pairs"], row["impostor_pairs"] = len(genuine), len(impostor)
        row |= {f"all_tar_{fmr:g}": round(true_accept_rate(genuine, impostor, fmr), 4) for fmr in (1e-3, 1e-4)}
        print(json.dumps({"recogniser": name, **row}), flush=True)
    for name in DAMAGED if not arguments.without_damage else ():
        for change_name, change in CHANGES.items():
            changed = plain[name].copy()
            rows = np.unique(pairs.right)
            rng = np.random.default_rng(7)
            changed[rows] = recognisers[name](np.stack([change(people.crops[row], rng) for row in rows]))
            row = verification(plain[name], changed, pairs)
            print(json.dumps({"recogniser": name, "changed": change_name, **row}), flush=True)
    points = read_config(arguments.models / "calibration.toml")["point"]
    thresholds = {row["fmr"]: row["similarity"] for row in points if row["fmr"] in (1e-3, 1e-4)}
    for group, values in by_group(plain["int8"], plain["reid0095"], people, thresholds, own).items():
        print(json.dumps({"group": group, **values}), flush=True)
    if own.offsets is not None:
        cosines = TemplateSpace(own.dimension)
        thresholds = {fmr: threshold_at(curves["int8"][1], fmr) for fmr in thresholds}
        for group, values in by_group(plain["int8"], plain["reid0095"], people, thresholds, cosines).items():
            print(json.dumps({"group, by cosines": group, **values}), flush=True)
    sessions = {name: open_session(path) for name, path in files.items()}
    sessions |= {name: open_teacher(name, arguments.teachers) for name in PEERS}
    print(json.dumps({"milliseconds_one_thread": milliseconds(sessions)}), flush=True)
    if arguments.plot is not None:
        draw_roc(curves, arguments.plot)


if __name__ == "__main__":
    main()
