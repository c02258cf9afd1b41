"""What SQLite says about the log's database."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.storage.failures import Damaged, Fault, fault_of


def sqlite_failure(error: sqlite3.Error, state_dir: Path) -> Exception:
    """:class:`Damaged`, which the log answers by beginning anew, or the catalogue's entry."""
    fault = fault_of(error, state_dir)
    if fault in (Fault.MALFORMED, Fault.UNREADABLE):
        return Damaged(f"SQLite says: {error}.")
    if fault is Fault.FULL:
        return EdgeFaceError(ErrorCode.STORAGE_FULL)
    if fault in (Fault.READ_ONLY, Fault.INPUT_OUTPUT):
        return EdgeFaceError(ErrorCode.STORAGE_READ_ONLY, f"SQLite says: {error}.")
    return EdgeFaceError(ErrorCode.INTERNAL, f"The event log: SQLite says: {error}.")
