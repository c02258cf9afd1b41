"""How far away a face is, from the distance between its eyes."""

from __future__ import annotations

import math

from edgeface.types import Pose

ADULT_INTEROCULAR_M = 0.063
"""Mean interpupillary distance of adults, metres (Dodgson 2004: 63 mm, 95 % within 55 to 71)."""
_MOST_TURNED_DEG = 60.0  # beyond, the eyes' distance in the picture says nothing any more


def distance_m(
    interocular_px: float, *, frame_width: int, field_of_view_deg: float, pose: Pose | None = None
) -> float | None:
    """Metres from the lens to the face; ``None`` where it cannot be told.

    interocular_px: pixels between the eye centres in a picture ``frame_width`` pixels wide, seen through a lens of
    that horizontal field of view. A turned head's eyes stand closer together: yaw is taken out. Good to about a
    tenth for adults, because people's eyes differ; children read too far.
    """
    yaw = abs(pose.yaw) if pose else 0.0
    if interocular_px <= 0 or yaw > _MOST_TURNED_DEG:
        return None
    focal_px = frame_width / 2 / math.tan(math.radians(field_of_view_deg) / 2)
    return focal_px * ADULT_INTEROCULAR_M * math.cos(math.radians(yaw)) / interocular_px
