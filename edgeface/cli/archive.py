"""``export``, ``import`` and ``erase``: the whole gallery. A passphrase never stands in the argument list."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from edgeface.cli.session import session_of
from edgeface.errors import EdgeFaceError, ErrorCode

PASSPHRASE_VARIABLE = "EDGEFACE_PASSPHRASE"  # noqa: S105 - the variable's name, not a passphrase

PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file", help=f"File whose first line is the passphrase; else ${PASSPHRASE_VARIABLE}, else asked."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("export")(export)
    app.command("import")(import_)
    app.command("erase")(erase)


def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Archive to write; must not exist.")],
    passphrase_file: PassphraseFile = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write the gallery into a sealed archive."""
    session = session_of(context)
    if file.exists() and not force:
        raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"{file} exists; --force replaces it.")
    passphrase = _passphrase(passphrase_file, confirm=True)
    with session.backend() as backend:
        backend.export_archive(file, passphrase)
    size = file.stat().st_size
    session.output.result(
        {"file": str(file), "bytes": size}, f"gallery sealed into {escape(str(file))}, {size} bytes"
    )


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Archive to read.")],
    passphrase_file: PassphraseFile = None,
) -> None:
    """Add a sealed archive's faces to the gallery; faces that are there already are skipped."""
    session = session_of(context)
    if not file.is_file():
        raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"{file} is not a file.")
    passphrase = _passphrase(passphrase_file, confirm=False)
    with session.backend() as backend:
        summary = backend.import_archive(file, passphrase)
    session.output.result(
        {"file": str(file), **asdict(summary)},
        f"{summary.faces_added} of {summary.faces} faces added, {summary.faces_skipped} were there already",
    )


def erase(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase everyone: every group, user and face, and the gallery's key. There is no way back."""
    session = session_of(context)
    if not yes:
        typer.confirm("Erase the whole gallery and its key?", abort=True, err=True)
    with session.backend() as backend:
        erasure = backend.erase()
    key = "its key destroyed" if erasure.key_destroyed else "its key is kept outside: destroy it there"
    session.output.result(asdict(erasure), f"{erasure.faces} faces erased; {key}")


def _passphrase(file: Path | None, *, confirm: bool) -> str:
    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"--passphrase-file {file}: {error}.") from error
        passphrase = lines[0] if lines else ""
    elif PASSPHRASE_VARIABLE in os.environ:
        passphrase = os.environ[PASSPHRASE_VARIABLE]
    elif sys.stdin.isatty():
        passphrase = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True)
    else:
        raise EdgeFaceError(
            ErrorCode.INVALID_PARAMETER, f"Give the passphrase in ${PASSPHRASE_VARIABLE} or by --passphrase-file."
        )
    if not passphrase:
        raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, "The passphrase is empty.")
    return passphrase
