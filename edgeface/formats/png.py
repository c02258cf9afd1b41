"""PNG: size, orientation and completeness, from its chunks (W3C PNG specification, third edition)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from edgeface.formats import exif
from edgeface.formats.header import BrokenImageError, ImageHeader, UnsupportedImageError

_SIGNATURE = 8
_ALPHA_COLOUR_TYPES = (4, 6)
_KEPT = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"))


def read_header(data: bytes) -> ImageHeader:
    """Size, transparency and orientation.

    Raises :class:`BrokenImageError`.
    """
    width, height, colour = _image_header(data)
    alpha, turned = colour in _ALPHA_COLOUR_TYPES, 1
    for kind, start, end in _chunks(data):
        if kind == b"tRNS":
            alpha = True
        elif kind == b"eXIf":
            turned = exif.orientation(data[start + 8 : end - 4])
        elif kind == b"IEND":
            break
    return ImageHeader(width, height, turned, alpha)


def checked(data: bytes) -> bytes:
    """The file with nothing in it but the picture's own chunks, each of which has its right check sum.

    Text, colour profiles and animation never reach the decoder: they are where decoders were attacked.
    Raises :class:`BrokenImageError` for a damaged or incomplete file and :class:`UnsupportedImageError` for
    one with critical chunks that PNG does not define.
    """
    parts = [data[:_SIGNATURE]]
    ended = False
    for kind, start, end in _chunks(data):
        if kind in _KEPT:
            if zlib.crc32(data[start + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
                raise BrokenImageError("A PNG chunk's check sum is wrong.")
            parts.append(data[start:end])
        elif not kind[0] & 0x20:  # upper case: critical
            raise UnsupportedImageError("The PNG has a critical chunk that PNG does not define.")
        if kind == b"IEND":
            ended = True
            break
    if not ended:
        raise BrokenImageError("The PNG is cut off.")
    return b"".join(parts)


def _image_header(data: bytes) -> tuple[int, int, int]:
    if len(data) < _SIGNATURE + 25 or data[8:16] != b"\x00\x00\x00\rIHDR":
        raise BrokenImageError("The PNG has no image header.")
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if not width or not height:
        raise BrokenImageError("The PNG's image header makes no sense.")
    return width, height, data[25]


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end (offset of its length field, offset behind its check sum) of each chunk.

    Ends without a word where a chunk reaches beyond the file: the caller misses IEND then.
    """
    at = _SIGNATURE
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if end > len(data):
            return
        yield data[at + 4 : at + 8], at, end
        at = end
