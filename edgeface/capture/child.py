"""One camera process from the outside: start it, hear it, end it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from typing import Protocol

from edgeface.capture.framing import Framing
from edgeface.capture.report import Job, Report, ReportReader
from edgeface.capture.ring import FrameRing, RingShape
from edgeface.config import CameraConfig

# A fresh interpreter, not a fork: threads, ONNX sessions and open databases of the daemon have no place in it. It
# gets the parent's import path, nothing of its own: `-m` would look into the current directory first.
_CODE = "import sys; sys.path[:] = sys.argv[1:]; from edgeface.capture.worker import main; main()"
# What the source gets to close the camera in order, and what the kernel gets to end a killed process. A process in an
# uninterruptible system call does not end: it is left behind, and looked for again later.
_CLOSE_WITHIN_S = 1.5
_KILL_WITHIN_S = 1.0
_READ_BYTES = 65536


class Child(Protocol):
    """What a :class:`~edgeface.capture.process.CameraProcess` needs of its process."""

    @property
    def pid(self) -> int: ...

    @property
    def ring(self) -> FrameRing: ...

    @property
    def report_fd(self) -> int:
        """Readable when there is something to :meth:`hear`."""

    def hear(self) -> list[Report] | None:
        """What it has said since; ``None`` when it has ended."""

    def end(self, *, orderly: bool) -> str:
        """End it, within seconds; ``orderly`` lets it close the camera first. Says how it ended."""

    @property
    def gone(self) -> bool:
        """Whether it is no longer there."""


class WorkerProcess:
    """A child that runs ``capture/worker.py``. Raises ``OSError`` when it cannot be started."""

    def __init__(self, config: CameraConfig, first: int) -> None:
        framing = Framing.of(config)
        shape = RingShape(config.ring_slots, framing.image_bytes, framing.small_bytes)
        self.ring = FrameRing.create(shape)
        self.report_fd, writing = os.pipe()
        try:
            os.set_blocking(self.report_fd, False)
            job = Job(config, self.ring.fd, shape, writing, os.getpid(), first)
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and a line of ours
                [sys.executable, "-c", _CODE, *sys.path],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,  # the parent's stdout may be an answer's envelope
                pass_fds=(self.ring.fd, writing),
            )
        except BaseException:
            os.close(self.report_fd)
            self.ring.close()
            raise
        finally:
            os.close(writing)
        self._reports = ReportReader()
        self._send(job.line())

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def gone(self) -> bool:
        return self._process.poll() is not None

    def hear(self) -> list[Report] | None:
        try:
            data = os.read(self.report_fd, _READ_BYTES)
        except BlockingIOError:
            return []
        return self._reports.feed(data) if data else None

    def end(self, *, orderly: bool) -> str:
        """Also closes the pipe; the ring stays open for readers until it is closed."""
        assert self._process.stdin is not None  # noqa: S101 - asked for at its start
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        if not (orderly and self._ends_within(_CLOSE_WITHIN_S)):
            self._process.kill()
            self._ends_within(_KILL_WITHIN_S)
        os.close(self.report_fd)
        status = self._process.returncode
        if status is None:
            return "cannot be killed"
        return f"killed by signal {-status}" if status < 0 else f"ended with status {status}"

    def _ends_within(self, seconds: float) -> bool:
        # Popen.wait() polls too; this one never raises.
        deadline = time.monotonic() + seconds
        while not self.gone:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True

    def _send(self, line: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101 - asked for at its start
        with contextlib.suppress(BrokenPipeError):  # dead at once: heard as the end of its reports
            self._process.stdin.write(line)
            self._process.stdin.flush()
