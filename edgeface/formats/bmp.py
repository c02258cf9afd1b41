"""BMP: size and completeness, from its two headers."""

from __future__ import annotations

import struct

from edgeface.formats.header import BrokenImageError, ImageHeader, UnsupportedImageError

_CORE_HEADER = 12
_HEADERS = frozenset((_CORE_HEADER, 40, 52, 56, 64, 108, 124))
_RAW, _RLE8, _RLE4, _FIELDS, _ALPHA_FIELDS = 0, 1, 2, 3, 6
_DEPTHS = frozenset((1, 4, 8, 16, 24, 32))


def looks_like(data: bytes) -> bool:
    """Whether the bytes behind the two-letter magic are a BMP's: `BM` alone also starts ordinary text."""
    return len(data) >= 18 and int.from_bytes(data[14:18], "little") in _HEADERS


def read_header(data: bytes) -> ImageHeader:
    """Size, and whether all pixels are there. A fourth channel of a BMP is ignored, as most software does.

    Raises :class:`BrokenImageError` and :class:`UnsupportedImageError`.
    """
    if len(data) < 54 and not (len(data) >= 26 and data[14] == _CORE_HEADER):
        raise BrokenImageError("The BMP is cut off.")
    kind = struct.unpack_from("<I", data, 14)[0]
    compression = _RAW
    if kind == _CORE_HEADER:
        width, height, _, depth = struct.unpack_from("<HHHH", data, 18)
    else:
        width, height, _, depth, compression = struct.unpack_from("<iiHHI", data, 18)
    if width <= 0 or height == 0 or depth not in _DEPTHS:
        raise BrokenImageError("The BMP's header makes no sense.")
    if compression not in (_RAW, _RLE8, _RLE4, _FIELDS, _ALPHA_FIELDS):
        raise UnsupportedImageError("JPEG or PNG inside a BMP is not supported.")
    return ImageHeader(width, abs(height))


def check_complete(data: bytes) -> None:
    """Raise :class:`BrokenImageError` where the pixels are not all there."""
    header = read_header(data)
    offset, kind = struct.unpack_from("<II", data, 10)
    depth = struct.unpack_from("<H", data, 24 if kind == _CORE_HEADER else 28)[0]
    compression = _RAW if kind == _CORE_HEADER else struct.unpack_from("<I", data, 30)[0]
    if compression in (_RLE8, _RLE4):
        # Run-length data ends with the escape 0, 1 (a padding byte may follow).
        if data.rfind(b"\x00\x01", max(offset, len(data) - 8)) < 0:
            raise BrokenImageError("The BMP is cut off.")
        return
    row = (header.width * depth + 31) // 32 * 4
    if offset < 14 + kind or offset + row * header.height > len(data):
        raise BrokenImageError("The BMP is cut off.")
