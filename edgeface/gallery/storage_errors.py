"""What SQLite and the operating system say, translated into the closed catalogue."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeface.errors import EdgeFaceError, ErrorCode

# SQLite's extended codes for a read that failed (sqlite.org/rescode.html): SQLITE_IOERR_READ, _SHORT_READ.
_READ_FAILURES = frozenset({266, 522})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})

# Below so many free bytes an I/O error is taken for a full disk: some file systems answer EIO instead of ENOSPC.
_NO_SPACE_BYTES = 64 * 1024


def sqlite_failure(error: sqlite3.Error, state_dir: Path) -> EdgeFaceError:
    """The catalogue's entry for an SQLite error (by text: Python 3.10 has no error codes)."""
    text = str(error).lower()
    if "is full" in text:
        return EdgeFaceError(ErrorCode.STORAGE_FULL)
    if "readonly" in text or "unable to open" in text:
        return EdgeFaceError(ErrorCode.STORAGE_READ_ONLY)
    if "malformed" in text or "not a database" in text:
        return EdgeFaceError(ErrorCode.GALLERY_CORRUPT, f"SQLite says: {error}.")
    if "disk i/o error" in text:
        return _io_failure(error, state_dir)
    if "locked" in text or "busy" in text:
        return EdgeFaceError(ErrorCode.GALLERY_LOCKED, f"SQLite says: {error}.")
    return EdgeFaceError(ErrorCode.INTERNAL, f"SQLite says: {error}.")


def _io_failure(error: sqlite3.Error, state_dir: Path) -> EdgeFaceError:
    if getattr(error, "sqlite_errorcode", 0) in _READ_FAILURES:
        return EdgeFaceError(ErrorCode.GALLERY_CORRUPT, "The database could not be read.")
    try:
        facts = os.statvfs(state_dir)
        free = facts.f_bavail * facts.f_frsize
    except OSError:
        free = _NO_SPACE_BYTES
    if free < _NO_SPACE_BYTES:
        return EdgeFaceError(ErrorCode.STORAGE_FULL)
    return EdgeFaceError(ErrorCode.STORAGE_READ_ONLY, "The storage answered with an I/O error.")


def os_failure(error: OSError) -> EdgeFaceError:
    """The catalogue's entry for a failed file operation in the state directory."""
    if error.errno in _FULL:
        return EdgeFaceError(ErrorCode.STORAGE_FULL)
    reason = error.strerror or type(error).__name__
    if error.errno in _READ_ONLY:
        return EdgeFaceError(ErrorCode.STORAGE_READ_ONLY, f"{reason}.")
    return EdgeFaceError(ErrorCode.STORAGE_READ_ONLY, f"The file system says: {reason}.")


@contextmanager
def storage_errors(state_dir: Path) -> Iterator[None]:
    """Translate whatever SQLite or the file system raises inside."""
    try:
        yield
    except sqlite3.Error as error:
        raise sqlite_failure(error, state_dir) from error
    except OSError as error:
        raise os_failure(error) from error
