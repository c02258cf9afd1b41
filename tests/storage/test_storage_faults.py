"""What an SQLite error means, and what the gallery and the event log make of it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.storage_errors import sqlite_failure as log_failure
from edgeface.gallery.storage_errors import sqlite_failure as gallery_failure
from edgeface.storage.failures import Damaged, Fault, fault_of


def sqlite_error(text: str, code: int = 0) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("text", "code", "fault"),
    [
        ("database or disk is full", 0, Fault.FULL),
        ("attempt to write a readonly database", 0, Fault.READ_ONLY),
        ("unable to open database file", 0, Fault.READ_ONLY),
        ("database disk image is malformed", 0, Fault.MALFORMED),
        ("file is not a database", 0, Fault.MALFORMED),
        ("disk I/O error", 266, Fault.UNREADABLE),
        ("disk I/O error", 522, Fault.UNREADABLE),
        ("disk I/O error", 778, Fault.INPUT_OUTPUT),  # a write that failed, with room left
        ("database is locked", 0, Fault.LOCKED),
        ("no such table: x", 0, Fault.OTHER),
    ],
)
def test_errors_are_sorted(tmp_path: Path, text: str, code: int, fault: Fault) -> None:
    assert fault_of(sqlite_error(text, code), tmp_path) is fault


def test_an_io_error_without_room_is_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full: Any = SimpleNamespace(f_bavail=15, f_frsize=4096)
    monkeypatch.setattr("edgeface.storage.failures.os.statvfs", lambda folder: full)
    assert fault_of(sqlite_error("disk I/O error", 778), tmp_path) is Fault.FULL


def test_an_io_error_where_the_folder_is_gone_is_no_full_disk(tmp_path: Path) -> None:
    assert fault_of(sqlite_error("disk I/O error", 778), tmp_path / "gone") is Fault.INPUT_OUTPUT


@pytest.mark.parametrize(("text", "code"), [("database disk image is malformed", 0), ("disk I/O error", 266)])
def test_a_damaged_gallery_is_refused_and_a_damaged_log_begun_anew(tmp_path: Path, text: str, code: int) -> None:
    refused = gallery_failure(sqlite_error(text, code), tmp_path)
    assert refused.code is ErrorCode.GALLERY_CORRUPT
    assert isinstance(log_failure(sqlite_error(text, code), tmp_path), Damaged)


@pytest.mark.parametrize(
    ("text", "of_gallery", "of_log"),
    [
        ("database or disk is full", ErrorCode.STORAGE_FULL, ErrorCode.STORAGE_FULL),
        ("attempt to write a readonly database", ErrorCode.STORAGE_READ_ONLY, ErrorCode.STORAGE_READ_ONLY),
        ("disk I/O error", ErrorCode.STORAGE_READ_ONLY, ErrorCode.STORAGE_READ_ONLY),
        ("database is locked", ErrorCode.GALLERY_LOCKED, ErrorCode.INTERNAL),  # nobody else opens the log
        ("no such table: x", ErrorCode.INTERNAL, ErrorCode.INTERNAL),
    ],
)
def test_other_faults_have_their_entry(tmp_path: Path, text: str, of_gallery: ErrorCode, of_log: ErrorCode) -> None:
    assert gallery_failure(sqlite_error(text), tmp_path).code is of_gallery
    failure = log_failure(sqlite_error(text), tmp_path)
    assert isinstance(failure, EdgeFaceError) and failure.code is of_log
