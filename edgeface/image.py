"""Bytes to picture: byte cap, allow-list by magic number, pixel cap from the header, completeness, decode.

The order matters: nothing is decoded before our own parsers know its format and size, and nothing that was cut
off or damaged on the way is accepted as half a picture. What happens to unusual pictures:

- EXIF orientation 1 to 8 is applied (JPEG, PNG ``eXIf``, WebP), by us, so every OpenCV version agrees.
- Transparency is composited on white, as an ID photo would be; a BMP's fourth channel is ignored.
- 16 bits a channel become the upper 8; grey becomes three equal channels; CMYK with the Adobe segment becomes BGR.
- A JPEG without its end marker, or whose scan stops before the last block, is corrupt. A flipped bit inside
  JPEG's compressed data that leaves its structure whole cannot be noticed: such a picture is decoded as it is.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, cast

import cv2
import numpy as np

from edgeface.config import ImageLimits
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.formats import bmp, jpeg, png, webp
from edgeface.formats.header import BrokenImageError, ImageHeader, UnsupportedImageError
from edgeface.formats.magic import sniff
from edgeface.types import ImageArray

__all__ = ["decode", "decode_base64", "size_of", "sniff"]

_READERS = {"jpeg": jpeg.read_header, "png": png.read_header, "bmp": bmp.read_header, "webp": webp.read_header}

_BLANKS = b" \t\r\n"
_DATA_URL = re.compile(rb"data:[^,]{0,200};base64,", re.IGNORECASE)
_URLSAFE = bytes.maketrans(b"-_", b"+/")

# Every orientation is a transposition or none, then a flip or none: about the vertical axis (1), the horizontal
# axis (0) or both (-1).
_TRANSPOSED = frozenset((5, 6, 7, 8))
_FLIPS = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}

# What libjpeg paints where a scan had no data: all coefficients zero, the middle of the range.
_UNPAINTED = 128


def decode(data: bytes, limits: ImageLimits) -> ImageArray:
    """The picture in an encoded image: (height, width, 3) uint8 BGR, upright by its EXIF orientation.

    Raises ``IMAGE_MISSING`` (no bytes), ``IMAGE_TOO_LARGE`` (bytes or pixels, by the header alone),
    ``IMAGE_TOO_SMALL``, ``IMAGE_FORMAT`` (not JPEG, PNG, BMP or WebP; the detail names what it is) and
    ``IMAGE_CORRUPT``.
    """
    if not data:
        raise EdgeFaceError(ErrorCode.IMAGE_MISSING)
    if len(data) > limits.max_bytes:
        raise EdgeFaceError(ErrorCode.IMAGE_TOO_LARGE, f"It has {len(data)} bytes; the limit is {limits.max_bytes}.")
    name = sniff(data)
    if name not in _READERS:
        known = name != "unknown"
        raise EdgeFaceError(
            ErrorCode.IMAGE_FORMAT, f"This is {name.upper()}." if known else "This is no image that we know."
        )
    try:
        header = _READERS[name](data)
        _check_size(header, limits)
        pixels = _pixels(data, name, header)
    except UnsupportedImageError as error:
        raise EdgeFaceError(ErrorCode.IMAGE_FORMAT, str(error)) from error
    except BrokenImageError as error:
        raise EdgeFaceError(ErrorCode.IMAGE_CORRUPT, str(error)) from error
    return _upright(pixels, header.orientation)


def size_of(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels as stored, by the header alone; ``None`` for what :func:`decode` would refuse."""
    name = sniff(data)
    if name not in _READERS:
        return None
    try:
        header = _READERS[name](data)
    except (UnsupportedImageError, BrokenImageError):
        return None
    return header.width, header.height


def decode_base64(text: str | bytes) -> bytes:
    """The bytes behind base64 text; line breaks, a ``data:...;base64,`` prefix, the URL-safe alphabet and missing
    padding are tolerated.

    Raises ``IMAGE_MISSING`` for empty text and ``IMAGE_BASE64`` for anything that is not base64.
    """
    try:
        raw = text.encode("ascii") if isinstance(text, str) else bytes(text)
    except UnicodeEncodeError as error:
        raise EdgeFaceError(ErrorCode.IMAGE_BASE64, "It holds characters outside ASCII.") from error
    raw = raw.strip(_BLANKS)
    prefix = _DATA_URL.match(raw)
    if prefix:
        raw = raw[prefix.end() :]
    raw = raw.translate(_URLSAFE, _BLANKS).rstrip(b"=")
    if not raw:
        raise EdgeFaceError(ErrorCode.IMAGE_MISSING)
    try:
        return base64.b64decode(raw + b"=" * (-len(raw) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise EdgeFaceError(ErrorCode.IMAGE_BASE64) from error


def _check_size(header: ImageHeader, limits: ImageLimits) -> None:
    longer, shorter = max(header.width, header.height), min(header.width, header.height)
    if longer > limits.max_width or shorter > limits.max_height:
        raise EdgeFaceError(
            ErrorCode.IMAGE_TOO_LARGE,
            f"It is {header.width} x {header.height} pixels; the limit is {limits.max_width} x {limits.max_height}.",
        )
    if shorter < limits.min_side:
        raise EdgeFaceError(
            ErrorCode.IMAGE_TOO_SMALL,
            f"It is {header.width} x {header.height} pixels; each side needs {limits.min_side}.",
        )


def _pixels(data: bytes, name: str, header: ImageHeader) -> ImageArray:
    """The decoded picture as stored (not yet upright)."""
    if name == "jpeg":
        jpeg.check_complete(data)
    elif name == "png":
        data = png.checked(data)
    elif name == "bmp":
        bmp.check_complete(data)
    pixels = _imdecode(data, header)
    if name == "jpeg" and bool((pixels[-1, -1] == _UNPAINTED).all()):
        # The last pixel is what an unpainted one would be: see whether there was data for it. Rare, hence cheap.
        again = _imdecode(jpeg.with_filled_scans(data), header)
        if not np.array_equal(pixels, again):
            raise BrokenImageError("The JPEG ends in the middle of its picture.")
    return pixels


def _imdecode(data: bytes, header: ImageHeader) -> ImageArray:
    flags = cv2.IMREAD_UNCHANGED if header.alpha else cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        pixels: Any = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise BrokenImageError("The decoder gave up.") from error
    if pixels is None or pixels.shape[:2] != (header.height, header.width):
        raise BrokenImageError("The decoder gave up.")
    return _opaque(pixels) if header.alpha else cast(ImageArray, pixels)


def _opaque(pixels: Any) -> ImageArray:
    """BGR on white from whatever a format with transparency decoded to (grey, BGR or BGRA; 8 or 16 bits)."""
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if pixels.ndim == 2:
        return cast(ImageArray, cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR))
    if pixels.shape[2] == 3:
        return cast(ImageArray, pixels)
    alpha = pixels[..., 3:]
    colour = np.ascontiguousarray(pixels[..., :3])
    if bool((alpha == 255).all()):
        return cast(ImageArray, colour)
    weight = cv2.merge([pixels[..., 3]] * 3)
    shown = cv2.multiply(colour, weight, scale=1 / 255)
    return cast(ImageArray, cv2.add(shown, cv2.bitwise_not(weight)))


def _upright(pixels: ImageArray, orientation: int) -> ImageArray:
    """The picture mirrored and turned as its EXIF orientation asks (EXIF 2.32, tag 0x0112)."""
    if orientation in _TRANSPOSED:
        pixels = cast(ImageArray, cv2.transpose(pixels))
    if orientation in _FLIPS:
        pixels = cast(ImageArray, cv2.flip(pixels, _FLIPS[orientation]))
    return pixels
