"""The camera process: reads one source into the ring until told to stop. Started by ``capture/child.py``."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time

from edgeface.capture.framing import Framing
from edgeface.capture.open_source import open_source
from edgeface.capture.report import ALIVE, FRAME, Ended, Failed, Job, Opened, encode
from edgeface.capture.ring import FrameRing
from edgeface.capture.source import RawFrame, Source

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_STDIN = 0
# Slices in which a process that waits for its next frame's time shows that it lives.
_BEAT_S = 0.1
# What a source gets to close itself when its parent has gone without killing it.
_LEAVE_WITHIN_S = 2.0


def main() -> None:
    """The process' whole life. One line of JSON on stdin is the job; the end of stdin is the order to leave."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(_STDIN, 65536)
        if not piece:
            return
        line += piece
    job = Job.from_line(line)
    if not _bind_to_parent(job.parent_pid):
        return
    stop = threading.Event()
    threading.Thread(target=_leave_at_end_of_stdin, args=(stop,), daemon=True).start()
    sys.exit(Worker(job, stop).run())


class Worker:
    """One source, one ring, one pipe of reports."""

    def __init__(self, job: Job, stop: threading.Event) -> None:
        self._config = job.config
        self._ring = FrameRing(job.ring_fd, job.ring)
        self._report_fd = job.report_fd
        self._number = job.first
        self._stop = stop
        self._began: float | None = None
        os.set_blocking(self._report_fd, False)
        for fd in (job.ring_fd, job.report_fd):  # not for helpers that libcamera may start: they would outlive us
            os.set_inheritable(fd, False)

    def run(self) -> int:
        """Until stopped, at the end, or failed; the exit status."""
        source: Source | None = None
        try:
            source = open_source(self._config)
            self._report(encode(Opened(source.open())))
            self._pump(source)
        except Exception as error:  # libcamera and OpenCV raise what they like
            self._report(encode(Failed.of(error)))
            return 1
        finally:
            if source is not None:
                with contextlib.suppress(Exception):
                    source.close()
        return 0

    def _pump(self, source: Source) -> None:
        framing = Framing.of(self._config)
        while not self._stop.is_set():
            raw = source.read()
            if raw is None:
                self._report(encode(Ended()))
                return
            if not self._wait_for(raw):
                return
            now = time.monotonic()
            image, small = framing.apply(raw)
            captured_at = now if raw.captured_at is None else raw.captured_at
            wall_at = time.time() - (time.monotonic() - captured_at)
            if self._ring.write(self._number, image, small, captured_at, wall_at):
                self._report(FRAME)
            else:
                self._report(ALIVE)
            self._number += 1

    def _wait_for(self, raw: RawFrame) -> bool:
        """Wait until a stored picture is due; False when told to stop meanwhile."""
        if raw.due_s is None or self._config.pace == "fast":
            return True
        now = time.monotonic()
        if self._began is None:
            self._began = now - raw.due_s
        while (left := self._began + raw.due_s - time.monotonic()) > 0:
            if self._stop.wait(min(left, _BEAT_S)):
                return False
            if left > _BEAT_S:
                self._report(ALIVE)
        return True

    def _report(self, line: bytes) -> None:
        # A full pipe: the parent is asleep and needs no more wake-ups. A broken one: it has gone, and so do we.
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(self._report_fd, line)


def _bind_to_parent(parent_pid: int) -> bool:
    """Die with the parent, and leave the terminal's and the service manager's signals to it."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NAME, b"edgeface-camera", 0, 0, 0)
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    return os.getppid() == parent_pid  # it may have died before prctl


def _leave_at_end_of_stdin(stop: threading.Event) -> None:
    """It ends when the parent says so, or is gone; a source that blocks then gets little time."""
    while os.read(_STDIN, 4096):
        pass
    stop.set()
    time.sleep(_LEAVE_WITHIN_S)
    os._exit(1)


if __name__ == "__main__":
    main()
