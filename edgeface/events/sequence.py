"""Sequence numbers that are never handed out twice, whatever becomes of the database."""

from __future__ import annotations

import os
import time
from pathlib import Path

from edgeface.storage.files import sync_folder

BLOCK = 1000
"""Numbers reserved at once: one small file is written for so many events, hints included."""
_LOST_JUMP = 1_000_000


class Numbers:
    """A counter whose file holds the highest number that may have been handed out.

    The file is written before the first number of a block is used, so that a power cut leaves a gap of at most a
    block and never a number with two meanings. Not thread-safe: the log's lock guards it.
    """

    def __init__(self, file: Path, newest: int | None) -> None:
        """``newest``: the highest number in the database; ``None``: there was one that cannot be read."""
        self._file = file
        self._last = self._reserved = _begin(file, newest)

    @property
    def last(self) -> int:
        """The highest number that was handed out."""
        return self._last

    def take(self) -> int:
        """The next number. Raises ``OSError`` where a new block cannot be reserved."""
        if self._last >= self._reserved:
            self._write(self._last + BLOCK)
        self._last += 1
        return self._last

    def close(self) -> None:
        """Give back what is left of the block. Raises ``OSError``; then the next start leaves a gap."""
        if self._reserved != self._last:
            self._write(self._last)

    def _write(self, reserved: int) -> None:
        partial = self._file.with_name(self._file.name + ".partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(f"{reserved}\n")
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(self._file)
        sync_folder(self._file.parent)
        self._reserved = reserved


def _begin(file: Path, newest: int | None) -> int:
    try:
        return max(int(file.read_text(encoding="ascii")), newest or 0)
    except FileNotFoundError:
        if newest == 0:
            return 0
    except (OSError, ValueError):
        pass
    # The file is gone or spoilt: far beyond anything that can have been handed out.
    return max((newest or 0) + _LOST_JUMP, int(time.time() * 1000) if newest is None else 0)
