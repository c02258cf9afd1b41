"""What SQLite and the operating system say, sorted. What follows from it is for the owner of the database to say."""

from __future__ import annotations

import errno
import os
import sqlite3
from enum import Enum
from pathlib import Path

from edgeface.errors import EdgeFaceError, ErrorCode

# SQLite's extended codes for a read that failed (sqlite.org/rescode.html): SQLITE_IOERR_READ, _SHORT_READ.
_READ_FAILURES = frozenset({266, 522})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})

# Below so many free bytes an I/O error is taken for a full disk: some file systems answer EIO instead of ENOSPC.
_NO_SPACE_BYTES = 64 * 1024


class Damaged(Exception):  # noqa: N818 - a state of the file; its owner refuses it, or begins anew
    """The database cannot be read. ``reason``: one sentence."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Fault(Enum):
    """What an SQLite error means."""

    FULL = "full"
    READ_ONLY = "read only"
    MALFORMED = "malformed"
    UNREADABLE = "unreadable"
    """The storage did not give a page."""
    INPUT_OUTPUT = "input/output"
    """It did not take one, though there is room."""
    LOCKED = "locked"
    OTHER = "other"


_PHRASES = (
    ("is full", Fault.FULL),
    ("readonly", Fault.READ_ONLY),
    ("unable to open", Fault.READ_ONLY),
    ("malformed", Fault.MALFORMED),
    ("not a database", Fault.MALFORMED),
    ("disk i/o error", Fault.INPUT_OUTPUT),
    ("locked", Fault.LOCKED),
    ("busy", Fault.LOCKED),
)
"""What stands in SQLite's messages: Python 3.10 has no error codes."""


def fault_of(error: sqlite3.Error, folder: Path) -> Fault:
    """What an error means for the database in ``folder``."""
    text = str(error).lower()
    fault = next((fault for phrase, fault in _PHRASES if phrase in text), Fault.OTHER)
    if fault is not Fault.INPUT_OUTPUT:
        return fault
    if getattr(error, "sqlite_errorcode", 0) in _READ_FAILURES:
        return Fault.UNREADABLE
    return Fault.FULL if _free_bytes(folder) < _NO_SPACE_BYTES else Fault.INPUT_OUTPUT


def os_failure(error: OSError) -> EdgeFaceError:
    """The catalogue's entry for a failed file operation in the state directory."""
    if error.errno in _FULL:
        return EdgeFaceError(ErrorCode.STORAGE_FULL)
    reason = error.strerror or type(error).__name__
    if error.errno in _READ_ONLY:
        return EdgeFaceError(ErrorCode.STORAGE_READ_ONLY, f"{reason}.")
    return EdgeFaceError(ErrorCode.STORAGE_READ_ONLY, f"The file system says: {reason}.")


def _free_bytes(folder: Path) -> int:
    """Bytes that we may still write; where even that cannot be asked, it is not for want of room."""
    try:
        facts = os.statvfs(folder)
    except OSError:
        return _NO_SPACE_BYTES
    return facts.f_bavail * facts.f_frsize
