"""One process per state directory."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.storage.failures import os_failure


class StateLock:
    """An exclusive ``flock`` on the state directory itself.

    The directory, not a file in it: nothing has to be created, so it also works where the storage is full or read
    only, and the kernel lets go of it however the process ends.
    """

    def __init__(self, state_dir: Path) -> None:
        """Take the lock. Raises ``GALLERY_LOCKED`` naming the holder's pid where the kernel tells it."""
        try:
            self._descriptor = os.open(state_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise os_failure(error) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            inode = os.fstat(self._descriptor).st_ino
            os.close(self._descriptor)
            self._descriptor = -1
            if not isinstance(error, BlockingIOError):
                raise os_failure(error) from error
            holder = _holder(inode)
            detail = f"Process {holder} holds it." if holder else ""
            raise EdgeFaceError(ErrorCode.GALLERY_LOCKED, detail) from error

    def release(self) -> None:
        """Let go; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _holder(inode: int) -> int | None:
    """The pid that /proc/locks names for a flock on this inode."""
    try:
        lines = Path("/proc/locks").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        # "1: FLOCK  ADVISORY  WRITE 708 00:13:1234 0 EOF"
        fields = line.split()
        if len(fields) >= 6 and fields[1] == "FLOCK" and fields[5].rpartition(":")[2] == str(inode):
            return int(fields[4]) if fields[4].isdigit() and fields[4] != "0" else None
    return None
