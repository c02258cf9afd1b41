"""``register``: the ID photographs. An ID number and a name never stand in the argument list."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from edgeface.api.answers import FaceAnswer
from edgeface.cli.backend import Look
from edgeface.cli.files import read_picture
from edgeface.cli.output import NOT_THE_SAME, OK
from edgeface.cli.pictures import Level, Liveness, Order
from edgeface.cli.session import session_of
from edgeface.cli.views import id_comparison_view
from edgeface.errors import EdgeFaceError, ErrorCode

NUMBER_VARIABLE = "EDGEFACE_ID_NUMBER"
NAME_VARIABLE = "EDGEFACE_ID_NAME"

PersonFile = Annotated[
    Path | None,
    typer.Option(
        "--person-file",
        help=f"File with the ID number in its first line and the name in its second; else ${NUMBER_VARIABLE} and "
        f"${NAME_VARIABLE}, else asked.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(help="The register of ID photographs.", no_args_is_help=True)
    family.command("add")(add)
    family.command("remove")(remove)
    family.command("count")(count)
    family.command("verify")(verify)
    app.add_typer(family, name="register")


def add(
    context: typer.Context,
    image: Annotated[Path, typer.Argument(help="The ID photograph; - is stdin.")],
    person_file: PersonFile = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the earlier photographs: one more of the same person.")
    ] = False,
    level: Level = None,
    liveness: Liveness = None,
    order: Order = None,
) -> None:
    """Register an ID photograph; it replaces the one that was there."""
    session = session_of(context)
    number, name = _number(person_file), _name(person_file)
    picture = read_picture(image)
    with session.backend() as backend:
        face = backend.register_id(picture, number, name, Look(level, order, liveness), replace=not keep)
    view = FaceAnswer.of(face).model_dump(mode="json", exclude_none=True)
    session.output.result(
        {"face": view}, f"photograph registered, face {face.box.width:.0f} x {face.box.height:.0f} pixels"
    )


def remove(
    context: typer.Context,
    person_file: PersonFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase what is registered under an ID number."""
    session = session_of(context)
    number = _number(person_file)
    if not yes:
        typer.confirm("Erase what is registered under this ID number?", abort=True, err=True)
    with session.backend() as backend:
        faces = backend.remove_id(number)
    session.output.result({"faces_erased": faces}, f"{faces} {'photograph' if faces == 1 else 'photographs'} erased")


def count(context: typer.Context) -> None:
    """Say how many ID numbers are registered."""
    session = session_of(context)
    with session.backend() as backend:
        registered = backend.registered()
    session.output.result({"registered": registered}, f"{registered} registered")


def verify(
    context: typer.Context,
    image: Annotated[Path, typer.Argument(help="A picture; - is stdin.")],
    person_file: PersonFile = None,
    level: Level = None,
    liveness: Liveness = None,
    order: Order = None,
) -> None:
    """Check that the picture shows who is registered (1:1); exit code 10 when it does not."""
    session = session_of(context)
    number, name = _number(person_file), _name(person_file)
    picture = read_picture(image)
    with session.backend() as backend:
        found = backend.verify_id(picture, number, name, Look(level, order, liveness))
    verdict = "[bold green]the same person[/]" if found.same_person else "[bold red]not the same person[/]"
    session.output.result(
        id_comparison_view(found), f"{verdict}  score [bold]{found.score:.1f}[/] (FMR {found.fmr:.1e})"
    )
    raise typer.Exit(OK if found.same_person else NOT_THE_SAME)


def _number(file: Path | None) -> str:
    return _given(file, 0, NUMBER_VARIABLE, "ID number")


def _name(file: Path | None) -> str:
    return _given(file, 1, NAME_VARIABLE, "Name")


def _given(file: Path | None, line: int, variable: str, what: str, environ: Mapping[str, str] = os.environ) -> str:
    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"--person-file {file}: {reason}.") from error
        return lines[line] if len(lines) > line else ""
    if variable in environ:
        return environ[variable]
    if sys.stdin.isatty():
        return str(typer.prompt(what, err=True))
    raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"Give it in ${variable} or by --person-file.")
