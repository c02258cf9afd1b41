"""A camera without a process: each call takes the source's next picture, in the caller's own time."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

from edgeface.capture.camera import CameraChange, CameraFacts, CameraState, OnChange
from edgeface.capture.frame import Frame
from edgeface.capture.framing import Framing
from edgeface.capture.source import Source, SourceInfo
from edgeface.config import CameraConfig
from edgeface.errors import EdgeFaceError


class InProcessCamera:
    """For tests, demonstrations and stored material of which no frame may be missed. Nothing is dropped or
    restarted, and it runs once.

    A stored picture's ``captured_at`` is the time of its stream, counted from ``clock()`` at the start, not the time
    of the call: the same source gives the same times however slow the reader is.
    """

    def __init__(
        self,
        source: Source,
        config: CameraConfig | None = None,
        on_change: OnChange | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._source = source
        self._on_change = on_change
        self._framing = Framing.of(config or CameraConfig())
        self._clock = clock
        self._wall_clock = wall_clock
        self._lock = threading.Lock()
        self._state = CameraState.STOPPED
        self._info: SourceInfo | None = None
        self._number = 0
        self._epoch = (0.0, 0.0)
        self._error = ""

    @property
    def state(self) -> CameraState:
        return self._state

    @property
    def facts(self) -> CameraFacts:
        info = self._info
        return CameraFacts(
            state=self._state,
            source=info.description if info else "",
            width=info.width if info else 0,
            height=info.height if info else 0,
            frames=self._number,
            fps=info.fps if info else 0.0,
            last_error=self._error,
        )

    def start(self) -> None:
        with self._lock:
            if self._state is not CameraState.STOPPED:
                return
            self._epoch = (self._clock(), self._wall_clock())
            try:
                self._info = self._source.open()
                self._is(CameraState.RUNNING)
            except EdgeFaceError as error:
                self._give_up(error)

    def latest(self, after: int, timeout_s: float) -> Frame | None:
        """The next frame, however long its source takes; ``after`` and ``timeout_s`` are met by its being new."""
        del after, timeout_s
        with self._lock:
            if self._state is not CameraState.RUNNING:
                return None
            try:
                raw = self._source.read()
            except EdgeFaceError as error:
                self._give_up(error)
                return None
            if raw is None:
                self._is(CameraState.ENDED)
                return None
            image, small = self._framing.apply(raw)
            self._number += 1
            began, wall_began = self._epoch
            if raw.captured_at is not None:
                captured_at = raw.captured_at
            else:
                captured_at = self._clock() if raw.due_s is None else began + raw.due_s
            return Frame(self._number, image, small, captured_at, wall_began + captured_at - began)

    def stop(self) -> None:
        with self._lock:
            if self._state is not CameraState.STOPPED:
                self._is(CameraState.STOPPED)
                with contextlib.suppress(Exception):
                    self._source.close()

    def _give_up(self, error: EdgeFaceError) -> None:
        self._error = error.detail or error.message
        self._is(CameraState.GIVEN_UP)

    def _is(self, state: CameraState) -> None:
        self._state = state
        if self._on_change is not None:
            reason = self._error if state is CameraState.GIVEN_UP else ""
            self._on_change(CameraChange(state, reason, self._clock()))
