"""Whatever a client sends is decoded rightly or refused with its documented error; nothing crashes."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pytest

from edgeface.config import ImageLimits
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.image import decode
from edgeface.types import ImageArray
from tests.pictures import astronaut, encoded

LIMITS = ImageLimits()
SMALL = np.ascontiguousarray(astronaut()[40:200:2, 150:310:2])


def refusal(data: bytes, limits: ImageLimits = LIMITS) -> ErrorCode:
    with pytest.raises(EdgeFaceError) as caught:
        decode(data, limits)
    return caught.value.code


def difference(one: ImageArray, other: ImageArray) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_header(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


def jpeg_header(width: int, height: int) -> bytes:
    frame = struct.pack(">HBHHB", 17, 8, height, width, 3) + b"\x01\x11\x00\x02\x11\x00\x03\x11\x00"
    return b"\xff\xd8\xff\xc0" + frame


def exif_block(orientation: int, order: str) -> bytes:
    start = b"II*\x00" if order == "<" else b"MM\x00*"
    return start + struct.pack(f"{order}IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def stored(upright: ImageArray, orientation: int) -> ImageArray:
    """The pixels that a camera stores when the orientation tag makes them upright again (EXIF 2.32)."""
    undo: dict[int, Any] = {
        1: lambda image: image,
        2: lambda image: image[:, ::-1],
        3: lambda image: image[::-1, ::-1],
        4: lambda image: image[::-1],
        5: lambda image: image.transpose(1, 0, 2),
        6: lambda image: np.rot90(image, 1),
        7: lambda image: image[::-1, ::-1].transpose(1, 0, 2),
        8: lambda image: np.rot90(image, -1),
    }
    return np.ascontiguousarray(undo[orientation](upright))


@pytest.mark.parametrize(("suffix", "error"), [(".png", 0.0), (".bmp", 0.0), (".jpg", 6.0), (".webp", 8.0)], ids=str)
def test_the_four_formats_are_decoded(suffix: str, error: float) -> None:
    image = decode(encoded(SMALL, suffix), LIMITS)
    assert image.shape == SMALL.shape
    assert image.dtype == np.uint8
    assert difference(image, SMALL) <= error


def test_empty_body_is_a_missing_image() -> None:
    assert refusal(b"") is ErrorCode.IMAGE_MISSING


def test_too_many_bytes_are_refused_before_anything_else() -> None:
    assert refusal(b"\x00" * 2000, ImageLimits(max_bytes=1024)) is ErrorCode.IMAGE_TOO_LARGE


@pytest.mark.parametrize("header", [png_header(10000, 10000), jpeg_header(10000, 10000)], ids=["png", "jpeg"])
def test_a_huge_header_without_pixels_is_too_large(header: bytes) -> None:
    assert refusal(header) is ErrorCode.IMAGE_TOO_LARGE


@pytest.mark.parametrize(("width", "height"), [(6000, 4000), (4000, 6000)])
def test_the_largest_picture_is_allowed_in_both_orientations(width: int, height: int) -> None:
    # Only the header is there: it gets past the size check and fails as incomplete.
    assert refusal(png_header(width, height)) is ErrorCode.IMAGE_CORRUPT
    assert refusal(png_header(width + 1, height)) is ErrorCode.IMAGE_TOO_LARGE


def test_size_limits_at_the_small_end() -> None:
    assert refusal(encoded(SMALL[:1, :1], ".png")) is ErrorCode.IMAGE_TOO_SMALL
    assert refusal(encoded(SMALL[:24, :23], ".png")) is ErrorCode.IMAGE_TOO_SMALL
    assert decode(encoded(SMALL[:24, :24], ".jpg"), LIMITS).shape == (24, 24, 3)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"GIF89a" + b"\x00" * 40, "GIF"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 40, "HEIC"),
        (b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf" + b"\x00" * 40, "AVIF"),
        (b"II*\x00" + b"\x00" * 40, "TIFF"),
        (b"%PDF-1.7\n" + b"\x00" * 40, "PDF"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"just text, and nothing else", "no image"),
        (b"BM is how this sentence begins", "no image"),
    ],
    ids=lambda item: item if isinstance(item, str) else "",
)
def test_other_formats_are_refused_by_name(data: bytes, name: str) -> None:
    with pytest.raises(EdgeFaceError) as caught:
        decode(data, LIMITS)
    assert caught.value.code is ErrorCode.IMAGE_FORMAT
    assert name in caught.value.message


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpeg", "jpeg-motorola", "png", "webp"])
def test_exif_orientation_is_applied(orientation: int, kind: str) -> None:
    upright = SMALL[:, :60]
    pixels = stored(upright, orientation)
    block = exif_block(orientation, ">" if kind == "jpeg-motorola" else "<")
    if kind == "png":
        data = encoded(pixels, ".png")
        data = data[:33] + png_chunk(b"eXIf", block) + data[33:]
    elif kind == "webp":
        pillow = pytest.importorskip("PIL.Image")
        buffer = io.BytesIO()
        pillow.fromarray(pixels[..., ::-1]).save(buffer, "WEBP", exif=b"Exif\x00\x00" + block, lossless=True)
        data = buffer.getvalue()
    else:
        data = encoded(pixels, ".jpg", cv2.IMWRITE_JPEG_QUALITY, 98)
        body = b"Exif\x00\x00" + block
        data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]
    image = decode(data, LIMITS)
    assert image.shape == upright.shape
    assert difference(image, upright) < 4.0


def test_grey_pictures_get_three_equal_channels() -> None:
    grey = cv2.cvtColor(SMALL, cv2.COLOR_BGR2GRAY)
    for suffix in (".png", ".jpg", ".bmp"):
        image = decode(encoded(grey, suffix), LIMITS)
        assert image.shape == SMALL.shape
        assert np.array_equal(image[..., 0], image[..., 2])


def test_sixteen_bits_become_eight() -> None:
    assert np.array_equal(decode(encoded(SMALL.astype(np.uint16) * 257, ".png"), LIMITS), SMALL)


@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_transparency_is_shown_on_white(suffix: str) -> None:
    alpha = np.full((*SMALL.shape[:2], 1), 255, np.uint8)
    alpha[:40] = 0
    see_through = np.concatenate([SMALL, alpha], axis=2)
    parameters = (cv2.IMWRITE_WEBP_QUALITY, 101) if suffix == ".webp" else ()
    image = decode(encoded(see_through, suffix, *parameters), LIMITS)
    assert (image[:40] == 255).all()
    assert np.array_equal(image[40:], SMALL[40:])


def test_sixteen_bit_transparency() -> None:
    deep = np.concatenate([SMALL, np.full((*SMALL.shape[:2], 1), 128, np.uint8)], axis=2).astype(np.uint16) * 257
    expected = SMALL.astype(float) * 128 / 255 + 127
    assert np.abs(decode(encoded(deep, ".png"), LIMITS) - expected).max() <= 1.5


def test_transparent_palette() -> None:
    pillow = pytest.importorskip("PIL.Image")
    picture = pillow.fromarray(SMALL[..., ::-1]).quantize(64)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", transparency=int(np.array(picture)[0, 0]))
    image = decode(buffer.getvalue(), LIMITS)
    assert image.shape == SMALL.shape
    assert (image[0, 0] == 255).all()


def test_cmyk_jpeg_has_its_colours() -> None:
    pillow = pytest.importorskip("PIL.Image")
    buffer = io.BytesIO()
    pillow.fromarray(SMALL[..., ::-1]).convert("CMYK").save(buffer, "JPEG", quality=95)
    assert difference(decode(buffer.getvalue(), LIMITS), SMALL) < 6.0
    # Without the Adobe segment nobody knows whether the inks are inverted.
    data = buffer.getvalue()
    at = data.index(b"\xff\xee")
    length = int.from_bytes(data[at + 2 : at + 4], "big")
    assert refusal(data[:at] + data[at + 2 + length :]) is ErrorCode.IMAGE_FORMAT


def test_progressive_jpeg_is_decoded_and_a_bomb_of_scans_is_not() -> None:
    data = encoded(SMALL, ".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    assert difference(decode(data, LIMITS), SMALL) < 6.0
    scan = data.rindex(b"\xff\xda")
    assert refusal(data[:-2] + data[scan:-2] * 50 + data[-2:]) is ErrorCode.IMAGE_CORRUPT


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.99])
def test_truncated_files_are_corrupt(suffix: str, share: float) -> None:
    data = encoded(SMALL, suffix)
    assert refusal(data[: int(len(data) * share)]) in {ErrorCode.IMAGE_CORRUPT, ErrorCode.IMAGE_FORMAT}


@pytest.mark.parametrize("share", [0.4, 0.6, 0.9])
@pytest.mark.parametrize("progressive", [0, 1])
def test_a_cut_jpeg_with_an_end_marker_is_never_half_grey(share: float, progressive: int) -> None:
    data = encoded(astronaut(), ".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, progressive)
    cut = data[: int(len(data) * share)].rstrip(b"\xff") + b"\xff\xd9"
    try:
        image = decode(cut, LIMITS)
    except EdgeFaceError as error:
        assert error.code is ErrorCode.IMAGE_CORRUPT
    else:  # a progressive picture whose later, finer passes are missing is whole, only coarser
        assert progressive
        assert difference(image, astronaut()) < 15.0


def test_a_jpeg_that_really_is_grey_is_not_taken_for_a_cut_one() -> None:
    grey = np.full((64, 64, 3), 128, np.uint8)
    assert np.array_equal(decode(encoded(grey, ".jpg"), LIMITS), grey)
    corner = SMALL.copy()
    corner[40:, 40:] = 128
    assert decode(encoded(corner, ".jpg"), LIMITS).shape == SMALL.shape


def test_bytes_behind_the_end_do_no_harm() -> None:
    for suffix in (".jpg", ".png", ".bmp"):
        assert decode(encoded(SMALL, suffix) + b"\x00trailing camera notes", LIMITS).shape == SMALL.shape


def test_a_png_with_a_flipped_bit_is_corrupt() -> None:
    data = bytearray(encoded(SMALL, ".png"))
    data[len(data) // 2] ^= 0x10
    assert refusal(bytes(data)) is ErrorCode.IMAGE_CORRUPT


def test_hostile_png_chunks_never_reach_the_decoder() -> None:
    data = encoded(SMALL, ".png")
    bomb = png_chunk(b"iCCP", b"x\x00\x00" + zlib.compress(b"\x00" * 5_000_000))
    assert np.array_equal(decode(data[:33] + bomb + data[33:], LIMITS), SMALL)
    assert refusal(data[:33] + png_chunk(b"CgBI", b"\x00" * 4) + data[33:]) is ErrorCode.IMAGE_FORMAT


def test_animated_webp_is_refused() -> None:
    pillow = pytest.importorskip("PIL.Image")
    buffer = io.BytesIO()
    first, second = pillow.fromarray(SMALL[..., ::-1]), pillow.fromarray(SMALL)
    first.save(buffer, "WEBP", save_all=True, append_images=[second], duration=100)
    assert refusal(buffer.getvalue()) is ErrorCode.IMAGE_FORMAT
