"""A daemon with all dialects on a pack of a test's own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.api.running import Running, make_config


@contextmanager
def running_on(made: Callable[[Path], Path]) -> Iterator[Running]:
    """`made` puts a pack where it is told to, and returns its folder; all is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="ef"))  # short, for the socket's path
    try:
        config = make_config(folder)
        models = config.models.model_copy(update={"pack": made(folder / "pack")})
        daemon = Running(config.model_copy(update={"models": models}))
        try:
            yield daemon
        finally:
            daemon.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
