"""Count how often two different kept-out adults reach each cosine; the engine maps scores by this table."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.augment.geometry import Jitter, jittered_crop
from training.embedder.people import ADULT_YEARS, KeptOut, kept_out
from training.embedder.recognisers import PEERS, Templates, from_file, teachers_of
from training.embedder.verification import Operating, operating_points, pair_scores, rate_at, threshold_at

MEASURED = [0.3, 0.1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5]
EXTRAPOLATED = [1e-6, 1e-7, 1e-8]
# The highest reid0095 cosine of two different named CelebA people is 0.55: unnamed pairs beyond are taken for
# two pictures of one person (UTKFace has duplicates and shares celebrities with CelebA) and left out.
SAME_PERSON_COSINE = 0.55
# A small movement, as between two frames of a still face; its size is chosen, not measured.
FOUND_AGAIN = Jitter(rotation_deg=1.5, scale=0.02, shift_px=1.0, mirror_share=0.0)


@dataclass(frozen=True, slots=True)
class Impostors:
    """Cosines of different people by their sources, and how many pairs were left out as doubtful."""

    scores: dict[str, Templates]
    doubtful: int

    @property
    def pooled(self) -> Templates:
        """All of them."""
        return np.concatenate(list(self.scores.values()))


def adults(people: KeptOut, source: str) -> NDArray[np.intp]:
    """Rows of one source without those labelled younger than 18."""
    young = {k for k, label in enumerate(people.labels) if label.age and float(label.age) < ADULT_YEARS}
    return np.array([row for row in people.of_source(source) if row not in young], np.intp)


def found_again(crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The crops (Nx112x112x3) cut a little differently, as when the detector finds a face in the next frame."""
    rng = np.random.default_rng(11)
    side = crops.shape[1]
    return np.stack([jittered_crop(crop, size=side, jitter=FOUND_AGAIN, rng=rng) for crop in crops])


def impostors(people: KeptOut, templates: Templates, again: Templates, judge: Templates) -> Impostors:
    """All pairs of different adults, each compared as it is and with the second picture cut anew.

    again: the templates of `found_again`.

    judge: reid0095 templates, which tell doubtful pairs of unnamed people.
    """
    scores: dict[str, Templates] = {}
    doubtful = 0
    sources = sorted(set(people.sources.tolist()))
    for k, first in enumerate(sources):
        for second in sources[k:]:
            a, b = adults(people, first), adults(people, second)
            left, right = people.people[a][:, None], people.people[b][None]
            named = (left >= 0) & (right >= 0)
            suspects = ~named & (judge[a] @ judge[b].T > SAME_PERSON_COSINE)
            upper = first == second
            doubtful += int((np.triu(suspects, 1) if upper else suspects).sum())
            forbidden = suspects | (named & (left == right))
            name = first if upper else f"{first} x {second}"
            scores[name] = np.concatenate(
                [
                    pair_scores(templates[a], other[b], upper=upper, forbidden=forbidden)
                    for other in (templates, again)
                ]
            )
    return Impostors(scores, doubtful)


def table_text(points: list[Operating], found: Impostors, model: str) -> str:
    """The TOML text of a calibration table."""
    lines = [
        f"# Cosine of two templates of {model} -> false match rate (FMR), pairs of different people.",
        "# Adults kept out of training, every pair as it is and with one picture cut a little differently:",
    ]
    lines += [f"#   {name}: {len(scores):,} comparisons" for name, scores in found.scores.items()]
    lines += [
        f"#   in all {len(found.pooled):,}; {found.doubtful} pairs left out that look like one person twice.",
        "# measured = false: beyond the counts, continued as the tail of a normal distribution.",
        "# Children look alike to this model: the rates do not hold among them (see the model card).",
        "",
    ]
    for point in points:
        lines += [
            "[[point]]",
            f"cosine = {point.cosine:.4f}",
            f"fmr = {point.fmr:g}",
            f"measured = {str(point.measured).lower()}",
            "",
        ]
    return "\n".join(lines[:-1]) + "\n"


def print_across_sources(name: str, found: Impostors) -> None:
    """Print what the threshold of FMR 1e-4, taken from each source and from all, is worth on the others."""
    for source, own in {**found.scores, "all": found.pooled}.items():
        cosine = threshold_at(own, 1e-4)
        rates = {other: rate_at(scores, cosine) for other, scores in found.scores.items()}
        print(json.dumps({"recogniser": name, "threshold_from": source, "cosine": round(cosine, 4)} | rates))


def main() -> None:
    """Command line; prints how the table holds for each source."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teachers", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=Path("models/default/embedder.int8.onnx"))
    parser.add_argument("--output", type=Path, required=True, help="the TOML file to write")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    people = kept_out(arguments.data)
    recognise = from_file(arguments.model)
    teachers = teachers_of(arguments.teachers)
    peers = {name: teachers[name](people.crops) for name in PEERS}
    judge = peers["reid0095"]
    found = impostors(people, recognise(people.crops), recognise(found_again(people.crops)), judge)
    points = operating_points(found.pooled, MEASURED, EXTRAPOLATED)
    arguments.output.write_text(table_text(points, found, arguments.model.name))
    for point in points:
        if point.measured:
            rates = {name: rate_at(scores, point.cosine) for name, scores in found.scores.items()}
            print(json.dumps({"cosine": round(point.cosine, 4), "fmr": point.fmr} | rates))
    print_across_sources(arguments.model.name, found)
    # How much of what differs between sources is the sources' doing: recognisers that never met them.
    for name, templates in peers.items():
        print_across_sources(name, impostors(people, templates, templates, judge))


if __name__ == "__main__":
    main()
