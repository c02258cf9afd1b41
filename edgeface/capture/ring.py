"""Frames from one process to another through shared memory: a few slots, and the newest wins.

The memory is a nameless file (memfd) that only the two processes hold: it is gone when both are, however they died,
and no other process of the machine finds pictures of people under /dev/shm. Its pages are allocated at once: a frame
never dies of a SIGBUS for want of one.

Each slot has a record lock (one byte of the file, fcntl) and the number of the frame in it. The writer locks a slot,
sets its number to 0, fills it, sets the number, unlocks; the reader copies under a shared lock. Nobody ever waits for
a lock: who does not get it takes another slot. So a frame is never torn; a writer that is killed inside a slot leaves
it unlocked (the kernel does that) with number 0, which nobody reads; a writer that is stopped inside a slot keeps
only that slot. The lock is also what orders the processors' memory accesses: on ARM a bare sequence number may be
seen before the pixels it vouches for.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import mmap
import os
import struct
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from edgeface.capture.frame import Frame
from edgeface.types import ImageArray

# number, dropped, captured_at, wall_at; width and height of the picture and of the small one (0: the same picture).
_HEADER: Final = struct.Struct("=QQddIIII")
_NUMBER: Final = struct.Struct("=Q")
_SEEN_AT: Final = _HEADER.size
_PAYLOAD_AT: Final = 128
_PAGE: Final = mmap.PAGESIZE


@dataclass(frozen=True, slots=True)
class RingShape:
    """How the memory is divided: at least two slots, each with room for the largest pictures in bytes."""

    slots: int
    image_bytes: int
    small_bytes: int

    @property
    def slot_bytes(self) -> int:
        """Bytes from one slot to the next, whole pages."""
        return -(-(_PAYLOAD_AT + self.image_bytes + self.small_bytes) // _PAGE) * _PAGE

    @property
    def total_bytes(self) -> int:
        """Bytes of the whole ring."""
        return self.slots * self.slot_bytes


@dataclass(frozen=True, slots=True)
class RingCount:
    """``newest``: number of the newest frame, 0 before the first; ``dropped``: frames before it that nobody read."""

    newest: int
    dropped: int


class FrameRing:
    """One end of the ring: exactly one process writes, from one thread; one process reads, from any."""

    def __init__(self, fd: int, shape: RingShape) -> None:
        """Take over an open ring's file descriptor, inherited from the process that made it."""
        self.fd = fd
        self.shape = shape
        self._map = mmap.mmap(fd, shape.total_bytes)
        self._dropped = 0
        self._closed = False
        # Record locks belong to the process: threads of one process do not exclude each other by them.
        self._reading = threading.Lock()

    @classmethod
    def create(cls, shape: RingShape) -> FrameRing:
        """A new ring. Raises ``OSError`` (ENOMEM) where the machine has not enough memory for it."""
        # Asked first: the kernel would go on allocating until it must kill somebody.
        if shape.total_bytes > _available_bytes():
            raise OSError(errno.ENOMEM, f"{shape.slots} frames need {shape.total_bytes >> 20} MiB of memory")
        fd = os.memfd_create("edgeface-frames", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.posix_fallocate(fd, 0, shape.total_bytes)
            fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
            return cls(fd, shape)
        except BaseException:
            os.close(fd)
            raise

    def close(self) -> None:
        """Let go of the memory. Later reads find nothing."""
        with self._reading:
            if not self._closed:
                self._closed = True
                self._map.close()
                os.close(self.fd)

    # ------------------------------------------------------------------ writing

    def write(self, number: int, image: ImageArray, small: ImageArray, captured_at: float, wall_at: float) -> bool:
        """Publish a frame; numbers must rise. ``small`` may be ``image`` itself, and is then stored once.

        False: every slot but the newest was being read, and the frame is dropped.
        """
        same = small is image
        if image.nbytes > self.shape.image_bytes or (not same and small.nbytes > self.shape.small_bytes):
            raise ValueError(f"a picture of {image.shape} and {small.shape} does not fit the ring")
        numbers = self._numbers()
        newest = max(numbers)
        for slot in sorted(range(self.shape.slots), key=numbers.__getitem__):
            if newest and numbers[slot] == newest:
                continue
            with self._locked(slot, fcntl.LOCK_EX) as mine:
                if mine:
                    self._fill(slot, number, image, None if same else small, captured_at, wall_at)
                    return True
        self._dropped += 1
        return False

    def _fill(
        self,
        slot: int,
        number: int,
        image: ImageArray,
        small: ImageArray | None,
        captured_at: float,
        wall_at: float,
    ) -> None:
        base = slot * self.shape.slot_bytes
        if _NUMBER.unpack_from(self._map, base)[0] and not self._map[base + _SEEN_AT]:
            self._dropped += 1
        _NUMBER.pack_into(self._map, base, 0)
        self._view(base + _PAYLOAD_AT, image.shape[1], image.shape[0])[:] = image
        small_size = (0, 0)
        if small is not None:
            small_size = (small.shape[1], small.shape[0])
            self._view(base + _PAYLOAD_AT + self.shape.image_bytes, *small_size)[:] = small
        self._map[base + _SEEN_AT] = 0
        size = (image.shape[1], image.shape[0])
        _HEADER.pack_into(self._map, base, 0, self._dropped, captured_at, wall_at, *size, *small_size)
        _NUMBER.pack_into(self._map, base, number)

    # ------------------------------------------------------------------ reading

    def read(self, after: int) -> Frame | None:
        """A copy of the newest frame with a number above ``after``; ``None`` where there is none now."""
        with self._reading:
            for slot in self._newest_first():
                with self._locked(slot, fcntl.LOCK_SH) as mine:
                    frame = self._copy(slot, after) if mine else None
                if frame is not None:
                    return frame
        return None

    def count(self) -> RingCount:
        """How far the writer is, without reading a picture."""
        with self._reading:
            for slot in self._newest_first():
                with self._locked(slot, fcntl.LOCK_SH) as mine:
                    if mine:
                        number, dropped, *_ = _HEADER.unpack_from(self._map, slot * self.shape.slot_bytes)
                        if number:
                            return RingCount(number, dropped)
        return RingCount(0, 0)

    def _copy(self, slot: int, after: int) -> Frame | None:
        base = slot * self.shape.slot_bytes
        header = _HEADER.unpack_from(self._map, base)
        number, _, captured_at, wall_at, width, height, small_width, small_height = header
        if number <= after or max(width * height, small_width * small_height) * 3 > self.shape.image_bytes:
            return None
        image = self._view(base + _PAYLOAD_AT, width, height).copy()
        small = image
        if small_width:
            small = self._view(base + _PAYLOAD_AT + self.shape.image_bytes, small_width, small_height).copy()
        self._map[base + _SEEN_AT] = 1
        return Frame(number, image, small, captured_at, wall_at)

    def _newest_first(self) -> list[int]:
        """Slots worth trying. Read without locks, so only a guess: under its lock a slot tells the truth."""
        if self._closed:
            return []
        numbers = self._numbers()
        return sorted((slot for slot, number in enumerate(numbers) if number), key=lambda slot: -numbers[slot])

    # ------------------------------------------------------------------ both

    def _numbers(self) -> list[int]:
        step = self.shape.slot_bytes
        return [_NUMBER.unpack_from(self._map, slot * step)[0] for slot in range(self.shape.slots)]

    def _view(self, offset: int, width: int, height: int) -> ImageArray:
        flat = np.frombuffer(self._map, np.uint8, width * height * 3, offset)
        return flat.reshape(height, width, 3)

    @contextlib.contextmanager
    def _locked(self, slot: int, kind: int) -> Iterator[bool]:
        try:
            fcntl.lockf(self.fd, kind | fcntl.LOCK_NB, 1, slot)
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            fcntl.lockf(self.fd, fcntl.LOCK_UN, 1, slot)


def _available_bytes() -> int:
    with contextlib.suppress(OSError):  # a hardened service may not see it (ProcSubset=pid)
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return sys.maxsize
