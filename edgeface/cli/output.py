"""What the command line says: the JSON envelope, human text, progress bars and exit codes.

stdout holds the answer and nothing else; progress, notes and errors go to stderr.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from edgeface import __version__
from edgeface.errors import EdgeFaceError

CONTRACT = 1
"""Version of the ``--json`` envelope; it rises when a field is renamed or removed, never when one is added."""

OK = 0
CHECK_FAILED = 1
"""``doctor`` or ``demo`` found something wrong."""
NOT_THE_SAME = 10
"""``verify`` or ``compare``: the work was done, and it is not the same person."""
NOBODY = 11
"""``identify``: the work was done, and no enrolled person reached the threshold."""
PARTLY = 12
"""Several pictures were given: some were taken, some refused."""
INTERRUPTED = 130


class Output:
    """One command's voice. ``command`` is its full name, e.g. ``groups list``."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.command = ""
        self.console = Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())
        self.notes = Console(file=sys.stderr, highlight=False, stderr=True)

    def result(self, data: Mapping[str, Any], human: Callable[[Console], None] | RenderableType) -> None:
        """The answer: ``data`` as an envelope with ``--json``, else what ``human`` prints."""
        if self.as_json:
            self._envelope(ok=True, data=data)
        elif callable(human):
            human(self.console)
        else:
            self.console.print(human)

    def partial(self, data: Mapping[str, Any], error: EdgeFaceError, human: Callable[[Console], None]) -> None:
        """Every picture failed: the envelope holds both what happened to each and the first error."""
        if self.as_json:
            self._envelope(ok=False, data=data, error=error.as_dict())
        else:
            human(self.console)

    def failure(self, error: EdgeFaceError, hint: str = "") -> None:
        """The command failed."""
        if self.as_json:
            body = error.as_dict()
            if hint:
                body["hint"] = hint
            self._envelope(ok=False, error=body)
            return
        self.notes.print(f"[bold red]error[/] [red]{error.code.code}[/]: {escape(error.message)}", soft_wrap=True)
        for violation in error.context.get("violations", ()):
            line = "{measure} {value:.4g}, must be {relation} {threshold:.4g}".format(**violation)
            self.notes.print(f"  [red]✗[/] {escape(line)}")
        if hint:
            self.notes.print(f"[dim]hint: {escape(hint)}[/]", soft_wrap=True)

    def note(self, text: str) -> None:
        """Something worth knowing beside the answer; silent with ``--json``."""
        if not self.as_json:
            self.notes.print(f"[dim]{escape(text)}[/]", soft_wrap=True)

    @contextmanager
    def progress(self, what: str, total: int | None) -> Iterator[Callable[[int], None]]:
        """A bar on stderr while it is a terminal; yields a function that says how many more are done."""
        bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self.notes,
            transient=True,
            disable=not self.notes.is_terminal,
        )
        with bar:
            task = bar.add_task(what, total=total)
            yield lambda count: bar.advance(task, count)

    def _envelope(self, *, ok: bool, **parts: Any) -> None:
        envelope = {"contract": CONTRACT, "engine_version": __version__, "command": self.command, "ok": ok, **parts}
        # ensure_ascii: a terminal or pipe of any encoding can carry it.
        sys.stdout.write(json.dumps(envelope, ensure_ascii=True, allow_nan=False) + "\n")
        sys.stdout.flush()
