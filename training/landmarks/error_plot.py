"""The plot of the model card: error of points and pose by yaw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# Yaw steps of the plot in degrees, and how many faces a step needs to be drawn.
_EDGES = (-90, -60, -45, -35, -25, -15, -5, 5, 15, 25, 35, 45, 60, 90)
_FEWEST = 5
_POINTS_BAR, _POSE_BAR = 4.0, 4.0


@dataclass(frozen=True, slots=True)
class YawCurve:
    """Errors of one file: yaw (N,) degrees, point error (N,) percent of interocular distance, pose error (N,)."""

    name: str
    yaw: NDArray[np.float64]
    points: NDArray[np.float64]
    pose: NDArray[np.float64]


def _means(yaw: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[list[float], list[float]]:
    at, mean = [], []
    for low, high in pairwise(_EDGES):
        inside = (yaw >= low) & (yaw < high)
        if inside.sum() >= _FEWEST:
            at.append(float(yaw[inside].mean()))
            mean.append(float(values[inside].mean()))
    return at, mean


def draw(curves: Sequence[YawCurve], path: Path) -> None:
    """Write the plot as PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4))
    for axes, field, bar, title in (
        (left, "points", _POINTS_BAR, "points: mean error, % of interocular distance"),
        (right, "pose", _POSE_BAR, "pose: mean of yaw, pitch and roll error, degrees"),
    ):
        for curve, style in zip(curves, ("o-", "x--"), strict=False):
            axes.plot(*_means(curve.yaw, getattr(curve, field)), style, label=curve.name)
        axes.axhline(bar, color="grey", linewidth=0.8, linestyle=":", label="bar")
        axes.set_xlabel("yaw by the teachers, degrees (+ towards smaller x)")
        axes.set_title(title, fontsize=10)
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
