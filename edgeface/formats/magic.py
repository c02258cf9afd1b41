"""What a file is, by its first bytes."""

from __future__ import annotations

from edgeface.formats import bmp

_MAGIC: tuple[tuple[str, bytes], ...] = (
    ("jpeg", b"\xff\xd8\xff"),
    ("png", b"\x89PNG\r\n\x1a\n"),
    ("gif", b"GIF87a"),
    ("gif", b"GIF89a"),
    ("tiff", b"II*\x00"),
    ("tiff", b"MM\x00*"),
    ("tiff", b"II+\x00"),
    ("tiff", b"MM\x00+"),
    ("pdf", b"%PDF-"),
    ("jxl", b"\xff\x0a"),
    ("jxl", b"\x00\x00\x00\x0cJXL "),
    ("jp2", b"\x00\x00\x00\x0cjP  "),
    ("psd", b"8BPS"),
    ("ico", b"\x00\x00\x01\x00"),
)
# ISO base media file brands (HEIF: ISO/IEC 23008-12, AVIF: AV1 image file format).
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_AVIF_BRANDS = (b"avif", b"avis")
_MARKUP = (b"<?xml", b"<!--", b"<!doctype")


def sniff(data: bytes) -> str:
    """The format's name: ``jpeg``, ``png``, ``bmp``, ``webp`` (those are decoded), one that is refused by name
    (``gif``, ``heic``, ``avif``, ``tiff``, ``pdf``, ``svg``, ``mp4``, ...) or ``unknown``."""
    for name, magic in _MAGIC:
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[:2] == b"BM" and bmp.looks_like(data):
        return "bmp"
    if data[4:8] == b"ftyp":
        return _media_brand(data)
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    is_svg = start.startswith(b"<svg") or (start.startswith(_MARKUP) and b"<svg" in start)
    return "svg" if is_svg else "unknown"


def _media_brand(data: bytes) -> str:
    """Which of the formats in ISO base media files this is."""
    brands = data[8 : max(12, min(int.from_bytes(data[:4], "big"), 128))]
    if any(brand in brands for brand in _AVIF_BRANDS):
        return "avif"
    return "heic" if any(brand in brands for brand in _HEIF_BRANDS) else "mp4"
