"""What the parsers of the picture formats report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """Facts from a file's header.

    width, height: pixels as stored, before the orientation is applied. orientation: EXIF value 1 to 8.
    alpha: True where the decoded picture has a transparency channel that must be composited.
    """

    width: int
    height: int
    orientation: int = 1
    alpha: bool = False


class BrokenImageError(Exception):
    """The file is damaged or incomplete; the text says where (safe to show)."""


class UnsupportedImageError(Exception):
    """The file is whole, but of a kind that is refused by name; the text names it (safe to show)."""
