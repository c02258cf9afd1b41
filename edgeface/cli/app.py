"""The root command: global options, and how every ending becomes an exit code.

Global options may stand before or behind the command: they are moved to the front before parsing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from edgeface import __version__
from edgeface.cli import (
    archive,
    bench,
    camera,
    demo,
    doctor,
    enroll,
    evaluate,
    events,
    gallery,
    id_register,
    models,
    pictures,
    serve,
)
from edgeface.cli.output import INTERRUPTED, Output
from edgeface.cli.session import Options, Session
from edgeface.errors import EdgeFaceError, ErrorCode

_FLAGS = frozenset({"--json", "--debug", "--offline"})
_VALUES = frozenset({"--config", "--state-dir", "--socket"})
# typer ships its own copy of click from some version on; this is UsageError's and Abort's way in for all of them.
_UsageError = typer.BadParameter.__mro__[1]


def run(arguments: Sequence[str] | None = None) -> int:  # noqa: PLR0911 - one ending each
    """Run one command; never raises, and prints a traceback only with ``--debug``."""
    given = front_globals(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    output = Output(as_json="--json" in given)
    output.command = _command_name(given)
    try:
        code = application(output)(args=given, prog_name="edgeface", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except typer.Exit as end:
        return int(end.exit_code)
    except EdgeFaceError as error:
        if debug:
            output.notes.print_exception()
        output.failure(error)
        return error.code.spec.exit_code
    except (typer.Abort, KeyboardInterrupt):
        output.note("stopped")
        return INTERRUPTED
    except BrokenPipeError:  # the reader has gone, e.g. `edgeface users list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if isinstance(error, _UsageError):
            return _wrong_usage(error, output)
        if debug:
            output.notes.print_exception()
        detail = f"{type(error).__name__}: {error}"
        output.failure(EdgeFaceError(ErrorCode.INTERNAL, detail), "run again with --debug for the traceback")
        return ErrorCode.INTERNAL.spec.exit_code


def application(output: Output) -> typer.Typer:
    """The whole command tree, speaking through ``output``."""
    app = typer.Typer(
        name="edgeface",
        help="EdgeFace: find, judge, enrol, identify and verify faces on this device.",
        epilog="--json, --debug, --offline, --config, --state-dir and --socket may also stand behind the command.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )

    @app.callback(invoke_without_command=True)
    def root(
        context: typer.Context,
        config: Annotated[Path | None, typer.Option("--config", help="Configuration file (TOML).")] = None,
        state_dir: Annotated[Path | None, typer.Option("--state-dir", help="Gallery, key and caches.")] = None,
        socket: Annotated[Path | None, typer.Option("--socket", help="The daemon's socket; it must answer.")] = None,
        offline: Annotated[
            bool, typer.Option("--offline", help="Open the state directory, also when a daemon runs.")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Answer with a JSON envelope on stdout.")] = False,
        debug: Annotated[bool, typer.Option("--debug", help="Tracebacks.")] = False,
        version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    ) -> None:
        del as_json, debug  # run() has read them: they also govern errors before this point
        if version:
            output.command = "version"
            output.result({"version": __version__}, f"edgeface {__version__}")
            raise typer.Exit(0)
        if context.invoked_subcommand is None:
            raise typer.BadParameter("Missing command.")
        context.obj = Session(Options(config, state_dir, socket, offline), output)

    for family in _COMMANDS:
        family.register(app)
    if output.as_json:  # help would stand on stdout, where only envelopes may be
        for group in (app, *(item.typer_instance for item in app.registered_groups)):
            if group is not None:
                group.info.no_args_is_help = False
    return app


def front_globals(arguments: Sequence[str]) -> list[str]:
    """The arguments with the global options moved to the front; what follows ``--`` stays."""
    fronted: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            rest += [argument, *waiting]
        elif argument in _FLAGS or ("=" in argument and argument.partition("=")[0] in _VALUES):
            fronted.append(argument)
        elif argument in _VALUES:
            fronted += [argument, *[value for value in [next(waiting, None)] if value is not None]]
        else:
            rest.append(argument)
    return fronted + rest


def _command_name(arguments: Sequence[str]) -> str:
    """``groups list`` of ``--json groups list staff``: for the envelope."""
    words: list[str] = []
    skip = False
    for argument in arguments:
        if skip or argument.startswith("-"):
            skip = argument in _VALUES
            if words:
                break
            continue
        words.append(argument)
        if words[0] not in _FAMILIES or len(words) == 2:
            break
    return " ".join(words)


_FAMILIES = frozenset({"groups", "users", "faces", "register", "attendance", "models", "eval", "camera"})
_COMMANDS = (
    serve,
    camera,
    pictures,
    enroll,
    gallery,
    id_register,
    archive,
    events,
    models,
    doctor,
    bench,
    evaluate,
    demo,
)


def _wrong_usage(error: Exception, output: Output) -> int:
    code = ErrorCode.INVALID_PARAMETER
    if type(error).__name__ == "NoArgsIsHelpError" and not output.as_json:
        return code.spec.exit_code  # the help has been printed
    message = getattr(error, "format_message", lambda: str(error))()
    place = getattr(getattr(error, "ctx", None), "command_path", "edgeface")
    output.failure(EdgeFaceError(code, message), f"see '{place} --help'")
    return code.spec.exit_code
