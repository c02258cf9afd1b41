"""Colours and type of the contact sheet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import ImageFont

Rgb = tuple[int, int, int]

INK: Rgb = (15, 18, 23)
CARD: Rgb = (29, 34, 41)
LINE: Rgb = (52, 60, 71)
TEXT: Rgb = (233, 237, 242)
DIM: Rgb = (157, 168, 182)
FAINT: Rgb = (112, 123, 138)
GREEN: Rgb = (72, 207, 142)
AMBER: Rgb = (250, 176, 66)
RED: Rgb = (240, 84, 84)
GREY: Rgb = (148, 158, 172)
CYAN: Rgb = (98, 198, 240)


def bgr(colour: Rgb) -> tuple[int, int, int]:
    """For OpenCV."""
    return colour[2], colour[1], colour[0]


@dataclass(frozen=True, slots=True)
class Fonts:
    """The sheet's type: DejaVu Sans, which comes inside matplotlib."""

    display: ImageFont.FreeTypeFont
    lead: ImageFont.FreeTypeFont
    section: ImageFont.FreeTypeFont
    title: ImageFont.FreeTypeFont
    number: ImageFont.FreeTypeFont
    small: ImageFont.FreeTypeFont
    small_bold: ImageFont.FreeTypeFont
    tiny: ImageFont.FreeTypeFont

    @classmethod
    def load(cls) -> Fonts:
        """Raises ``OSError`` where matplotlib's fonts are missing."""
        import matplotlib

        folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
        plain, bold = str(folder / "DejaVuSans.ttf"), str(folder / "DejaVuSans-Bold.ttf")
        return cls(
            display=ImageFont.truetype(bold, 46),
            lead=ImageFont.truetype(plain, 19),
            section=ImageFont.truetype(bold, 22),
            title=ImageFont.truetype(bold, 15),
            number=ImageFont.truetype(bold, 30),
            small=ImageFont.truetype(plain, 12),
            small_bold=ImageFont.truetype(bold, 12),
            tiny=ImageFont.truetype(plain, 11),
        )
