"""The log's files: their names, setting a damaged database aside, and erasing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeface.storage.failures import os_failure
from edgeface.storage.files import database_files, remove_for_good, sync_folder

DATABASE = "events.db"
NUMBERS = "events.numbers"
_MARKER = "events.erasing"
_ASIDE = "events.damaged-"
_MOST_ASIDE = 2  # a dying card must not fill itself with copies


def set_aside(folder: Path) -> str:
    """Rename a database that cannot be read; its new name. The oldest of several is removed. Raises ``STORAGE_*``."""
    try:
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        names = (f"{_ASIDE}{stamp}{number or ''}.db" for number in range(1000))
        name = next(name for name in names if not (folder / name).exists())
        for old, new in zip(database_files(DATABASE), database_files(name), strict=True):
            if (folder / old).exists():
                (folder / old).rename(folder / new)
        sync_folder(folder)
        mains = [file for file in _aside(folder) if file.suffix == ".db"]
        for main in sorted(mains, key=lambda file: file.stat().st_mtime)[:-_MOST_ASIDE]:
            for side in database_files(main.name):
                (folder / side).unlink(missing_ok=True)
    except OSError as error:
        raise os_failure(error) from error
    return name


def mark_erasing(folder: Path) -> None:
    """From here on the log is erased, if need be at the next start. Raises ``STORAGE_*``."""
    try:
        (folder / _MARKER).touch(mode=0o600)
        sync_folder(folder)
    except OSError as error:
        raise os_failure(error) from error


def unmark_erasing(folder: Path) -> None:
    """Nothing was erased after all. Raises ``STORAGE_*``."""
    try:
        (folder / _MARKER).unlink(missing_ok=True)
        sync_folder(folder)
    except OSError as error:
        raise os_failure(error) from error


@contextmanager
def erased_with(folder: Path) -> Iterator[None]:
    """Erase the files of a log that is not open together with what the body erases, or neither. As
    :func:`erase_files`."""
    mark_erasing(folder)
    try:
        yield
    except BaseException:
        unmark_erasing(folder)
        raise
    erase_files(folder)


def is_erasing(folder: Path) -> bool:
    """Whether an erase was begun and cut off."""
    return (folder / _MARKER).exists()


def erase_files(folder: Path, *, overwrite: bool = True) -> None:
    """Remove the database and what was set aside. The sequence numbers stay: none is ever used twice.

    ``overwrite=False``: the key is destroyed, what the storage keeps cannot be opened. For the holder of the state
    directory's lock, with no log open. Can be cut off and run again. Raises ``STORAGE_*``.
    """
    mark_erasing(folder)
    try:
        _remove(folder, [folder / name for name in database_files(DATABASE)], overwrite=overwrite)
        _remove(folder, _aside(folder), overwrite=overwrite)
        (folder / _MARKER).unlink()
        sync_folder(folder)
    except OSError as error:
        raise os_failure(error) from error


def erase_set_aside(folder: Path) -> None:
    """Remove what was set aside, because it names somebody who was erased. Raises ``STORAGE_*``."""
    try:
        _remove(folder, _aside(folder), overwrite=True)
    except OSError as error:
        raise os_failure(error) from error


def _remove(folder: Path, files: list[Path], *, overwrite: bool) -> None:
    """Remove files for good. Raises ``OSError``."""
    for file in files:
        if file.exists():
            remove_for_good(file, overwrite=overwrite)
    sync_folder(folder)


def _aside(folder: Path) -> list[Path]:
    return sorted(file for file in folder.glob(f"{_ASIDE}*") if file.is_file())
