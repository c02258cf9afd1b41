"""A camera in a process of its own, watched, restarted and in the end given up."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable

from edgeface.capture.camera import CameraChange, CameraFacts, CameraState, OnChange
from edgeface.capture.child import Child, WorkerProcess
from edgeface.capture.frame import Frame
from edgeface.capture.open_source import shown
from edgeface.capture.report import Alive, Failed, Opened
from edgeface.capture.ring import FrameRing
from edgeface.capture.source import SourceInfo
from edgeface.capture.supervision import Rules, Step, Supervision
from edgeface.config import CameraConfig

log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())  # where nobody has configured logging, the command line's stderr stays clean

_TICK_S = 0.1
_FPS_OVER_S = 5.0
# More than a child gets to close and to be killed; a thread that is still not back is left to itself.
_STOP_WITHIN_S = 5.0

Launch = Callable[[CameraConfig, int], Child]
"""Starts a process whose first frame has that number. Raises ``OSError``."""


class CameraProcess:
    """The :class:`~edgeface.capture.camera.Camera` of the configuration.

    One thread supervises: it starts the process, hears it, kills it when its heartbeat stops, and tells changes.
    A process that cannot be killed (a driver that never returns) is left behind and a new one tried beside it.
    """

    def __init__(
        self,
        config: CameraConfig,
        on_change: OnChange | None = None,
        *,
        launch: Launch = WorkerProcess,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._on_change = on_change
        self._launch = launch
        self._clock = clock
        self._changed = threading.Condition()
        self._life = Supervision(Rules.of(config))
        self._told = CameraState.STOPPED
        self._child: Child | None = None
        self._left_behind: list[Child] = []
        self._ring: FrameRing | None = None
        self._thread: threading.Thread | None = None
        self._wake: tuple[int, int] | None = None
        self._news = 0
        self._forget()

    def _forget(self) -> None:
        self._info: SourceInfo | None = None
        self._frames = 0
        self._dropped = 0
        self._dropped_before = 0
        self._launched_at = 0.0
        self._first_frame_s: float | None = None
        self._last_error = ""
        self._passed: deque[tuple[float, int]] = deque()

    # ------------------------------------------------------------------ the Camera protocol

    @property
    def state(self) -> CameraState:
        with self._changed:
            return self._life.state

    @property
    def facts(self) -> CameraFacts:
        with self._changed:
            info = self._info
            return CameraFacts(
                state=self._life.state,
                source=info.description if info else "",
                width=info.width if info else 0,
                height=info.height if info else 0,
                frames=self._frames,
                dropped=self._dropped,
                restarts=self._life.restarts,
                fps=self._fps(),
                first_frame_s=self._first_frame_s,
                last_error=self._last_error,
            )

    @property
    def pid(self) -> int | None:
        """The camera process, while there is one."""
        with self._changed:
            return self._child.pid if self._child else None

    def start(self) -> None:
        with self._changed:
            if self._thread is not None:
                return
            self._forget()
            self._life = Supervision(Rules.of(self._config))
            self._life.begin(self._clock())
            self._wake = os.pipe()
            self._thread = threading.Thread(target=self._supervise, name="camera", daemon=True)
            self._thread.start()

    def latest(self, after: int, timeout_s: float) -> Frame | None:
        """See :class:`~edgeface.capture.camera.Camera`; while the camera hangs, the last frame before it did."""
        deadline = time.monotonic() + timeout_s
        while True:
            with self._changed:
                ring, known = self._ring, self._news
                over = self._life.state in (CameraState.STOPPED, CameraState.ENDED)
            frame = ring.read(after) if ring else None
            if frame is not None or over:
                return frame
            with self._changed:
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                self._changed.wait_for(lambda: self._news != known, left)  # noqa: B023 - waited for right here

    def stop(self) -> None:
        with self._changed:
            thread, wake = self._thread, self._wake
            self._thread = self._wake = None
        if thread is None or wake is None:
            return
        os.close(wake[1])
        thread.join(_STOP_WITHIN_S)
        self._use(None)
        self._tell()

    # ------------------------------------------------------------------ supervision: one thread

    def _supervise(self) -> None:
        with self._changed:
            wake = self._wake
        if wake is None:
            return
        self._turn()
        while wake[0] not in self._heard_of(wake[0]):
            self._turn()
        os.close(wake[0])
        if self._child is not None:
            self._end(orderly=True)
        with self._changed:
            self._life.stop()

    def _turn(self) -> None:
        try:
            self._hear()
            self._act()
        except Exception as error:  # whatever it is, a camera that nobody watches would be worse
            log.exception("camera supervision")
            self._lost(f"{type(error).__name__}: {error}", orderly=False)
        self._tell()

    def _heard_of(self, wake: int) -> list[int]:
        """What has something to say, waiting a tick at most."""
        self._left_behind = [child for child in self._left_behind if not child.gone]
        watched = [wake] if self._child is None else [wake, self._child.report_fd]
        return select.select(watched, (), (), _TICK_S)[0]

    def _act(self) -> None:
        with self._changed:
            step, why = self._life.check(self._clock()), self._life.overdue()
        if step is Step.KILL:
            self._lost(why, orderly=False)
        elif step is Step.START:
            self._start_child()

    def _start_child(self) -> None:
        try:
            child = self._launch(self._config, self._frames + 1)
        except OSError as error:
            with self._changed:
                self._last_error = f"the camera process cannot be started: {error.strerror or error}"
                self._life.started(self._clock())
                self._life.failed(self._clock(), self._last_error)
            return
        self._use(child.ring)
        with self._changed:
            self._child = child
            self._dropped_before = self._dropped
            self._launched_at = self._clock()
            self._life.started(self._launched_at)

    def _use(self, ring: FrameRing | None) -> None:
        """Frames come from that ring from now on; what the one before still holds is too old to be shown."""
        with self._changed:
            if self._ring is not None:
                self._ring.close()
            self._ring = ring
            self._there_is_news()

    def _there_is_news(self) -> None:
        self._news += 1
        self._changed.notify_all()

    def _hear(self) -> None:
        child = self._child
        if child is None:
            return
        was_gone = child.gone  # asked first: what it said before it went is still in the pipe
        reports = child.hear()
        for report in reports or ():
            if isinstance(report, Alive):
                self._alive(child, report)
            elif isinstance(report, Opened):
                with self._changed:
                    self._info = report.info
            elif isinstance(report, Failed):
                self._lost(report.detail, orderly=True, hopeless=report.hopeless)
                return
            else:
                self._ended()
                return
        if reports is None or (was_gone and not reports):
            self._lost("", orderly=False)

    def _alive(self, child: Child, report: Alive) -> None:
        count = child.ring.count()
        now = self._clock()
        with self._changed:
            self._life.alive(now)
            if report.frames and count.newest > self._frames:
                self._life.progressed(now)
                if self._first_frame_s is None:
                    self._first_frame_s = now - self._launched_at
                self._frames = count.newest
                self._dropped = self._dropped_before + count.dropped
                self._passed.append((now, self._frames))
                while now - self._passed[0][0] > _FPS_OVER_S:
                    self._passed.popleft()
            self._there_is_news()

    def _ended(self) -> None:
        self._end(orderly=True)
        with self._changed:
            self._life.ended()
            self._there_is_news()

    def _lost(self, why: str, *, orderly: bool, hopeless: bool = False) -> None:
        how = self._end(orderly=orderly)
        self._use(None)
        with self._changed:
            self._last_error = why or f"the camera process {how}"
            self._passed.clear()
            self._first_frame_s = None
            self._life.failed(self._clock(), self._last_error, hopeless=hopeless)

    def _end(self, *, orderly: bool) -> str:
        child = self._child
        if child is None:
            return ""
        how = child.end(orderly=orderly)
        if not child.gone:
            log.error("a camera process cannot be killed", extra={"fields": {"pid": child.pid}})
            self._left_behind.append(child)
        with self._changed:
            self._child = None
        return how

    def _tell(self) -> None:
        with self._changed:
            state, reason = self._life.state, self._life.reason
            if state is self._told:
                return
            self._told = state
        failing = state in (CameraState.RESTARTING, CameraState.GIVEN_UP)
        log.log(
            logging.WARNING if failing else logging.INFO,
            "camera",
            extra={
                "fields": {"camera": self._config.name, "source": shown(self._config.source), "state": state.value}
                | ({"reason": reason} if reason else {})
            },
        )
        if self._on_change is not None:
            with contextlib.suppress(Exception):
                self._on_change(CameraChange(state, reason, self._clock()))

    def _fps(self) -> float:
        if len(self._passed) < 2 or self._life.state is not CameraState.RUNNING:
            return 0.0
        (began, first), (ended, last) = self._passed[0], self._passed[-1]
        return (last - first) / (ended - began) if ended > began else 0.0
