"""Count how often two different kept-out adults reach each similarity; the engine maps scores by this table."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeface.similarity import TemplateSpace
from training.augment.geometry import Jitter, jittered_crop
from training.embedder.cohort import COHORT_NAME, space_beside
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
    """Similarities of different people of one source and of two, and how many pairs were left out as doubtful."""

    scores: dict[str, Templates]
    across: dict[str, Templates]
    doubtful: int

    @property
    def pooled(self) -> Templates:
        """Those within sources: people whom one device sees are not told apart by where their pictures come from."""
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


def impostors(
    people: KeptOut, templates: Templates, again: Templates, judge: Templates, space: TemplateSpace | None = None
) -> Impostors:
    """All pairs of different adults, each compared as it is and with one or both pictures cut anew.

    again: the templates of `found_again`. judge: reid0095 templates, which tell doubtful pairs of unnamed people.
    space: how templates are compared; by cosines if it is not given.
    """
    scores: dict[str, Templates] = {}
    across: dict[str, Templates] = {}
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
            found = np.concatenate(
                [
                    pair_scores(one[a], other[b], upper=upper, forbidden=forbidden, space=space)
                    for one in (templates, again)
                    for other in (templates, again)
                ]
            )
            if upper:
                scores[first] = found
            else:
                across[f"{first} x {second}"] = found
    return Impostors(scores, across, doubtful)


def table_text(points: list[Operating], found: Impostors, model: str, space: TemplateSpace) -> str:
    """The TOML text of a calibration table. space: of `space_beside`, how the templates were compared."""
    what = "Cosine" if space.offsets is None else f"Cosine, less the offsets of {COHORT_NAME},"
    lines = [
        f"# {what} of two templates of {model} -> false match rate (FMR), pairs of different people.",
        "# Adults of one source kept out of training, as they are and with one or both pictures cut anew:",
    ]
    lines += [f"#   {name}: {len(scores):,} comparisons" for name, scores in found.scores.items()]
    lines += [
        f"#   in all {len(found.pooled):,}; {found.doubtful} pairs left out that look like one person twice.",
        "# measured = false: beyond the counts, continued as the tail of a normal distribution.",
        "# Children were not counted: see the model card for them.",
        "",
    ]
    if space.offsets is not None:
        lines += [f'cohort = "{COHORT_NAME}"', f'cohort_sha256 = "{space.name}"', ""]
    for point in points:
        lines += [
            "[[point]]",
            f"similarity = {point.similarity:.4f}",
            f"fmr = {point.fmr:g}",
            f"measured = {str(point.measured).lower()}",
            "",
        ]
    return "\n".join(lines[:-1]) + "\n"


def print_table(what: str, found: Impostors, points: list[Operating]) -> None:
    """Print each measured threshold with what it is worth in each source."""
    for point in points:
        if point.measured:
            row = {what: round(point.similarity, 4), "fmr": point.fmr}
            print(json.dumps(row | _rates(found, point.similarity)))


def print_across_sources(name: str, found: Impostors) -> None:
    """Print what the threshold of FMR 1e-4, taken from each source and from all, is worth on the others."""
    for source, own in {**found.scores, "all": found.pooled}.items():
        threshold = threshold_at(own, 1e-4)
        print(json.dumps({"recogniser": name, "from": source, "at": round(threshold, 4)} | _rates(found, threshold)))


def _rates(found: Impostors, threshold: float) -> dict[str, float]:
    return {name: rate_at(scores, threshold) for name, scores in {**found.scores, **found.across}.items()}


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
    templates, again = recognise(people.crops), recognise(found_again(people.crops))
    space = space_beside(arguments.model, templates.shape[1])
    found = impostors(people, templates, again, judge, space)
    points = operating_points(found.pooled, MEASURED, EXTRAPOLATED)
    arguments.output.write_text(table_text(points, found, arguments.model.name, space))
    print_table("similarity", found, points)
    print_across_sources(arguments.model.name, found)
    if space.offsets is not None:  # for whoever compares by cosines
        found = impostors(people, templates, again, judge)
        print_table("cosine", found, operating_points(found.pooled, MEASURED, []))
        print_across_sources(f"{arguments.model.name}, cosines", found)
    # How much of what differs between sources is the sources' doing: recognisers that never met them.
    for name, templates in peers.items():
        print_across_sources(name, impostors(people, templates, templates, judge))


if __name__ == "__main__":
    main()
