"""The names of ``landmark150``, in the order of our 150 points.

The document calls ``landmark150`` an array, as it calls ``location`` and every other JSON object, and has no example
of it; the vendor's published answers are an object with these names. They are those of
``models/default/landmark_layout.toml`` (docs/landmarks.md); a test compares them. "Right" is the person's own right.
"""

from __future__ import annotations

from collections.abc import Iterator


def _names() -> Iterator[str]:
    yield from (f"cheek_right_{number}" for number in range(1, 12))
    yield from ("chin_1", "chin_2", "chin_3")
    yield from (f"cheek_left_{number}" for number in range(11, 0, -1))
    for side in ("right", "left"):
        yield f"eyebrow_{side}_corner_right"
        yield from (f"eyebrow_{side}_upper_{number}" for number in range(1, 6))
        yield f"eyebrow_{side}_corner_left"
        yield from (f"eyebrow_{side}_lower_{number}" for number in (3, 2, 1))
    for side in ("right", "left"):
        yield f"eye_{side}_corner_right"
        yield from (f"eye_{side}_eyelid_upper_{number}" for number in range(1, 8))
        yield f"eye_{side}_corner_left"
        yield from (f"eye_{side}_eyelid_lower_{number}" for number in range(7, 0, -1))
        yield from (f"eye_{side}_eyeball_{place}" for place in ("center", "right", "left"))
    yield from ("nose_bridge_1", "nose_bridge_2", "nose_bridge_3", "nose_tip")
    yield from (f"nose_right_contour_{number}" for number in range(1, 8))
    yield "nose_middle_contour"
    yield from (f"nose_left_contour_{number}" for number in range(7, 0, -1))
    for edge in ("outer", "inner"):
        yield f"mouth_corner_right_{edge}"
        yield from (f"mouth_lip_upper_{edge}_{number}" for number in range(1, 12))
        yield f"mouth_corner_left_{edge}"
        yield from (f"mouth_lip_lower_{edge}_{number}" for number in range(11, 0, -1))


LANDMARK_150_NAMES = tuple(_names())
