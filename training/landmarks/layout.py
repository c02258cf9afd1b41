"""The 150-point layout: names, order, mirror partners, documented subsets and face regions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from training.landmarks.frame import CROP_POINTS, SIDE

Group = tuple[int, ...]


def _build_names() -> tuple[str, ...]:
    """Names in the order of the network's output.

    The words are those of Baidu's `landmark150` objects: "right" and "left" are the person's own sides, so
    "right" lies at smaller x in an upright frontal picture. Numbered points of eyes, brows and lips count
    towards larger x; outline points count from the temple down to the chin, nose points from the eyes down.
    """
    names = [f"cheek_right_{i}" for i in range(1, 12)] + ["chin_1", "chin_2", "chin_3"]
    names += [f"cheek_left_{i}" for i in range(11, 0, -1)]
    for side in ("right", "left"):
        names += [f"eyebrow_{side}_corner_right"]
        names += [f"eyebrow_{side}_upper_{i}" for i in range(1, 6)]
        names += [f"eyebrow_{side}_corner_left"]
        names += [f"eyebrow_{side}_lower_{i}" for i in (3, 2, 1)]
    for side in ("right", "left"):
        names += [f"eye_{side}_corner_right"]
        names += [f"eye_{side}_eyelid_upper_{i}" for i in range(1, 8)]
        names += [f"eye_{side}_corner_left"]
        names += [f"eye_{side}_eyelid_lower_{i}" for i in range(7, 0, -1)]
        names += [f"eye_{side}_eyeball_{where}" for where in ("center", "right", "left")]
    names += [f"nose_bridge_{i}" for i in range(1, 4)] + ["nose_tip"]
    names += [f"nose_right_contour_{i}" for i in range(1, 8)] + ["nose_middle_contour"]
    names += [f"nose_left_contour_{i}" for i in range(7, 0, -1)]
    for edge in ("outer", "inner"):
        names += [f"mouth_corner_right_{edge}"] + [f"mouth_lip_upper_{edge}_{i}" for i in range(1, 12)]
        names += [f"mouth_corner_left_{edge}"] + [f"mouth_lip_lower_{edge}_{i}" for i in range(11, 0, -1)]
    return tuple(names)


NAMES = _build_names()
INDEX = {name: index for index, name in enumerate(NAMES)}
COUNT = len(NAMES)


def _partner(name: str) -> str:
    """The name that a point has in the mirrored picture."""
    if name.startswith("chin_"):
        return f"chin_{4 - int(name[-1])}"
    words = name.split("_")
    flipped = [{"right": "left", "left": "right"}.get(word, word) for word in words]
    if words[0] == "eyebrow" and words[-1].isdigit():
        flipped[-1] = str((6 if words[2] == "upper" else 4) - int(words[-1]))
    elif words[0] == "eye" and words[-1].isdigit():
        flipped[-1] = str(8 - int(words[-1]))
    elif words[0] == "mouth" and words[-1].isdigit():
        flipped[-1] = str(12 - int(words[-1]))
    return "_".join(flipped)


MIRROR: Group = tuple(INDEX[_partner(name)] for name in NAMES)


def _pick(*names: str) -> Group:
    return tuple(INDEX[name] for name in names)


def _landmark72() -> Group:
    """Order of Baidu's `landmark72`: outline 0-12, per side eye 8 + pupil and brow 8, nose 47-57, mouth 58-71."""
    outline = [f"cheek_right_{i}" for i in range(1, 12, 2)] + ["chin_2"]
    outline += [f"cheek_left_{i}" for i in range(11, 0, -2)]
    names = list(outline)
    for side in ("right", "left"):
        eye, brow = f"eye_{side}_", f"eyebrow_{side}_"
        names += [eye + "corner_right", *(f"{eye}eyelid_upper_{i}" for i in (2, 4, 6)), eye + "corner_left"]
        names += [*(f"{eye}eyelid_lower_{i}" for i in (6, 4, 2)), eye + "eyeball_center"]
        names += [brow + "corner_right", *(f"{brow}upper_{i}" for i in (2, 3, 4)), brow + "corner_left"]
        names += [f"{brow}lower_{i}" for i in (3, 2, 1)]
    names += [f"nose_right_contour_{i}" for i in (1, 2, 3, 4, 6)]
    names += [f"nose_left_contour_{i}" for i in (6, 4, 3, 2, 1)] + ["nose_tip"]
    names += ["mouth_corner_right_outer", *(f"mouth_lip_upper_outer_{i}" for i in (3, 6, 9))]
    names += ["mouth_corner_left_outer", *(f"mouth_lip_lower_outer_{i}" for i in (9, 6, 3))]
    names += [f"mouth_lip_upper_inner_{i}" for i in (3, 6, 9)]
    names += [f"mouth_lip_lower_inner_{i}" for i in (9, 6, 3)]
    return _pick(*names)


LANDMARK72 = _landmark72()


def _landmark68() -> tuple[Group, ...]:
    """iBUG's 68 points; a jaw point between two of ours is the mean of both."""
    jaw: list[Group] = [(3 * i // 2,) if i % 2 == 0 else (3 * i // 2, 3 * i // 2 + 1) for i in range(17)]
    names = []
    for side in ("right", "left"):
        brow = f"eyebrow_{side}_"
        names += [brow + "corner_right", *(f"{brow}upper_{i}" for i in (2, 3, 4)), brow + "corner_left"]
    names += ["nose_bridge_1", "nose_bridge_2", "nose_bridge_3", "nose_tip"]
    names += ["nose_right_contour_5", "nose_right_contour_6", "nose_middle_contour"]
    names += ["nose_left_contour_6", "nose_left_contour_5"]
    for side, upper, lower in (("right", (3, 6), (5, 3)), ("left", (2, 5), (5, 3))):
        eye = f"eye_{side}_"
        names += [eye + "corner_right", *(f"{eye}eyelid_upper_{i}" for i in upper)]
        names += [eye + "corner_left", *(f"{eye}eyelid_lower_{i}" for i in lower)]
    names += ["mouth_corner_right_outer", *(f"mouth_lip_upper_outer_{i}" for i in (2, 4, 6, 8, 10))]
    names += ["mouth_corner_left_outer", *(f"mouth_lip_lower_outer_{i}" for i in (10, 8, 6, 4, 2))]
    names += ["mouth_corner_right_inner", *(f"mouth_lip_upper_inner_{i}" for i in (3, 6, 9))]
    names += ["mouth_corner_left_inner", *(f"mouth_lip_lower_inner_{i}" for i in (9, 6, 3))]
    return (*jaw, *((index,) for index in _pick(*names)))


LANDMARK68 = _landmark68()
# Mouth centre: the mean of the 14 mouth points of landmark72, as in published answers of the interface.
LANDMARK4: tuple[Group, ...] = (
    _pick("eye_right_eyeball_center"),
    _pick("eye_left_eyeball_center"),
    _pick("nose_tip"),
    LANDMARK72[58:],
)
LANDMARK5: tuple[Group, ...] = (
    *LANDMARK4[:3],
    _pick("mouth_corner_right_outer"),
    _pick("mouth_corner_left_outer"),
)


@dataclass(frozen=True, slots=True)
class Regions:
    """Closed polygons of point numbers; `left` is the side at smaller x, as in the 4-point "left eye"."""

    left_eye: Group
    right_eye: Group
    nose: Group
    mouth: Group
    left_cheek: Group
    right_cheek: Group
    chin: Group


def _eye_region(side: str) -> Group:
    """From the brow's lower edge round the lower lid."""
    brow = [f"eyebrow_{side}_{point}" for point in ("corner_right", "lower_1", "lower_2", "lower_3")]
    lower = [f"eye_{side}_eyelid_lower_{i}" for i in range(7, 0, -1)]
    corners = (f"eye_{side}_corner_left", f"eye_{side}_corner_right")
    return _pick(*brow, f"eyebrow_{side}_corner_left", corners[0], *lower, corners[1])


def _cheek_region(side: str) -> Group:
    """Outline from the eye down to the mouth, mouth corner, side of the nose, lower lid."""
    outline = [f"cheek_{side}_{i}" for i in range(2, 9)]
    nose = [f"nose_{side}_contour_{i}" for i in (5, 4, 3, 2)]
    order = range(7, 0, -1) if side == "right" else range(1, 8)
    lids = [f"eye_{side}_eyelid_lower_{i}" for i in order]
    return _pick(*outline, f"mouth_corner_{side}_outer", *nose, *lids)


def _regions() -> Regions:
    right_side = [f"nose_right_contour_{i}" for i in range(1, 7)]
    left_side = [f"nose_left_contour_{i}" for i in range(6, 0, -1)]
    lips_below = [f"mouth_lip_lower_outer_{i}" for i in range(11, 0, -1)]
    chin = [f"cheek_right_{i}" for i in range(8, 12)] + ["chin_1", "chin_2", "chin_3"]
    chin += [f"cheek_left_{i}" for i in range(11, 7, -1)]
    upper = [f"mouth_lip_upper_outer_{i}" for i in range(1, 12)]
    return Regions(
        left_eye=_eye_region("right"),
        right_eye=_eye_region("left"),
        nose=_pick(*right_side, "nose_middle_contour", *left_side, "nose_bridge_1"),
        mouth=_pick("mouth_corner_right_outer", *upper, "mouth_corner_left_outer", *lips_below),
        left_cheek=_cheek_region("right"),
        right_cheek=_cheek_region("left"),
        chin=_pick(*chin, "mouth_corner_left_outer", *lips_below, "mouth_corner_right_outer"),
    )


REGIONS = _regions()

# Interocular distance: between the outer corners of the eyes, as 300-W and WFLW normalise their errors.
OUTER_EYE_CORNERS = _pick("eye_right_corner_right", "eye_left_corner_left")


def write_toml(path: Path) -> None:
    """Write the layout as the machine-readable file of the model pack."""
    lines = [
        "# Made by `python -m training.landmarks.layout`: numbers of the 150 points, see docs/landmarks.md.",
        "# Subsets list groups of points: a subset's point is the mean of its group.",
        f"count = {COUNT}",
        "# Side of the network input, and where the detector's five points lie in it.",
        f"crop_side = {SIDE}",
        f"crop_points = {[[round(float(v), 4) for v in point] for point in CROP_POINTS]}",
        "names = [",
        *(f'  "{name}",' for name in NAMES),
        "]",
        f"mirror = {list(MIRROR)}",
        f"outer_eye_corners = {list(OUTER_EYE_CORNERS)}",
        "",
        "[subsets]",
        f"landmark72 = {[[index] for index in LANDMARK72]}",
        f"landmark68 = {[list(group) for group in LANDMARK68]}",
        f"landmark5 = {[list(group) for group in LANDMARK5]}",
        f"landmark4 = {[list(group) for group in LANDMARK4]}",
        "",
        "[regions]",
    ]
    lines += [f"{name} = {list(getattr(REGIONS, name))}" for name in Regions.__dataclass_fields__]
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    write_toml(Path("models/default/landmark_layout.toml"))
