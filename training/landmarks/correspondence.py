"""Which points of each teacher make which of our 150 points."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from training.landmarks.layout import COUNT, INDEX

Points = NDArray[np.float32]

# Numbers of FaceMesh, at smaller x first; lids, lips and brows count towards larger x.
_MESH_LIDS_UPPER = ((33, 246, 161, 160, 159, 158, 157, 173, 133), (362, 398, 384, 385, 386, 387, 388, 466, 263))
_MESH_LIDS_LOWER = ((33, 7, 163, 144, 145, 153, 154, 155, 133), (362, 382, 381, 380, 374, 373, 390, 249, 263))
_MESH_BROWS = (
    ((46, 70, 63, 105, 66, 107, 55), (53, 52, 65)),
    ((285, 336, 296, 334, 293, 300, 276), (295, 282, 283)),
)
_MESH_LIPS = {
    "upper_outer": (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291),
    "lower_outer": (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
    "upper_inner": (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),
    "lower_inner": (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
}
# Nose contour 1 (between two mesh points) to 7, for the side at smaller and at larger x.
_MESH_NOSE = (
    ((245, 189), (114,), (198,), (64,), (98,), (97,), (60,)),
    ((465, 413), (343,), (420,), (294,), (327,), (326,), (290,)),
)
_MESH_MIDLINE = {
    "nose_bridge_1": (168, 6),
    "nose_bridge_2": (197,),
    "nose_bridge_3": (5,),
    "nose_tip": (4, 1),
    "nose_middle_contour": (2,),
}
_MESH_RIGHT_CHEEK = (127, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148)
_MESH_LEFT_CHEEK = (377, 400, 378, 379, 365, 397, 288, 361, 323, 454, 356)
MESH_OUTLINE = (*_MESH_RIGHT_CHEEK, 152, *_MESH_LEFT_CHEEK)
MESH_BROW_TOPS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
# Numbers of WFLW (pfld98).
_WFLW_LIDS_UPPER = ((60, 61, 62, 63, 64), (68, 69, 70, 71, 72))
_WFLW_LIDS_LOWER = ((60, 67, 66, 65, 64), (68, 75, 74, 73, 72))
_WFLW_LIPS = {
    "upper_outer": (76, 77, 78, 79, 80, 81, 82),
    "lower_outer": (76, 87, 86, 85, 84, 83, 82),
    "upper_inner": (88, 89, 90, 91, 92),
    "lower_inner": (88, 95, 94, 93, 92),
}
_WFLW_MIDLINE = (51, 52, 53, 54, 57)
_THIN_END = 0.2


def resample(line: Points, count: int) -> Points:
    """`count` points at equal steps of the line's own numbering, both ends included."""
    at = np.linspace(0, len(line) - 1, count)
    numbers = np.arange(len(line))
    return np.stack([np.interp(at, numbers, line[:, axis]) for axis in (0, 1)], axis=1).astype(np.float32)


def resample_by_length(line: Points, count: int) -> Points:
    """`count` points at equal distances along the line, both ends included."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.linspace(0, length[-1], count)
    return np.stack([np.interp(at, length, line[:, axis]) for axis in (0, 1)], axis=1).astype(np.float32)


def _put(points: Points, names: list[str], values: Points) -> None:
    points[[INDEX[name] for name in names]] = values


def _put_eye(points: Points, side: str, upper: Points, lower: Points) -> None:
    """Lids as lines from the corner at smaller x to the other, any number of points."""
    inner = [f"eye_{side}_eyelid_upper_{i}" for i in range(1, 8)]
    corners = [f"eye_{side}_corner_right", f"eye_{side}_corner_left"]
    _put(points, [corners[0], *inner, corners[1]], resample(upper, 9))
    _put(points, [f"eye_{side}_eyelid_lower_{i}" for i in range(1, 8)], resample(lower, 9)[1:-1])


def _put_lips(points: Points, source: Points, lines: Mapping[str, tuple[int, ...]]) -> None:
    for line, numbers in lines.items():
        half, edge = line.split("_")
        values = resample(source[list(numbers)], 13)
        _put(points, [f"mouth_lip_{half}_{edge}_{i}" for i in range(1, 12)], values[1:-1])
        _put(points, [f"mouth_corner_right_{edge}", f"mouth_corner_left_{edge}"], values[[0, -1]])


def _put_brow(points: Points, side: str, edge: Points, lower: Points) -> None:
    """`edge`: end at smaller x, five upper points, end at larger x; `lower`: three points; towards larger x."""
    names = [f"eyebrow_{side}_upper_{i}" for i in range(1, 6)]
    _put(points, [f"eyebrow_{side}_corner_right", *names, f"eyebrow_{side}_corner_left"], edge)
    _put(points, [f"eyebrow_{side}_lower_{i}" for i in (1, 2, 3)], lower)


def outline(line: Points) -> Points:
    """The 25 outline points from a line from one temple round the chin to the other: 2 x 12 steps and the chin."""
    middle = len(line) // 2
    first, second = resample_by_length(line[: middle + 1], 13), resample_by_length(line[middle:], 13)
    return np.concatenate([first, second[1:]])


def from_facemesh(mesh: Points, iris: Points) -> Points:
    """All 150 points from FaceMesh (468 x 2) and the iris network (2 x 5 x 2)."""
    points = np.zeros((COUNT, 2), np.float32)
    points[:25] = outline(mesh[list(MESH_OUTLINE)])
    for eye, side in enumerate(("right", "left")):
        upper, lower = _MESH_LIDS_UPPER[eye], _MESH_LIDS_LOWER[eye]
        _put_eye(points, side, mesh[list(upper)], mesh[list(lower)])
        edge, below = _MESH_BROWS[eye]
        _put_brow(points, side, mesh[list(edge)], mesh[list(below)])
        for number, group in enumerate(_MESH_NOSE[eye], 1):
            points[INDEX[f"nose_{side}_contour_{number}"]] = mesh[list(group)].mean(axis=0)
        # Iris points: centre, larger x, above, smaller x, below; "left" is larger x.
        names = [f"eye_{side}_eyeball_{where}" for where in ("center", "left", "right")]
        _put(points, names, iris[eye, [0, 1, 3]])
    for name, group in _MESH_MIDLINE.items():
        points[INDEX[name]] = mesh[list(group)].mean(axis=0)
    _put_lips(points, mesh, _MESH_LIPS)
    return points


def from_wflw(wflw: Points, rest: Points) -> Points:
    """150 points from WFLW's 98; irises and nose sides, which it has not or coarsely, are those of `rest`."""
    points = rest.copy()
    points[:25] = outline(wflw[:33])
    for eye, side in enumerate(("right", "left")):
        _put_eye(points, side, wflw[list(_WFLW_LIDS_UPPER[eye])], wflw[list(_WFLW_LIDS_LOWER[eye])])
    # A brow of WFLW has one point at its thin end where we have two: a small step along the upper edge.
    right_end = wflw[33] + np.float32(_THIN_END) * (wflw[34] - wflw[33])
    left_end = wflw[46] + np.float32(_THIN_END) * (wflw[45] - wflw[46])
    right_edge = np.stack([wflw[33], right_end, *wflw[34:39]])
    left_edge = np.stack([wflw[50], *wflw[42:46], left_end, wflw[46]])
    _put_brow(points, "right", right_edge, wflw[[41, 40, 39]])
    _put_brow(points, "left", left_edge, wflw[[49, 48, 47]])
    _put(points, list(_MESH_MIDLINE), wflw[list(_WFLW_MIDLINE)])
    _put_lips(points, wflw, _WFLW_LIPS)
    return points
