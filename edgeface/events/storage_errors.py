"""What SQLite and the operating system say about the log's files."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

from edgeface.errors import EdgeFaceError, ErrorCode

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# Below so many free bytes an I/O error is taken for a full disk: some file systems answer EIO instead of ENOSPC.
_NO_SPACE_BYTES = 64 * 1024
# SQLite's extended codes for a read that failed (sqlite.org/rescode.html): SQLITE_IOERR_READ, _SHORT_READ.
_READ_FAILURES = frozenset({266, 522})


class Damaged(Exception):  # noqa: N818 - a state of the file, which the log answers by beginning anew
    """The database cannot be read. ``reason``: one sentence."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def sqlite_failure(error: sqlite3.Error, state_dir: Path) -> Exception:
    """:class:`Damaged`, or the catalogue's entry (by text: Python 3.10 has no error codes)."""
    text = str(error).lower()
    if "malformed" in text or "not a database" in text or getattr(error, "sqlite_errorcode", 0) in _READ_FAILURES:
        return Damaged(f"SQLite says: {error}.")
    if "is full" in text or ("disk i/o error" in text and _free_bytes(state_dir) < _NO_SPACE_BYTES):
        return EdgeFaceError(ErrorCode.STORAGE_FULL)
    if "readonly" in text or "unable to open" in text or "disk i/o error" in text:
        return EdgeFaceError(ErrorCode.STORAGE_READ_ONLY, f"SQLite says: {error}.")
    return EdgeFaceError(ErrorCode.INTERNAL, f"The event log: SQLite says: {error}.")


def os_failure(error: OSError) -> EdgeFaceError:
    """The catalogue's entry for a failed file operation in the state directory."""
    if error.errno in _FULL:
        return EdgeFaceError(ErrorCode.STORAGE_FULL)
    return EdgeFaceError(ErrorCode.STORAGE_READ_ONLY, f"{error.strerror or type(error).__name__}.")


def _free_bytes(folder: Path) -> int:
    try:
        facts = os.statvfs(folder)
    except OSError:
        return 0
    return facts.f_bavail * facts.f_frsize
