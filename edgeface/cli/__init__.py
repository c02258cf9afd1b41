"""The command line: ``edgeface COMMAND ...`` (docs/cli.md)."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; ``arguments`` default to the process's own."""
    from edgeface.cli.app import run

    return run(arguments)
