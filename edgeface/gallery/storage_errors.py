"""What SQLite and the operating system say, translated into the closed catalogue."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.storage.failures import Fault, fault_of, os_failure


def sqlite_failure(error: sqlite3.Error, state_dir: Path) -> EdgeFaceError:
    """The catalogue's entry for an SQLite error."""
    says = f"SQLite says: {error}."
    codes: dict[Fault, tuple[ErrorCode, str]] = {
        Fault.FULL: (ErrorCode.STORAGE_FULL, ""),
        Fault.READ_ONLY: (ErrorCode.STORAGE_READ_ONLY, ""),
        Fault.MALFORMED: (ErrorCode.GALLERY_CORRUPT, says),
        Fault.UNREADABLE: (ErrorCode.GALLERY_CORRUPT, "The database could not be read."),
        Fault.INPUT_OUTPUT: (ErrorCode.STORAGE_READ_ONLY, "The storage answered with an I/O error."),
        Fault.LOCKED: (ErrorCode.GALLERY_LOCKED, says),
        Fault.OTHER: (ErrorCode.INTERNAL, says),
    }
    return EdgeFaceError(*codes[fault_of(error, state_dir)])


@contextmanager
def storage_errors(state_dir: Path) -> Iterator[None]:
    """Translate whatever SQLite or the file system raises inside."""
    try:
        yield
    except sqlite3.Error as error:
        raise sqlite_failure(error, state_dir) from error
    except OSError as error:
        raise os_failure(error) from error
