"""How well answers separate acceptable from unacceptable pictures at the documented limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.quality.regions import LIMITS, REGIONS
from training.quality.sharpness import BLUR_LIMIT

MEASURES: Final = (*REGIONS, "blur")
ALL_LIMITS: Final = (*LIMITS, BLUR_LIMIT)

Column = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Separation:
    """One measure on one set of pictures.

    accepted, refused: of the truly acceptable (unacceptable) pictures, the share that the answer calls so;
    nan without any. right: share rightly called of all. error: mean absolute error where the truth is exact.
    """

    measure: str
    limit: float
    acceptable: int
    unacceptable: int
    accepted: float
    refused: float
    right: float
    error: float


def separate(
    answers: NDArray[np.float32],
    low: NDArray[np.float32],
    high: NDArray[np.float32],
    weight: NDArray[np.float32],
) -> list[Separation]:
    """One row per measure; all arrays are N x 8, columns as MEASURES.

    Pictures whose bounds leave open on which side of the limit they lie, or without weight, are left out.
    """
    return [
        _column(name, limit, answers[:, k], low[:, k], high[:, k], weight[:, k] > 0)
        for k, (name, limit) in enumerate(zip(MEASURES, ALL_LIMITS, strict=True))
    ]


def _column(
    name: str, limit: float, answer: Column, low: Column, high: Column, known: NDArray[np.bool_]
) -> Separation:
    good, bad = known & (high < limit), known & (low >= limit)
    exact = known & (high == low)
    right = np.concatenate([answer[good] < limit, answer[bad] >= limit])
    return Separation(
        name,
        limit,
        int(good.sum()),
        int(bad.sum()),
        share(answer[good] < limit),
        share(answer[bad] >= limit),
        share(right),
        float(np.abs(answer[exact] - low[exact]).mean()) if exact.any() else float("nan"),
    )


def share(truths: NDArray[np.bool_]) -> float:
    """The share of True; nan when empty."""
    return float(truths.mean()) if truths.size else float("nan")


def table(rows: list[Separation]) -> str:
    """A Markdown table of the rows."""
    lines = [
        "| measure | limit | acceptable | accepted | unacceptable | refused | right in all | mean error |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.measure} | {row.limit} | {row.acceptable} | {_percent(row.accepted)} | {row.unacceptable} "
        f"| {_percent(row.refused)} | {_percent(row.right)} | {row.error:.3f} |"
        for row in rows
    ]
    return "\n".join(lines)


def _percent(value: float) -> str:
    return "-" if np.isnan(value) else f"{100 * value:.1f} %"
