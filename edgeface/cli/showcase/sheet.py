"""The contact sheet: head with totals and timings, one card per scene, legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from edgeface.cli.showcase import card
from edgeface.cli.showcase.card import ENDING_COLOURS, draw_card, person_name
from edgeface.cli.showcase.outcome import Ending, Outcome
from edgeface.cli.showcase.palette import AMBER, CARD, CYAN, DIM, FAINT, GREEN, INK, TEXT, Fonts, Rgb

_COLUMNS = 6
_MARGIN, _GAP = 44, 20
_HEAD, _SECTION = 208, 54
STAGE_COLOURS: Mapping[str, Rgb] = {
    "decode": (120, 132, 148),
    "detect": (98, 198, 240),
    "landmarks": (146, 132, 240),
    "quality": (250, 176, 66),
    "embed": (72, 207, 142),
    "search": (240, 122, 150),
    "socket": (74, 84, 98),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the head says."""

    machine: str
    pack: str
    ready_seconds: float


def write_sheet(file: Path, outcomes: Sequence[Outcome], facts: Facts) -> None:
    """Draw and write the PNG; its folder is made."""
    fonts = Fonts.load()
    sections = _sections(outcomes)
    width = 2 * _MARGIN + _COLUMNS * card.WIDTH + (_COLUMNS - 1) * _GAP
    height = _MARGIN + _HEAD
    for _, members in sections:
        height += _SECTION + -(-len(members) // _COLUMNS) * (card.HEIGHT + _GAP)
    sheet = Image.new("RGB", (width, height + 50), INK)
    pen = ImageDraw.Draw(sheet)
    _head(sheet, outcomes, facts, fonts, width)
    top = _MARGIN + _HEAD
    for name, members in sections:
        pen.text((_MARGIN, top + 26), name, TEXT, fonts.section, anchor="lm")
        pen.line((_MARGIN + pen.textlength(name, fonts.section) + 18, top + 27, width - _MARGIN, top + 27), CARD, 2)
        top += _SECTION
        for number, outcome in enumerate(members):
            row, column = divmod(number, _COLUMNS)
            place = (_MARGIN + column * (card.WIDTH + _GAP), top + row * (card.HEIGHT + _GAP))
            sheet.paste(draw_card(outcome, fonts), place)
        top += -(-len(members) // _COLUMNS) * (card.HEIGHT + _GAP)
    _legend(pen, fonts, top + 12)
    file.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(file, optimize=True)


def median_milliseconds(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """The median of each stage over the decisions that took it, and of the whole call.

    ``socket`` is what is left of the median call: HTTP, waiting, transfer.
    """
    decided = [item.milliseconds for item in outcomes if item.ending is not Ending.ENROLLED]
    # Only calls that went the whole way, so that the parts belong to one sum.
    whole = [item for item in decided if "search" in item] or decided
    stages = {
        name: float(np.median([item[name] for item in whole if name in item]))
        for name in STAGE_COLOURS
        if any(name in item for item in whole)
    }
    call = float(np.median([item["call"] for item in whole])) if whole else 0.0
    return {**stages, "socket": max(0.0, call - sum(stages.values())), "call": call}


def _sections(outcomes: Sequence[Outcome]) -> list[tuple[str, list[Outcome]]]:
    people = sorted({item.scene.people[0] for item in outcomes if len(item.scene.people) == 1})
    sections = [(person_name(name), [item for item in outcomes if item.scene.people == (name,)]) for name in people]
    rest = [item for item in outcomes if len(item.scene.people) != 1]
    return [*sections, ("Together, and nobody at all", rest)]


def _head(sheet: Image.Image, outcomes: Sequence[Outcome], facts: Facts, fonts: Fonts, width: int) -> None:
    pen = ImageDraw.Draw(sheet)
    pen.text((_MARGIN, _MARGIN + 22), "EdgeFace", TEXT, fonts.display, anchor="lm")
    people = len({name for item in outcomes for name in item.scene.people})
    decided = [item for item in outcomes if item.ending is not Ending.ENROLLED]
    lead = (
        f"{people} people enrolled from one picture each; {len(decided)} pictures of a simulated camera "
        "identified through the daemon's Unix socket"
    )
    pen.text((_MARGIN, _MARGIN + 66), lead, DIM, fonts.lead, anchor="lm")
    about = f"{facts.machine}  ·  pack {facts.pack}  ·  ready {facts.ready_seconds:.1f} s after its start"
    pen.text((_MARGIN, _MARGIN + 94), about, FAINT, fonts.lead, anchor="lm")
    _totals(sheet, decided, fonts, width)
    _stages(pen, median_milliseconds(outcomes), fonts, width)


def _totals(sheet: Image.Image, decided: Sequence[Outcome], fonts: Fonts, width: int) -> None:
    pen = ImageDraw.Draw(sheet)
    shown = (Ending.RECOGNISED, Ending.REFUSED, Ending.UNKNOWN, Ending.NO_FACE, Ending.WRONG)
    right = float(width - _MARGIN)
    for ending in reversed(shown):
        count = sum(item.ending is ending for item in decided)
        label = ending.value.lower()
        wide = max(pen.textlength(label, fonts.lead), 60) + 36
        colour = ENDING_COLOURS[ending] if count else FAINT
        card.fill_rounded(sheet, (right - wide, _MARGIN - 4, right, _MARGIN + 84), 12, CARD)
        pen.text((right - wide / 2, _MARGIN + 26), str(count), colour, fonts.number, anchor="mm")
        pen.text((right - wide / 2, _MARGIN + 61), label, DIM, fonts.lead, anchor="mm")
        right -= wide + 14


def _stages(pen: ImageDraw.ImageDraw, times: Mapping[str, float], fonts: Fonts, width: int) -> None:
    """The median call as one bar, each stage with its share."""
    whole = sum(value for name, value in times.items() if name != "call") or 1.0
    left, top = float(_MARGIN), _MARGIN + 128
    length = width - 2 * _MARGIN
    text_left = left
    for name, colour in STAGE_COLOURS.items():
        if name not in times:
            continue
        part = times[name] / whole * length
        pen.rectangle((left, top, left + max(part - 2, 1), top + 14), fill=colour)
        pen.ellipse((text_left, top + 29, text_left + 10, top + 39), fill=colour)
        label = f"{name} {times[name]:.1f} ms"
        pen.text((text_left + 17, top + 34), label, DIM, fonts.lead, anchor="lm")
        text_left += 17 + pen.textlength(label, fonts.lead) + 34
        left += part
    pen.text(
        (width - _MARGIN, top + 34), f"median identification {times['call']:.1f} ms", TEXT, fonts.lead, anchor="rm"
    )


def _legend(pen: ImageDraw.ImageDraw, fonts: Fonts, top: int) -> None:
    left = float(_MARGIN)
    entries = (
        (CYAN, "enrolled, and the 150 landmarks"),
        (GREEN, "passed the gate"),
        (AMBER, "refused by the gate, with every failed measure"),
        ((240, 90, 90), "head's right"),
        ((90, 200, 110), "down"),
        ((70, 160, 250), "out of the face"),
    )
    for colour, text in entries:
        pen.ellipse((left, top - 5, left + 10, top + 5), fill=colour)
        pen.text((left + 17, top), text, FAINT, fonts.small, anchor="lm")
        left += 17 + pen.textlength(text, fonts.small) + 30
    pen.text(
        (left, top),
        "bars: measure and limit of level NORMAL  ·  portraits: NASA, US Navy (public domain)",
        FAINT,
        fonts.small,
        anchor="lm",
    )
