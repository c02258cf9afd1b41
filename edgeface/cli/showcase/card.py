"""One scene as a card: the picture with its faces, a close-up, the measures as bars, and the decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw

from edgeface.cli.drawing import View, draw_box, draw_landmarks, draw_points, draw_pose
from edgeface.cli.showcase.outcome import Ending, Outcome
from edgeface.cli.showcase.palette import (
    AMBER,
    CARD,
    CYAN,
    DIM,
    FAINT,
    GREEN,
    GREY,
    INK,
    LINE,
    RED,
    TEXT,
    Fonts,
    Rgb,
    bgr,
)  # fmt: skip
from edgeface.types import Face, ImageArray

if TYPE_CHECKING:
    from edgeface.results import Identification

WIDTH, PICTURE, HEIGHT = 372, 279, 410
_INSET = 126
_RADIUS = 12
_PAD = 14
_FINE = 4
_SMOOTH = Image.Resampling.LANCZOS

ENDING_COLOURS: dict[Ending, Rgb] = {
    Ending.ENROLLED: CYAN,
    Ending.RECOGNISED: GREEN,
    Ending.REFUSED: AMBER,
    Ending.UNKNOWN: GREY,
    Ending.NO_FACE: GREY,
    Ending.WRONG: RED,
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One measure: ``share`` of the bar's length, where the limit stands, and whether it was kept."""

    label: str
    share: float | None
    limit: float
    kept: bool
    from_above: bool = False
    """The value must be above the limit (light, size), not below."""


def person_name(user_id: str) -> str:
    """``grace_hopper`` as a person writes it."""
    return user_id.replace("_", " ").title()


def draw_card(outcome: Outcome, fonts: Fonts) -> Image.Image:
    """The card, RGB (HEIGHT, WIDTH)."""
    card = Image.new("RGB", (WIDTH, HEIGHT), INK)
    fill_rounded(card, (0, 0, WIDTH, HEIGHT), _RADIUS, CARD)
    _paste_rounded(card, _picture(outcome), (0, 0), _RADIUS, only_top=True)
    _name_tags(card, outcome, fonts)
    if len(outcome.detection.faces) == 1:
        _paste_inset(card, outcome)
    _pill(card, outcome, fonts)
    _text(card, outcome, fonts)
    return card


def _picture(outcome: Outcome) -> ImageArray:
    frame = outcome.scene.frame
    scale = WIDTH / frame.shape[1]
    picture = np.asarray(cv2.resize(frame, (WIDTH, PICTURE), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    view = View(scale)
    for face in outcome.detection.faces:
        colour = bgr(_face_colour(outcome, face))
        draw_box(picture, face, colour, view, width=2)
        if face.box.width * scale > 36:
            draw_points(picture, face.points, view, radius=1.7)
    return picture


def _close_up(outcome: Outcome) -> ImageArray:
    """The first face, twice as large as it is needed and then shrunk, so that the lines are fine."""
    face, size = outcome.detection.faces[0], 3 * _INSET
    side = 1.22 * max(face.box.width, face.box.height)
    x, y = face.box.centre
    view = View(size / side, (x - side / 2, y - side / 2 - 0.02 * side))
    matrix = np.asarray(
        [[view.scale, 0, -view.origin[0] * view.scale], [0, view.scale, -view.origin[1] * view.scale]]
    )
    picture = np.asarray(
        cv2.warpAffine(
            outcome.scene.frame, matrix, (size, size), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT,
            borderValue=(41, 34, 29),
        ),
        dtype=np.uint8,
    )  # fmt: skip
    if face.landmarks is not None:
        draw_landmarks(picture, face.landmarks.points, view, radius=2.3)
    if face.pose is not None:
        draw_pose(picture, face, face.pose, view, width=4)
    return np.asarray(cv2.resize(picture, (_INSET, _INSET), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _paste_inset(card: Image.Image, outcome: Outcome) -> None:
    face = outcome.detection.faces[0]
    # The corner that is farther from the face.
    left = face.box.centre[0] > outcome.scene.frame.shape[1] * 0.55
    place = (10 if left else WIDTH - _INSET - 10, PICTURE - _INSET - 10)
    colour = _face_colour(outcome, face)
    frame = (place[0] - 2, place[1] - 2, place[0] + _INSET + 1, place[1] + _INSET + 1)
    fill_rounded(card, frame, 11, colour)
    _paste_rounded(card, _close_up(outcome), place, 9)


def _name_tags(card: Image.Image, outcome: Outcome, fonts: Fonts) -> None:
    pen = ImageDraw.Draw(card)
    scale = WIDTH / outcome.scene.frame.shape[1]
    for item in outcome.found:
        for match in item.matches:
            text = f"{person_name(match.user_id)}  {match.score:.0f}"
            width = pen.textlength(text, fonts.small_bold)
            box = item.face.box
            left = min(max(6, box.left * scale), WIDTH - width - 20)
            top = max(6, box.top * scale - 24)
            fill_rounded(card, (left, top, left + width + 14, top + 20), 5, _face_colour(outcome, item.face))
            pen.text((left + 7, top + 10), text, INK, fonts.small_bold, anchor="lm")


def _pill(card: Image.Image, outcome: Outcome, fonts: Fonts) -> None:
    pen = ImageDraw.Draw(card)
    text = outcome.ending.value
    width = pen.textlength(text, fonts.small_bold)
    right, middle = WIDTH - _PAD, PICTURE + 21
    fill_rounded(card, (right - width - 18, middle - 11, right, middle + 11), 11, ENDING_COLOURS[outcome.ending])
    pen.text((right - 9, middle), text, INK, fonts.small_bold, anchor="rm")


def _text(card: Image.Image, outcome: Outcome, fonts: Fonts) -> None:
    pen = ImageDraw.Draw(card)
    top = PICTURE + 21
    pen.text((_PAD, top), outcome.scene.title, TEXT, fonts.title, anchor="lm")
    pen.text((_PAD, top + 20), outcome.scene.subtitle, DIM, fonts.small, anchor="lm")
    call = outcome.milliseconds.get("call")
    if call is not None:
        pen.text((WIDTH - _PAD, top + 20), f"{call:.0f} ms", FAINT, fonts.small, anchor="rm")
    if outcome.detection.faces:
        _bars(card, outcome.detection.faces[0], fonts, top + 38)
    for row, line in enumerate(_remarks(pen, outcome, fonts)[:2]):
        colour = AMBER if outcome.ending is Ending.REFUSED else DIM
        pen.text((_PAD, top + 80 + row * 16), line, colour, fonts.small, anchor="lm")


def _bars(card: Image.Image, face: Face, fonts: Fonts, top: int) -> None:
    pen = ImageDraw.Draw(card)
    bars = _measures(face)
    gap = 10
    width = (WIDTH - 2 * _PAD - gap * (len(bars) - 1)) / len(bars)
    for number, bar in enumerate(bars):
        left = _PAD + number * (width + gap)
        pen.text((left, top + 6), bar.label, FAINT, fonts.tiny, anchor="lm")
        fill_rounded(card, (left, top + 15, left + width, top + 20), 2, LINE)
        if bar.share is None:
            continue
        length = max(3.0, min(1.0, bar.share) * width)
        fill_rounded(card, (left, top + 15, left + length, top + 20), 2, GREEN if bar.kept else AMBER)
        tick = left + bar.limit * width
        pen.line((tick, top + 12, tick, top + 23), DIM, 1)


def _measures(face: Face) -> tuple[Bar, ...]:
    """The seven bars: what the gate looks at, each as a share of a sensible range."""
    failed = {item.measure for item in face.verdict.violations} if face.verdict else set()
    quality, pose = face.quality, face.pose
    light = quality.illumination if quality else None
    blur = quality.blur if quality else None
    covered = quality.occlusion if quality else None
    eyes = max(covered.left_eye, covered.right_eye) if covered else None
    lower = max(covered.nose, covered.mouth, covered.chin) if covered else None
    turn = max(abs(pose.yaw), abs(pose.pitch)) if pose else None
    return (
        Bar("size", face.box.width / 300, 100 / 300, kept=not failed & {"face_size", "face_width", "face_height"}),
        Bar("light", None if light is None else light / 255, 40 / 255, kept="illumination" not in failed),
        Bar("blur", blur, 0.7, kept="blur" not in failed),
        Bar("eyes", eyes, 0.6, kept=not any(name.endswith("_eye") for name in failed)),
        Bar(
            "mouth", lower, 0.7,
            kept=not any(name.endswith(end) for name in failed for end in ("nose", "mouth", "chin")),
        ),
        Bar("turn", None if turn is None else turn / 45, 20 / 45, kept=not failed & {"yaw", "pitch"}),
        Bar("tilt", None if pose is None else abs(pose.roll) / 45, 20 / 45, kept="roll" not in failed),
    )  # fmt: skip


def _remarks(pen: ImageDraw.ImageDraw, outcome: Outcome, fonts: Fonts) -> list[str]:
    if outcome.wrong_names:
        return [f"taken for {', '.join(person_name(name) for name in outcome.wrong_names)}"]
    if outcome.ending is Ending.REFUSED:
        violations = outcome.error.context.get("violations", ()) if outcome.error else ()
        parts = [
            f"{str(item['measure']).removeprefix('occlusion.').replace('_', ' ')} "
            f"{item['value']:.3g} {_opposite(item['relation'])} {item['threshold']:.3g}"
            for item in violations
        ]
        return _wrap(pen, parts or ["refused"], fonts)
    if outcome.ending is Ending.NO_FACE:
        return []
    own = [claim for claim in outcome.claims if claim.user_id in outcome.scene.people and claim.score is not None]
    others = [
        claim for claim in outcome.claims if claim.user_id not in outcome.scene.people and claim.score is not None
    ]
    return [
        "  ".join(
            [f"as {person_name(claim.user_id)} {claim.score:.0f}" for claim in own]
            + [f"·  as {person_name(claim.user_id)} {claim.score:.0f}" for claim in others]
        )
    ]


def _opposite(relation: str) -> str:
    return {"<": "≥", "<=": ">", ">": "≤", ">=": "<"}.get(relation, relation)


def _wrap(pen: ImageDraw.ImageDraw, parts: list[str], fonts: Fonts) -> list[str]:
    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]},  {part}" if lines else part
        if lines and pen.textlength(longer, fonts.small) <= WIDTH - 2 * _PAD:
            lines[-1] = longer
        else:
            lines.append(part)
    if len(lines) > 2:
        hidden = len(parts) - sum(line.count(",  ") + 1 for line in lines[:2])
        lines[1] += f"  +{hidden}"
    return lines


def _face_colour(outcome: Outcome, face: Face) -> Rgb:
    if outcome.ending is Ending.WRONG:
        return RED
    if face.verdict is not None and not face.verdict.passed:
        return AMBER
    item = _nearest(outcome, face)
    if outcome.ending is Ending.ENROLLED:
        return CYAN
    return GREEN if item is not None and item.matches else GREY


def _nearest(outcome: Outcome, face: Face) -> Identification | None:
    """The answer to the same face: detection and identification are two calls."""
    for item in outcome.found:
        if abs(item.face.box.left - face.box.left) < face.box.width / 4:
            return item
    return None


def fill_rounded(image: Image.Image, box: tuple[float, float, float, float], radius: float, colour: Rgb) -> None:
    """A filled rectangle with smooth round corners: its mask is drawn four times as large and shrunk."""
    left, top = int(np.floor(box[0])), int(np.floor(box[1]))
    width, height = int(np.ceil(box[2])) - left, int(np.ceil(box[3])) - top
    mask = Image.new("L", (width * _FINE, height * _FINE), 0)
    inside = tuple((value - start) * _FINE for value, start in zip(box, (left, top, left, top), strict=True))
    ImageDraw.Draw(mask).rounded_rectangle(
        (inside[0], inside[1], inside[2] - 1, inside[3] - 1), radius * _FINE, fill=255
    )
    image.paste(colour, (left, top, left + width, top + height), mask.resize((width, height), _SMOOTH))


def _paste_rounded(
    card: Image.Image, picture: ImageArray, place: tuple[int, int], radius: int, *, only_top: bool = False
) -> None:
    height, width = picture.shape[:2]
    mask = Image.new("L", (width * _FINE, height * _FINE), 0)
    bottom = height * _FINE + (radius * 2 * _FINE if only_top else 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, width * _FINE - 1, bottom - 1), radius * _FINE, fill=255)
    image = Image.fromarray(np.ascontiguousarray(picture[:, :, ::-1]))
    card.paste(image, place, mask.resize((width, height), _SMOOTH))
