"""What the detector's evaluation says of findings against reference faces: tables in words, and curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np

from training.detector.matching import FLOOR, SMALLEST_WANTED, Tally, join_tallies

TEACHER = "yunet_n"
_TEACHER_SCORE = 0.6  # the score at which the teacher is commonly used
_TEACHER_SCORES = (0.5, _TEACHER_SCORE, 0.7, 0.8)
_OUR_SCORES = (0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8)  # printed for the choice of a working score
# Views by the beginning of their condition.
_GROUPS = {"upright": ("upright",), "turned": ("turned",), "all views": ("upright", "turned")}

# Tallies of one detector by condition and source of the views.
Groups = Mapping[tuple[str, str], Tally]


def joined_views(results: Mapping[str, Groups], group: str) -> dict[str, Tally]:
    """One tally for each detector over the views of a group: upright, turned or all views."""
    return {
        name: join_tallies([part for (kind, _), part in groups.items() if kind.startswith(_GROUPS[group])])
        for name, groups in results.items()
    }


def print_recall(results: Mapping[str, Groups], our_score: float) -> None:
    """Print recall and false findings by condition and source, at each detector's working score."""
    teacher = results[TEACHER]
    conditions = list(dict.fromkeys(condition for condition, _ in teacher))
    sources = list(dict.fromkeys(source for _, source in teacher))
    print(f"scores: {TEACHER} {_TEACHER_SCORE}, ours {our_score}")
    print("condition | source | faces | recall (false findings per picture): " + " | ".join(results))
    for condition in conditions:
        rows = [(source, [source]) for source in sources] + [("all", sources)]
        for title, members in rows:
            cells = []
            for name, groups in results.items():
                joined = join_tallies([groups[condition, source] for source in members])
                score = _TEACHER_SCORE if name == TEACHER else our_score
                cells.append(f"{joined.recall(score):.4f} ({joined.false_rate(score):.3f})")
            print(f"{condition} | {title} | {joined.wanted} | " + " | ".join(cells))


def print_matched(results: Mapping[str, Groups], our_score: float) -> None:
    """Print recall with as many false findings as the teacher has at some of its scores, and at ours."""
    for group in _GROUPS:
        joined = joined_views(results, group)
        teacher = joined[TEACHER]
        for score in _TEACHER_SCORES:
            rate = teacher.false_rate(score)
            cells = [f"{TEACHER} at {score}: recall {teacher.recall(score):.4f}"]
            for name, part in joined.items():
                if name != TEACHER:
                    own = part.threshold_for(rate)
                    cells.append(f"{name} at {own:.3f}: recall {part.recall(own):.4f}")
            print(f"{group}, {rate:.3f} false findings per picture: " + ", ".join(cells))
        for name, part in joined.items():
            if name != TEACHER:
                cells = [f"{at}: {part.recall(at):.4f} ({part.false_rate(at):.3f})" for at in _OUR_SCORES]
                print(f"{group}, {name}, recall (false findings) at score " + ", ".join(cells))
        for name, part in joined.items():
            score = _TEACHER_SCORE if name == TEACHER else our_score
            errors = np.sort(part.point_errors)
            precision = part.precision(score)
            print(
                f"{group}, {name}: points off by {errors.mean() * 100:.2f} % of the interocular "
                f"distance (median {np.median(errors) * 100:.2f} %), precision at its score {precision:.4f}"
            )


def print_drawn(scores: Mapping[str, Sequence[float]], results: Mapping[str, Groups]) -> None:
    """Print recall of the faces that people marked, whatever the teacher says of them, upright.

    scores: for each detector the best score it gave to each of these faces, 0 to those it did not find.
    """
    upright = joined_views(results, "upright")
    for score in _TEACHER_SCORES:
        rate = upright[TEACHER].false_rate(score)
        cells = []
        for name, best in scores.items():
            own = score if name == TEACHER else upright[name].threshold_for(rate)
            cells.append(f"{name} at {own:.3f}: recall {np.mean(np.array(best) >= own):.4f}")
        print(f"{len(scores[TEACHER])} hand-drawn faces, {rate:.3f} false findings per picture: " + ", ".join(cells))


def draw_curves(results: Mapping[str, Groups], path: Path, our_score: float, which: str) -> None:
    """Draw precision over recall, upright and turned, to a PNG file."""
    matplotlib.use("Agg")
    from matplotlib import pyplot  # after the backend is chosen

    figure, axes = pyplot.subplots(1, 2, figsize=(11, 4.6), sharey=True)
    for axis, group in zip(axes, ("upright", "turned"), strict=True):
        for name, joined in joined_views(results, group).items():
            scores = np.linspace(FLOOR, 0.98, 177)
            recall = [joined.recall(score) for score in scores]
            precision = [joined.precision(score) for score in scores]
            (line,) = axis.plot(recall, precision, label=name)
            used = _TEACHER_SCORE if name == TEACHER else our_score
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
