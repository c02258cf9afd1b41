"""``detect``, ``identify``, ``verify`` and ``compare``: pictures in, an answer out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edgeface.cli import at_camera
from edgeface.cli.at_camera import DEFAULT_TIMEOUT_S, AtCamera, Timeout, one_picture
from edgeface.cli.backend import Backend, Look
from edgeface.cli.files import expand, read_picture
from edgeface.cli.output import NOBODY, NOT_THE_SAME, OK, PARTLY
from edgeface.cli.session import session_of
from edgeface.cli.tables import describe_attributes, describe_quality, face_table, reason
from edgeface.cli.views import comparison_view, detection_view, identification_view, verification_view
from edgeface.errors import EdgeFaceError
from edgeface.types import FaceOrder, QualityLevel

if TYPE_CHECKING:
    from edgeface.analysis import Wants
    from edgeface.results import Detection, Identification

Level = Annotated[
    QualityLevel | None, typer.Option("--level", help="Quality gate for the probe.", case_sensitive=False)
]
Liveness = Annotated[
    QualityLevel | None,
    typer.Option(
        "--liveness",
        help="How sure it must be that a living face is seen: LOW, NORMAL, HIGH. Needs a pack with a liveness model.",
        case_sensitive=False,
    ),
]
Order = Annotated[FaceOrder | None, typer.Option("--order", help="Which face comes first.", case_sensitive=False)]
Threshold = Annotated[
    float | None,
    typer.Option("--threshold", min=0, max=100, help="Score that a match must reach; default: the configured FMR's."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(detect)
    app.command()(identify)
    app.command()(verify)
    app.command()(compare)


def detect(
    context: typer.Context,
    images: Annotated[list[Path], typer.Argument(help="Pictures, or folders of pictures; - is stdin.")],
    draw: Annotated[
        Path | None, typer.Option("--draw", help="Write an annotated picture (a folder for several pictures).")
    ] = None,
    landmarks: Annotated[bool, typer.Option("--landmarks", help="150 dense landmarks.")] = False,
    pose: Annotated[bool, typer.Option("--pose", help="Head pose, degrees.")] = False,
    quality: Annotated[bool, typer.Option("--quality", help="Occlusion, blur, light, completeness.")] = False,
    attributes: Annotated[
        bool, typer.Option("--attributes", help="Age, glasses and others that the model pack has models for.")
    ] = False,
    level: Level = None,
    liveness: Liveness = None,
    max_faces: Annotated[int | None, typer.Option("--max-faces", min=1, help="Most faces per picture.")] = None,
    order: Order = None,
) -> None:
    """Find faces in pictures."""
    from edgeface.analysis import Wants
    from edgeface.attributes import ATTRIBUTES

    session = session_of(context)
    files = expand(images)
    wants = Wants(
        landmarks=landmarks,
        pose=pose,
        quality=quality,
        attributes=frozenset(ATTRIBUTES if attributes else ()),
    )
    look = Look(level, order, liveness)
    results: list[tuple[Path, Detection | EdgeFaceError]] = []
    with (
        session.backend(needs_gallery=False) as backend,
        session.output.progress("detecting", len(files)) as done,
    ):
        for file in files:
            results.append((file, _detect(backend, file, wants, look, max_faces, draw, many=len(files) > 1)))
            done(1)
    failures = [result for _, result in results if isinstance(result, EdgeFaceError)]
    if failures and len(results) == 1:
        raise failures[0]
    data = {"pictures": [_picture_view(file, result) for file, result in results]}

    def human(console: Console) -> None:
        for file, result in results:
            _print_detection(console, file, result)

    if len(failures) == len(results):
        session.output.partial(data, failures[0], human)
        raise typer.Exit(failures[0].code.spec.exit_code)
    session.output.result(data, human)
    raise typer.Exit(PARTLY if failures else OK)


def identify(
    context: typer.Context,
    group: Annotated[str, typer.Option("--group", "-g", help="Groups to search, separated by commas.")],
    image: Annotated[Path | None, typer.Argument(help="A picture; - is stdin.")] = None,
    camera: AtCamera = False,
    timeout: Timeout = DEFAULT_TIMEOUT_S,
    top: Annotated[int, typer.Option("--top", "-n", min=1, help="Users named at most.")] = 1,
    every: Annotated[
        bool, typer.Option("--all", help="Every face of the picture (M:N), not only the first.")
    ] = False,
    threshold: Threshold = None,
    level: Level = None,
    liveness: Liveness = None,
    order: Order = None,
) -> None:
    """Say who is in the picture, or before the camera (1:N); exit code 11 when nobody is recognised."""
    session = session_of(context)
    look = Look(level, order, liveness)
    file = one_picture(image, look, camera=camera)
    groups = [name.strip() for name in group.split(",") if name.strip()]
    found: Sequence[Identification]
    if file is None:
        found = (at_camera.identify(session, groups, top=top, threshold=threshold, timeout_s=timeout),)
    else:
        with session.backend() as backend:
            found = backend.identify(
                read_picture(file),
                groups,
                look,
                top=top,
                threshold=threshold,
                every_face=every,
            )
    session.output.result(
        {"faces": [identification_view(item) for item in found]}, lambda console: _print_found(console, found)
    )
    raise typer.Exit(OK if any(item.matches for item in found) else NOBODY)


def verify(
    context: typer.Context,
    user: Annotated[str, typer.Option("--user", "-u", help="Who it should be.")],
    group: Annotated[str, typer.Option("--group", "-g", help="The user's group.")],
    image: Annotated[Path | None, typer.Argument(help="A picture; - is stdin.")] = None,
    camera: AtCamera = False,
    timeout: Timeout = DEFAULT_TIMEOUT_S,
    threshold: Threshold = None,
    level: Level = None,
    liveness: Liveness = None,
    order: Order = None,
) -> None:
    """Check that the picture, or who stands before the camera, is the user (1:1); exit code 10 when not."""
    session = session_of(context)
    look = Look(level, order, liveness)
    file = one_picture(image, look, camera=camera)
    if file is None:
        found = at_camera.verify(session, group, user, threshold=threshold, timeout_s=timeout)
    else:
        with session.backend() as backend:
            found = backend.verify(read_picture(file), group, user, look, threshold=threshold)
    verdict = "[bold green]accepted[/]" if found.accepted else "[bold red]not the user[/]"
    session.output.result(
        verification_view(found),
        f"{verdict}  {escape(group)}/{escape(user)}  score [bold]{found.match.score:.1f}[/] "
        f"(needs {found.threshold:.1f}, FMR {found.match.fmr:.1e})",
    )
    raise typer.Exit(OK if found.accepted else NOT_THE_SAME)


def compare(
    context: typer.Context,
    first: Annotated[Path, typer.Argument(help="A picture.")],
    second: Annotated[Path, typer.Argument(help="Another picture.")],
    level: Level = None,
    liveness: Liveness = None,
    order: Order = None,
) -> None:
    """Compare the faces of two pictures (1:1); exit code 10 when it is not the same person."""
    session = session_of(context)
    pictures = read_picture(first), read_picture(second)
    with session.backend(needs_gallery=False) as backend:
        found = backend.compare(*pictures, Look(level, order, liveness))
    verdict = "[bold green]the same person[/]" if found.same_person else "[bold red]not the same person[/]"
    session.output.result(
        comparison_view(found), f"{verdict}  score [bold]{found.score:.1f}[/] (FMR {found.fmr:.1e})"
    )
    raise typer.Exit(OK if found.same_person else NOT_THE_SAME)


def _detect(
    backend: Backend, file: Path, wants: Wants, look: Look, max_faces: int | None, draw: Path | None, *, many: bool
) -> Detection | EdgeFaceError:
    try:
        picture = read_picture(file)
        found = backend.detect(picture, wants, look, max_faces=max_faces)
        if draw is not None:
            from edgeface.cli.drawing import draw_detection

            draw_detection(picture, found, draw / f"{file.stem}.png" if many or draw.is_dir() else draw)
    except EdgeFaceError as error:
        return error
    return found


def _picture_view(file: Path, result: Detection | EdgeFaceError) -> dict[str, Any]:
    if isinstance(result, EdgeFaceError):
        return {"file": str(file), "error": result.as_dict()}
    return {"file": str(file), **detection_view(result)}


def _print_detection(console: Console, file: Path, result: Detection | EdgeFaceError) -> None:
    if isinstance(result, EdgeFaceError):
        console.print(f"[bold]{escape(str(file))}[/]  [red]{escape(reason(result))}[/]")
        return
    count = len(result.faces)
    console.print(
        f"[bold]{escape(str(file))}[/]  {result.width} x {result.height}, "
        f"{'no face' if not count else '1 face' if count == 1 else f'{count} faces'}"
    )
    if count:
        console.print(face_table(result.faces))
    for number, face in enumerate(result.faces, start=1):
        for line in (*describe_quality(face), *describe_attributes(face)):
            console.print(f"  {number}: {line}")


def _print_found(console: Console, found: Sequence[Identification]) -> None:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for column in ("face", "box", "user", "group", "score", "FMR", "info"):
        table.add_column(column, justify="right" if column in ("score", "FMR") else "left")
    for number, item in enumerate(found, start=1):
        box = item.face.box
        place = f"{box.width:.0f}x{box.height:.0f} at {box.left:.0f},{box.top:.0f}"
        if not item.matches:
            table.add_row(str(number), place, "[yellow]nobody known[/]", "", f"< {item.threshold:.1f}", "", "")
        for match in item.matches:
            table.add_row(
                str(number), place, f"[bold green]{escape(match.user_id)}[/]", escape(match.group_id),
                f"{match.score:.1f}", f"{match.fmr:.1e}", escape(match.user_info),
            )  # fmt: skip
    console.print(table)
