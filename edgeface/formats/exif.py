"""The one EXIF field that matters here: the orientation."""

from __future__ import annotations

import struct

_ORIENTATION_TAG = 0x0112  # EXIF 2.32, 4.6.4 A: Orientation, SHORT, 1 to 8
_SHORT = 3
# An IFD0 of a camera has a few dozen entries; more than this is not worth walking.
_MOST_ENTRIES = 512


def orientation(tiff: bytes) -> int:
    """The orientation (1 to 8) in an EXIF block that starts at its TIFF header; 1 where there is none.

    A damaged block counts as none: EXIF is a remark about the picture, not part of it.
    """
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 8:
        return 1
    (start,) = struct.unpack_from(f"{order}I", tiff, 4)
    if start + 2 > len(tiff):
        return 1
    (entries,) = struct.unpack_from(f"{order}H", tiff, start)
    for index in range(min(entries, _MOST_ENTRIES)):
        at = start + 2 + 12 * index
        if at + 12 > len(tiff):
            return 1
        tag, kind, count, value = struct.unpack_from(f"{order}HHIH", tiff, at)
        if tag == _ORIENTATION_TAG:
            return int(value) if kind == _SHORT and count == 1 and 1 <= value <= 8 else 1
    return 1
