"""When a camera process is started, killed, started again and given up. Pure: told what happened, and when."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto

from edgeface.capture.camera import CameraState
from edgeface.config import CameraConfig

# Waits before a restart: doubled each time, so that a camera which needs seconds to come back gets them.
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 10.0
# A camera asked for a frame every two seconds is not dead after three: it must miss this many.
_MISSED_FRAMES = 3


@dataclass(frozen=True, slots=True)
class Rules:
    """Seconds and counts; see the configuration's fields of the same names."""

    heartbeat_s: float
    start_timeout_s: float
    restarts: int
    restart_window_s: float
    retry_s: float

    @classmethod
    def of(cls, config: CameraConfig) -> Rules:
        """As configured."""
        return cls(
            heartbeat_s=max(config.heartbeat_s, _MISSED_FRAMES / config.fps),
            start_timeout_s=max(config.start_timeout_s, _MISSED_FRAMES / config.fps),
            restarts=config.restarts,
            restart_window_s=config.restart_window_s,
            retry_s=config.retry_s,
        )


class Step(Enum):
    """What is to be done now."""

    NOTHING = auto()
    START = auto()
    KILL = auto()


class _Phase(Enum):
    IDLE = auto()
    WAITING = auto()
    OPENING = auto()
    FLOWING = auto()


class Supervision:
    """The life of one camera. All times are seconds of one monotonic clock."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._phase = _Phase.IDLE
        self._since = 0.0
        self._next_start = 0.0
        self._recent: deque[float] = deque()
        self._fruitless = 0
        self.state = CameraState.STOPPED
        self.restarts = 0
        self.reason = ""

    def begin(self, now: float) -> None:
        """The camera is wanted."""
        self._phase, self._next_start = _Phase.WAITING, now
        self.state, self.reason = CameraState.STARTING, ""
        self._recent.clear()
        self._fruitless = 0

    def stop(self) -> None:
        """It is not wanted any more."""
        self._phase, self.state = _Phase.IDLE, CameraState.STOPPED

    def check(self, now: float) -> Step:
        """What to do; after ``START`` call :meth:`started`, after ``KILL`` :meth:`failed`, or it is asked again."""
        if self._phase is _Phase.WAITING and now >= self._next_start:
            return Step.START
        if self._phase in (_Phase.OPENING, _Phase.FLOWING) and now - self._since > self._patience():
            return Step.KILL
        return Step.NOTHING

    def overdue(self) -> str:
        """Why a ``KILL`` is due."""
        what = "no first frame" if self._phase is _Phase.OPENING else "no frame"
        return f"{what} for {self._patience():g} s"

    def started(self, now: float) -> None:
        """A process was started."""
        self.restarts += self.state is not CameraState.STARTING
        self._phase, self._since = _Phase.OPENING, now

    def alive(self, now: float) -> None:
        """The process gave a sign of life: it waits for its next frame's time."""
        if self._phase in (_Phase.OPENING, _Phase.FLOWING):
            self._since = now

    def progressed(self, now: float) -> None:
        """A new frame came."""
        if self._phase in (_Phase.OPENING, _Phase.FLOWING):
            if self.state is CameraState.GIVEN_UP:
                self._recent.clear()
            self._phase, self._since, self._fruitless = _Phase.FLOWING, now, 0
            self.state, self.reason = CameraState.RUNNING, ""

    def ended(self) -> None:
        """The source has no more pictures, as it should."""
        self._phase, self.state, self.reason = _Phase.IDLE, CameraState.ENDED, ""

    def failed(self, now: float, reason: str, *, hopeless: bool = False) -> None:
        """The process failed, died or was killed. ``hopeless``: a restart will not help, so try seldom."""
        while self._recent and now - self._recent[0] > self._rules.restart_window_s:
            self._recent.popleft()
        self._fruitless += self._phase is not _Phase.FLOWING
        # Counted two ways: starts that hang for start_timeout_s each would never fill the window.
        used_up = max(len(self._recent), self._fruitless - 1) >= self._rules.restarts
        self._phase, self.reason = _Phase.WAITING, reason
        if hopeless or used_up or self.state is CameraState.GIVEN_UP:
            self.state = CameraState.GIVEN_UP
            self._next_start = now + self._rules.retry_s
            return
        wait = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** len(self._recent))
        self._recent.append(now)
        self.state = CameraState.RESTARTING
        self._next_start = now + wait

    def _patience(self) -> float:
        opening = self._phase is _Phase.OPENING
        return self._rules.start_timeout_s if opening else self._rules.heartbeat_s
