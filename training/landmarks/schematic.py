"""A drawn frontal face with the 150 points numbered: python -m training.landmarks.schematic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.landmarks.correspondence import outline
from training.landmarks.layout import COUNT, INDEX, LANDMARK68, LANDMARK72, MIRROR, REGIONS, Group, Regions

Points = NDArray[np.float32]

# Middle line and rough places in pixels of the 128 px aligned crop (ArcFace template + 8).
_MIDDLE, _EYES, _NOSE, _MOUTH, _CHIN = 64.0, 60.0, 82.0, 100.0, 124.0
_EYE_OFF, _EYE_HALF, _EYE_OPEN = 18.0, 8.5, 3.2
_MOUTH_HALF = 15.0
# Side of the nose at smaller x: offsets from the middle and heights of its seven points.
_NOSE_SIDE = ((6, 60), (7.5, 67), (8.5, 74), (10.5, 82), (8.5, 86.5), (5, 88), (5.5, 85.5))


def _arch(left: float, right: float, rise: float, count: int, y: float) -> NDArray[np.float64]:
    """`count` points from (left, y) to (right, y) on an arch `rise` above the line (below, if negative)."""
    share = np.linspace(0, 1, count)
    return np.stack([left + share * (right - left), y - rise * np.sin(np.pi * share)], axis=1)


def _put(points: Points, names: list[str], values: NDArray[np.float64]) -> None:
    points[[INDEX[name] for name in names]] = values


def schematic_points() -> Points:
    """(150, 2) points of a symmetric face looking straight ahead, in pixels of the 128 px aligned crop."""
    points = np.zeros((COUNT, 2), np.float32)
    angle = np.linspace(np.pi, 0, 181)
    depth = 58 + (_CHIN - 58) * np.sin(angle) ** 0.8
    points[:25] = outline(np.stack([_MIDDLE + 45 * np.cos(angle), depth], axis=1).astype(np.float32))
    eye = "eye_right_"
    left, right = _MIDDLE - _EYE_OFF - _EYE_HALF, _MIDDLE - _EYE_OFF + _EYE_HALF
    upper = [eye + "corner_right", *(f"{eye}eyelid_upper_{i}" for i in range(1, 8)), eye + "corner_left"]
    _put(points, upper, _arch(left, right, _EYE_OPEN, 9, _EYES))
    lower = [f"{eye}eyelid_lower_{i}" for i in range(1, 8)]
    _put(points, lower, _arch(left, right, -_EYE_OPEN, 9, _EYES)[1:-1])
    iris = [eye + f"eyeball_{where}" for where in ("center", "right", "left")]
    _put(points, iris, np.array([[_MIDDLE - _EYE_OFF + x, _EYES] for x in (0, -3, 3)]))
    brow = "eyebrow_right_"
    _put(points, [f"{brow}upper_{i}" for i in range(1, 6)], _arch(left - 4, right + 2, 5, 5, 48))
    lower_edge = [brow + "corner_right", *(f"{brow}lower_{i}" for i in (1, 2, 3)), brow + "corner_left"]
    _put(points, lower_edge, _arch(left - 4.5, right + 2, 4, 5, 51))
    for number, (off, height) in enumerate(_NOSE_SIDE, 1):
        points[INDEX[f"nose_right_contour_{number}"]] = (_MIDDLE - off, height)
    middle = ["nose_bridge_1", "nose_bridge_2", "nose_bridge_3", "nose_tip", "nose_middle_contour"]
    _put(points, middle, np.array([[_MIDDLE, y] for y in (60, 67, 74, 82, 89)]))
    for edge, half, above, below in (("outer", _MOUTH_HALF, 4.5, 6.5), ("inner", _MOUTH_HALF - 2, 1.2, 1.8)):
        corners = (f"mouth_corner_right_{edge}", f"mouth_corner_left_{edge}")
        names = [corners[0], *(f"mouth_lip_upper_{edge}_{i}" for i in range(1, 12)), corners[1]]
        _put(points, names, _arch(_MIDDLE - half, _MIDDLE + half, above, 13, _MOUTH))
        names = [f"mouth_lip_lower_{edge}_{i}" for i in range(1, 12)]
        _put(points, names, _arch(_MIDDLE - half, _MIDDLE + half, -below, 13, _MOUTH)[1:-1])
    # The person's left half is the mirror image.
    flipped = points[list(MIRROR)] * np.array([-1, 1], np.float32) + np.array([2 * _MIDDLE, 0], np.float32)
    empty = ~points.any(axis=1)
    points[empty] = flipped[empty]
    return points


def draw(path: Path) -> None:
    """Write the numbered layout, the documented subsets and the regions as PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.patches import Polygon

    points = schematic_points()
    figure, grid = pyplot.subplots(2, 2, figsize=(20, 20))
    sets: tuple[tuple[str, tuple[Group, ...]], ...] = (
        ("150 points", tuple((index,) for index in range(COUNT))),
        ("72 points", tuple((index,) for index in LANDMARK72)),
        ("68 points", LANDMARK68),
    )
    for axes, (title, groups) in zip(grid.flat, sets, strict=False):
        axes.set_title(title, fontsize=18)
        for number, group in enumerate(groups):
            x, y = points[list(group)].mean(axis=0)
            axes.plot(x, y, "o", color="tab:blue", markersize=2.5)
            axes.annotate(str(number), (x, y), xytext=(1.5, 1.5), textcoords="offset points", fontsize=7)
    regions = grid.flat[3]
    regions.set_title("regions (left = smaller x)", fontsize=18)
    regions.plot(points[:, 0], points[:, 1], ".", color="grey", markersize=2)
    for number, name in enumerate(Regions.__dataclass_fields__):
        corners = points[list(getattr(REGIONS, name))]
        regions.add_patch(Polygon(corners, closed=True, alpha=0.35, color=f"C{number}"))
        regions.annotate(name, corners.mean(axis=0), ha="center", fontsize=11)
    for axes in grid.flat:
        axes.set_xlim(14, 114)
        axes.set_ylim(128, 40)
        axes.set_aspect("equal")
        axes.axis("off")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=75)
    pyplot.close(figure)


if __name__ == "__main__":
    draw(Path("docs/models/landmark-layout.png"))
