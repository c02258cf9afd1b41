"""Picture files named on the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeface.errors import EdgeFaceError, ErrorCode

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
"""What a folder is searched for; a file that is named is always tried."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A picture to enrol and whose it is."""

    user_id: str
    file: Path


def read_picture(file: Path) -> bytes:
    """The file's bytes, or stdin's for ``-``. Raises ``IMAGE_MISSING``."""
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise EdgeFaceError(ErrorCode.IMAGE_MISSING, f"{file}: {error.strerror or error}.") from error


def expand(paths: Iterable[Path]) -> list[Path]:
    """Files as they are, folders as the pictures below them, sorted. Raises ``IMAGE_MISSING`` for none."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = pictures_below(path)
            if not found:
                raise EdgeFaceError(ErrorCode.IMAGE_MISSING, f"There is no picture below {path}.")
            files += found
        else:
            files.append(path)
    return files


def pictures_below(folder: Path) -> list[Path]:
    """Every picture below the folder, sorted by path."""
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())


def submissions(paths: Sequence[Path], user_id: str | None) -> list[Submission]:
    """Who is to be enrolled with what.

    With ``user_id`` every picture is that user's. Without, each path is a folder whose subfolders are named
    after users (``folder/user/photo.jpg``). Raises ``INVALID_PARAMETER``, ``IMAGE_MISSING``.
    """
    if user_id is not None:
        return [Submission(user_id, file) for file in expand(paths)]
    found: list[Submission] = []
    for path in paths:
        if not path.is_dir():
            raise EdgeFaceError(
                ErrorCode.INVALID_PARAMETER, f"Name the user of {path} with --user, or give a folder of users."
            )
        for folder in sorted(item for item in path.iterdir() if item.is_dir()):
            found += [Submission(folder.name, file) for file in pictures_below(folder)]
    if not found:
        raise EdgeFaceError(ErrorCode.IMAGE_MISSING, "There is no user/photo below the folder.")
    return found
