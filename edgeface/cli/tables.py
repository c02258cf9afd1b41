"""Faces and reasons as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.table import Table

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import QualityLevel

if TYPE_CHECKING:
    from edgeface.types import Face


def reason(error: EdgeFaceError) -> str:
    """Why a picture was refused: every failed measure of the gate, else the catalogue's sentence."""
    violations = error.context.get("violations")
    if error.code is ErrorCode.QUALITY and violations:
        return "; ".join(
            "{measure} {value:.3g} (must be {relation} {threshold:.3g})".format(**item) for item in violations
        )
    return error.message


def face_table(faces: Sequence[Face]) -> Table:
    """One row a face: where, how sure, and the pose where it was asked for."""
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("  #", justify="right")
    for column in ("left", "top", "width", "height", "probability"):
        table.add_column(column, justify="right")
    with_pose = any(face.pose for face in faces)
    if with_pose:
        for column in ("yaw", "pitch", "roll"):
            table.add_column(column, justify="right")
    table.add_column("token")
    for number, face in enumerate(faces, start=1):
        box = face.box
        row = [str(number), *(f"{value:.0f}" for value in (box.left, box.top, box.width, box.height))]
        row.append(f"{face.score:.3f}")
        if with_pose:
            row += [f"{value:+.0f}°" for value in asdict(face.pose).values()] if face.pose else ["", "", ""]
        table.add_row(*row, f"[dim]{face.token}[/]")
    return table


def describe_quality(face: Face) -> Iterator[str]:
    """Lines with the measures and the gate's verdict, as far as they were taken."""
    quality = face.quality
    if quality is not None:
        parts = [f"light {quality.illumination:.0f}"]
        if quality.blur is not None:
            parts.append(f"blur {quality.blur:.2f}")
        parts.append(f"eyes {quality.interocular_distance:.0f} px apart")
        parts.append("complete" if quality.completeness else "cut off")
        yield ", ".join(parts)
        if quality.occlusion is not None:
            shares = asdict(quality.occlusion).items()
            yield "covered: " + ", ".join(f"{name.replace('_', ' ')} {share:.2f}" for name, share in shares)
        if quality.covering is not None:
            best = max(asdict(quality.covering).items(), key=lambda item: item[1])
            yield f"wears: {best[0]} ({best[1]:.2f})"
    if face.verdict is not None:
        if face.verdict.passed:
            level = face.verdict.level
            yield "[green]passes[/]" if level is QualityLevel.NONE else f"[green]passes {level.value}[/]"
        for violation in face.verdict.violations:
            yield f"[red]✗ {violation}[/]"
        if face.verdict.not_measured:
            yield f"[dim]not measured: {', '.join(face.verdict.not_measured)}[/]"


def describe_attributes(face: Face) -> Iterator[str]:
    """One line with what the pack's models say of the face, or that they say nothing."""
    if face.attributes is None:
        return
    parts = []
    for name, value in asdict(face.attributes).items():
        label = name.replace("_", " ")
        if isinstance(value, float):
            parts.append(f"{label} {value:.3g}")
        elif value is not None and "shares" in value:
            best, share = max(value["shares"], key=lambda item: item[1])
            parts.append(f"{label}: {best} ({share:.2f})")
        elif value is not None:
            parts.append(f"{label}: " + ", ".join(f"{side} {share:.2f}" for side, share in value.items()))
    yield ", ".join(parts) if parts else "[dim]the model pack has no models for attributes[/]"
