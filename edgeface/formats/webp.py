"""WebP: size, orientation and completeness, from its RIFF chunks (RFC 9649)."""

from __future__ import annotations

from collections.abc import Iterator

from edgeface.formats import exif
from edgeface.formats.header import BrokenImageError, ImageHeader, UnsupportedImageError

_ANIMATION, _ALPHA = 0x02, 0x10
_LOSSY_START = b"\x9d\x01\x2a"
_LOSSLESS_START = 0x2F


def read_header(data: bytes) -> ImageHeader:
    """Size, transparency and orientation; every chunk is checked to be whole.

    Raises :class:`BrokenImageError`, and :class:`UnsupportedImageError` for animations.
    """
    canvas: tuple[int, int] | None = None
    picture: tuple[int, int, bool] | None = None
    turned, alpha = 1, False
    for kind, start, end in _chunks(data):
        if kind == b"VP8X" and end - start >= 10:
            if data[start] & _ANIMATION:
                raise UnsupportedImageError("Animated WebP is not supported.")
            alpha = bool(data[start] & _ALPHA)
            canvas = (
                int.from_bytes(data[start + 4 : start + 7], "little") + 1,
                int.from_bytes(data[start + 7 : start + 10], "little") + 1,
            )
        elif kind == b"VP8 " and picture is None:
            picture = _lossy(data[start:end])
        elif kind == b"VP8L" and picture is None:
            picture = _lossless(data[start:end])
        elif kind == b"EXIF":
            block = data[start:end]
            turned = exif.orientation(block[6:] if block.startswith(b"Exif\x00\x00") else block)
        elif kind in (b"ANIM", b"ANMF"):
            raise UnsupportedImageError("Animated WebP is not supported.")
    if picture is None:
        raise BrokenImageError("The WebP holds no picture.")
    width, height, own_alpha = picture
    if canvas is not None and canvas != (width, height):
        raise BrokenImageError("The WebP's canvas and picture differ in size.")
    return ImageHeader(width, height, turned, alpha or own_alpha)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of each chunk's payload. Raises :class:`BrokenImageError` where the file is short."""
    stop = 8 + int.from_bytes(data[4:8], "little")
    if stop > len(data):
        raise BrokenImageError("The WebP is cut off.")
    at = 12
    while at + 8 <= stop:
        start = at + 8
        end = start + int.from_bytes(data[at + 4 : start], "little")
        if end > stop:
            raise BrokenImageError("The WebP is cut off.")
        yield data[at : at + 4], start, end
        at = end + (end & 1)


def _lossy(payload: bytes) -> tuple[int, int, bool]:
    if len(payload) < 10 or payload[3:6] != _LOSSY_START or payload[0] & 1:
        raise BrokenImageError("The WebP's picture header is damaged.")
    width = int.from_bytes(payload[6:8], "little") & 0x3FFF
    height = int.from_bytes(payload[8:10], "little") & 0x3FFF
    if not width or not height:
        raise BrokenImageError("The WebP's picture header makes no sense.")
    return width, height, False


def _lossless(payload: bytes) -> tuple[int, int, bool]:
    if len(payload) < 5 or payload[0] != _LOSSLESS_START:
        raise BrokenImageError("The WebP's picture header is damaged.")
    bits = int.from_bytes(payload[1:5], "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
