"""Measure the quality role on kept-out faces: python -m training.quality.evaluate --data DIR --work DIR."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from training.augment.geometry import NO_JITTER
from training.onnx_export import open_session
from training.quality.chart import draw_chart
from training.quality.examples import GLASSES, MASK, NONE, Damage, network_input
from training.quality.faces import Known
from training.quality.separation import ALL_LIMITS, MEASURES, separate, share, table
from training.quality.stock import Batch, Source, Stock, collate, damage_from, open_stock
from training.runtime import read_config

_CHUNK: Final = 256
# Distance of the true value from the limit beyond which a picture is a clear case.
_CLEAR_BY: Final = 0.1
_LEVELS: Final = (
    (0, 25),
    (25, 50),
    (50, 90),
    (90, 256),
)  # mean grey level of the crop as the network sees it
_AGES: Final = ((0, 12), (13, 30), (31, 60), (61, 120))


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model says of N crops. values: N x 8, columns as MEASURES. covering: N x 3 probabilities."""

    values: NDArray[np.float32]
    covering: NDArray[np.float32]


def answers_of(session: InferenceSession, pictures: NDArray[np.uint8]) -> Answers:
    """Ask the model. pictures: N x 112 x 112 x 3 uint8 BGR."""
    values, covering = [], []
    for start in range(0, len(pictures), _CHUNK):
        feed = {"x": network_input(pictures[start : start + _CHUNK])}
        occlusion, blur, worn = session.run(["occlusion", "blur", "covering"], feed)
        values.append(np.concatenate([occlusion, blur], axis=1))
        covering.append(worn)
    return Answers(np.concatenate(values), np.concatenate(covering))


def over_limits(answers: Answers) -> NDArray[np.bool_]:
    """N x 8: which measures are not acceptable."""
    return np.asarray(answers.values >= np.array(ALL_LIMITS, np.float32), np.bool_)


def worn_by(answers: Answers) -> NDArray[np.int64]:
    """N: the likeliest covering."""
    return np.asarray(answers.covering.argmax(axis=1), np.int64)


def untouched(damage: Damage) -> Damage:
    """Settings under which crops stay as they are."""
    zero = {name: 0.0 for name in Damage.__dataclass_fields__ if name.endswith("_share")}
    return replace(damage, jitter=NO_JITTER, **zero)


def made_examples(stock: Stock, count: int, seed: int) -> Batch:
    """Examples of the unmasked kept-out faces, damaged as in training."""
    rng = np.random.default_rng(seed)
    return collate([stock.draw(0.0, rng) for _ in range(count)])


def as_they_are(source: Source) -> Batch:
    """Every picture of the source once, undamaged."""
    rng = np.random.default_rng(0)
    return collate([source.maker.make(int(row), rng) for row in source.rows])


def milliseconds(session: InferenceSession, rounds: int) -> float:
    """Median time of one crop."""
    feed = {"x": np.zeros((1, 3, 112, 112), np.float32)}
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        session.run(None, feed)
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))


def _report_made(batch: Batch, answers: Answers) -> None:
    print(f"\n## Made pictures ({len(batch.pictures)}): kept-out faces, things laid over them, blur, bad light\n")
    print(table(separate(answers.values, batch.low, batch.high, batch.weight)))
    clear = batch.high[:, 7] < ALL_LIMITS[7]
    print(f"\n## The same, pictures within the limit of blur only ({int(clear.sum())})\n")
    print(table(separate(answers.values[clear], batch.low[clear], batch.high[clear], batch.weight[clear])))
    limits = np.array(ALL_LIMITS, np.float32)
    apart = np.where(batch.high < limits, limits - batch.high, batch.low - limits) >= _CLEAR_BY
    print(f"\n## The same, true values {_CLEAR_BY} or more from the limit only\n")
    print(table(separate(answers.values, batch.low, batch.high, batch.weight * apart)))
    print("\n## The same, by mean grey level\n")
    print("| level | pictures | right in all, seven regions | mean error of the shares | blur right | blur error |")
    print("|---|---|---|---|---|---|")
    light = batch.pictures.mean(axis=(1, 2, 3))
    for low, high in _LEVELS:
        inside = (light >= low) & (light < high)
        rows = separate(answers.values[inside], batch.low[inside], batch.high[inside], batch.weight[inside])
        right = np.nanmean([row.right for row in rows[:7]])
        error = np.nanmean([row.error for row in rows[:7]])
        print(
            f"| {low}-{high} | {int(inside.sum())} | {100 * right:.1f} % | {error:.3f} "
            f"| {100 * rows[7].right:.1f} % | {rows[7].error:.3f} |"
        )
    known = batch.covering >= 0
    guessed = worn_by(answers)
    print("\n## Covering on made pictures (rows: truth; columns: none, glasses, mask)\n")
    for worn, name in ((NONE, "none"), (GLASSES, "glasses"), (MASK, "mask")):
        chosen = known & (batch.covering == worn)
        counts = np.bincount(guessed[chosen], minlength=3)
        print(f"- {name}: {counts.tolist()}, right {100 * share(guessed[chosen] == worn):.1f} %")


def _report_natural(source: Source, batch: Batch, answers: Answers) -> None:
    facts = source.faces.facts
    sunglasses = facts.sunglasses[source.rows]
    free = sunglasses == Known.NO
    print(f"\n## Kept-out faces as they are, no sunglasses by the weak label ({int(free.sum())})\n")
    refused = over_limits(answers)
    print("| measure | refused | mean answer |")
    print("|---|---|---|")
    for k, name in enumerate(MEASURES):
        print(f"| {name} | {100 * share(refused[free, k]):.2f} % | {answers.values[free, k].mean():.3f} |")
    print(f"| any of the seven regions | {100 * share(np.asarray(refused[free, :7].any(axis=1))):.2f} % | |")
    guessed = worn_by(answers)
    for truth, name in ((NONE, "no glasses"), (GLASSES, "glasses")):
        chosen = batch.covering == truth
        print(
            f"\nCovering, {name} by the teacher ({int(chosen.sum())}): {100 * share(guessed[chosen] == truth):.1f} %"
        )
    dark = sunglasses == Known.YES
    both = np.asarray(refused[dark][:, :2].all(axis=1), np.bool_)
    print(f"\nReal sunglasses by the weak label ({int(dark.sum())}): both eyes refused {100 * share(both):.1f} %")
    print("\nRefused for any region by group (labels from file names of the pictures):\n")
    labels = [source.faces.labels[row] for row in source.rows]
    anything = np.asarray(refused[:, :7].any(axis=1), np.bool_)
    for gender in ("male", "female"):
        chosen = free & np.array([label.gender == gender for label in labels])
        print(f"- {gender} ({int(chosen.sum())}): {100 * share(anything[chosen]):.2f} %")
    ages = np.array([float(label.age) if label.age else np.nan for label in labels])
    for low, high in _AGES:
        chosen = free & (ages >= low) & (ages <= high)
        print(f"- age {low}-{high} ({int(chosen.sum())}): {100 * share(anything[chosen]):.2f} %")


def _report_masked(answers: Answers) -> None:
    print(f"\n## Really masked faces kept out of training ({len(answers.values)}), as they are\n")
    print(f"- covering is mask: {100 * share(worn_by(answers) == MASK):.1f} %")
    refused = over_limits(answers)
    for k, name in enumerate(MEASURES[:7]):
        mean = answers.values[:, k].mean()
        print(f"- {name}: over the limit {100 * share(refused[:, k]):.1f} %, mean answer {mean:.3f}")
    any_of = np.asarray(refused[:, [2, 3, 6]].any(axis=1), np.bool_)
    print(f"- nose, mouth or chin over the limit: {100 * share(any_of):.1f} %")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print all figures of the model card and draw its plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("config.toml"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teachers", type=Path)
    parser.add_argument("--landmarks", type=Path, help="labels of the landmark role, for the true regions")
    parser.add_argument("--work", type=Path, required=True, help="folder for decoded crops")
    parser.add_argument("--pack", type=Path, default=Path("models/default"))
    parser.add_argument("--variant", choices=("fp32", "int8"), default="int8", help="the file that is measured")
    parser.add_argument("--count", type=int, default=8000, help="made pictures")
    parser.add_argument("--chart", type=Path, help="where to draw the plot")
    options = parser.parse_args(arguments)

    cv2.setNumThreads(1)
    config = read_config(options.config)
    damage = damage_from(config["damage"])
    stock, plain = (
        open_stock(options.data, options.teachers, options.work, settings, landmarks=landmarks, kept_out=True)
        for settings, landmarks in ((damage, options.landmarks), (untouched(damage), None))
    )
    files = {name: options.pack / f"quality.{name}.onnx" for name in ("fp32", "int8")}
    sessions = {name: open_session(path) for name, path in files.items()}
    session = sessions[options.variant]

    batch = made_examples(stock, options.count, int(config["seed"]) + 1)
    found = {name: answers_of(opened, batch.pictures) for name, opened in sessions.items()}
    print(f"# quality.{options.variant}.onnx")
    _report_made(batch, found[options.variant])
    natural = as_they_are(plain.plain)
    _report_natural(plain.plain, natural, answers_of(session, natural.pictures))
    if plain.masked is not None:
        masked = as_they_are(plain.masked)
        _report_masked(answers_of(session, masked.pictures))
    apart = np.abs(found["fp32"].values - found["int8"].values)
    limits = np.array(ALL_LIMITS, np.float32)
    same = ((found["fp32"].values >= limits) == (found["int8"].values >= limits)).mean(axis=0)
    print("\n## INT8 against FP32 on the made pictures\n")
    print(f"- mean absolute difference {apart.mean():.4f}, largest of the eight means {apart.mean(axis=0).max():.4f}")
    print(f"- same side of the limit: {100 * same.min():.2f} % (worst measure) to {100 * same.max():.2f} %")
    for name, opened in sessions.items():
        size = files[name].stat().st_size / 1000
        print(f"- {name}: {milliseconds(opened, 300):.2f} ms for one crop on one thread, {size:.0f} kB")
    if options.chart is not None:
        known = (batch.weight > 0) & (batch.low == batch.high)
        title = f"quality.{options.variant}.onnx on {options.count} made pictures of kept-out faces"
        draw_chart(options.chart, found[options.variant].values, batch.low, known, title)


if __name__ == "__main__":
    main()
