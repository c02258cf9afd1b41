"""JPEG: size, orientation and completeness, from the marker segments (ITU-T T.81, annex B)."""

from __future__ import annotations

import re

from edgeface.formats import exif
from edgeface.formats.header import BrokenImageError, ImageHeader, UnsupportedImageError

_SOI, _EOI, _SOS, _DNL, _APP1, _APP14, _TEM = 0xD8, 0xD9, 0xDA, 0xDC, 0xE1, 0xEE, 0x01
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_DECODABLE_FRAMES = frozenset((0xC0, 0xC1, 0xC2))  # baseline, extended, progressive; Huffman coded
# A scan may be a few bytes long and still costs a pass over the whole picture; real progressive files have
# about ten (libjpeg-turbo's advisory on progressive "bombs" is why decoders count them).
_MOST_SCANS = 32
# In entropy-coded data a 0xFF is stuffed (00), a restart marker (D0 to D7) or a fill byte; anything else ends it.
_END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# Bytes that are neither stuffing nor markers, with both short and long codes in them.
_FILLER = bytes(range(1, 255)) * 2


def read_header(data: bytes) -> ImageHeader:
    """Size, orientation and kind, from the segments before the first scan.

    Raises :class:`BrokenImageError` and :class:`UnsupportedImageError`.
    """
    turned, adobe, at = 1, False, 2
    while True:
        marker, start, end = _segment(data, at)
        if marker == _APP1 and data[start : start + 6] == b"Exif\x00\x00" and turned == 1:
            turned = exif.orientation(data[start + 6 : end])
        elif marker == _APP14 and data[start : start + 5] == b"Adobe":
            adobe = True
        elif marker in _FRAMES:
            payload = data[start:end]
            four = len(payload) >= 6 and payload[5] == 4
            return _frame(payload, marker, turned, adobe=adobe or (four and _has_adobe(data, end)))
        elif marker in (_SOS, _EOI):
            raise BrokenImageError("The JPEG has no frame header.")
        at = end


def check_complete(data: bytes) -> None:
    """Raise :class:`BrokenImageError` unless every segment is whole and the picture ends with its end marker."""
    scans(data)


def scans(data: bytes) -> tuple[int, ...]:
    """Where the entropy-coded data of each scan ends (offset of the marker behind it)."""
    ends: list[int] = []
    frames, at = 0, 2
    while True:
        marker, _, end = _segment(data, at)
        if marker == _EOI:
            break
        if marker in _FRAMES:
            frames += 1
        if marker == _SOS:
            found = _END_OF_SCAN.search(data, end)
            if found is None:
                raise BrokenImageError("The JPEG ends in the middle of its picture.")
            end = found.start()
            ends.append(end)
        if frames > 1 or len(ends) > _MOST_SCANS:
            raise BrokenImageError("The JPEG has more frames or scans than a picture needs.")
        at = end
    if not frames or not ends:
        raise BrokenImageError("The JPEG holds no picture.")
    return tuple(ends)


def with_filled_scans(data: bytes) -> bytes:
    """The same file with meaningless bytes behind each scan's data.

    A decoder ignores them if the scan already had all its blocks, and turns them into pixels if it had not: so
    a scan that was cut short and closed with an end marker shows itself by decoding differently.
    """
    parts: list[bytes] = []
    start = 0
    for end in scans(data):
        parts += (data[start:end], _FILLER)
        start = end
    return b"".join((*parts, data[start:]))


def _segment(data: bytes, at: int) -> tuple[int, int, int]:
    """Marker, start of its payload and end of it, for the segment at `at` (fill bytes before it allowed)."""
    if at >= len(data) or data[at] != 0xFF:
        raise BrokenImageError("The JPEG's segments are damaged or cut off.")
    while at < len(data) and data[at] == 0xFF:
        at += 1
    if at >= len(data):
        raise BrokenImageError("The JPEG is cut off.")
    marker = data[at]
    at += 1
    if marker == _EOI:
        return marker, at, at
    if marker in (0x00, _SOI, _DNL, _TEM) or 0xD0 <= marker <= 0xD7:
        raise BrokenImageError("The JPEG has a marker where none may be.")
    length = int.from_bytes(data[at : at + 2], "big")
    if length < 2 or at + length > len(data):
        raise BrokenImageError("The JPEG is cut off.")
    return marker, at + 2, at + length


def _has_adobe(data: bytes, at: int) -> bool:
    """Whether an Adobe segment stands between the frame header and the first scan."""
    while True:
        marker, start, end = _segment(data, at)
        if marker in (_SOS, _EOI):
            return False
        if marker == _APP14 and data[start : start + 5] == b"Adobe":
            return True
        at = end


def _frame(payload: bytes, marker: int, turned: int, *, adobe: bool) -> ImageHeader:
    if len(payload) < 6:
        raise BrokenImageError("The JPEG's frame header is cut off.")
    if marker not in _DECODABLE_FRAMES:
        raise UnsupportedImageError("Lossless, hierarchical and arithmetic-coded JPEG are not supported.")
    if payload[0] != 8:
        raise UnsupportedImageError(f"JPEG with {payload[0]} bits a sample is not supported.")
    height, width = int.from_bytes(payload[1:3], "big"), int.from_bytes(payload[3:5], "big")
    components = payload[5]
    if not width or not height or components not in (1, 3, 4):
        raise BrokenImageError("The JPEG's frame header makes no sense.")
    if components == 4 and not adobe:
        # Without the Adobe segment nobody knows whether the four inks are stored inverted.
        raise UnsupportedImageError("CMYK JPEG without the Adobe segment is not supported.")
    return ImageHeader(width, height, turned)
