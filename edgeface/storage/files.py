"""Files that must be there, or gone, for good: what a power cut and a look at the raw storage must not undo."""

from __future__ import annotations

import os
from pathlib import Path

_PIECE = b"\0" * (1024 * 1024)


def database_files(name: str) -> tuple[str, ...]:
    """The names of a database's files: SQLite keeps up to three more beside it."""
    return tuple(f"{name}{side}" for side in ("", "-wal", "-shm", "-journal"))


def make_private(file: Path) -> None:
    """Make an empty file with mode 0600 where there is none. Raises ``OSError``."""
    os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def sync_folder(folder: Path) -> None:
    """fsync a folder, so that a rename or removal in it survives a power cut. Raises ``OSError``."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_for_good(file: Path, *, overwrite: bool) -> None:
    """Cut a file to nothing and remove it. ``overwrite``: put zeros over it first. Raises ``OSError``."""
    with file.open("r+b") as handle:
        if overwrite:
            left = file.stat().st_size
            while left > 0:
                left -= handle.write(_PIECE[:left])
            handle.flush()
            os.fsync(handle.fileno())
        handle.truncate(0)
        os.fsync(handle.fileno())
    file.unlink()
