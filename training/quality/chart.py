"""The plot of the quality role: answers against the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.quality.separation import ALL_LIMITS, MEASURES

_BINS: Final = 20
_FEWEST: Final = 10  # pictures in a bin that is drawn


def draw_chart(
    path: Path, answers: NDArray[np.float32], truth: NDArray[np.float32], known: NDArray[np.bool_], title: str
) -> None:
    """One panel per measure: median answer and the middle 80 % against the true value. Arrays are N x 8."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(2, 4, figsize=(13, 6.6), sharex=True, sharey=True, layout="constrained")
    edges = np.linspace(0, 1, _BINS + 1)
    for column, (panel, name, limit) in enumerate(zip(panels.flat, MEASURES, ALL_LIMITS, strict=True)):
        chosen = known[:, column]
        true, answer = truth[chosen, column], answers[chosen, column]
        place = np.clip(np.digitize(true, edges) - 1, 0, _BINS - 1)
        rows = []
        for k in range(_BINS):
            inside = answer[place == k]
            if len(inside) >= _FEWEST:
                low, middle, high = np.quantile(inside, (0.1, 0.5, 0.9))
                rows.append((float(true[place == k].mean()), low, middle, high))
        at, low, middle, high = np.array(rows).T if rows else np.zeros((4, 0))
        panel.plot([0, 1], [0, 1], color="0.7", linewidth=1)
        panel.fill_between(at, low, high, color="tab:blue", alpha=0.25, label="middle 80 %")
        panel.plot(at, middle, "o-", color="tab:blue", markersize=3, label="median")
        panel.axvline(limit, color="tab:red", linewidth=0.8, linestyle="--")
        panel.axhline(limit, color="tab:red", linewidth=0.8, linestyle="--", label=f"limit {limit}")
        panel.set_title(name.replace("_", " "))
        panel.legend(fontsize=7, loc="upper left")
        panel.set_xlim(0, 1)
        panel.set_ylim(0, 1)
    figure.supxlabel("true share covered (blur: value of the blur laid over)")
    figure.supylabel("answer")
    figure.suptitle(title)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90, metadata={"Software": None})
    pyplot.close(figure)
