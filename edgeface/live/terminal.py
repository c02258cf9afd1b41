"""The live half of an appliance: a camera, the loop over its frames, a policy, and what can be asked of them."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from datetime import datetime

from edgeface.capture.camera import Camera, CameraChange, CameraState, OnChange
from edgeface.config import Config
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError
from edgeface.events.event import EventKind, NewEvent
from edgeface.events.log import EventLog
from edgeface.live.camera_calls import CameraCalls
from edgeface.live.enrolment import EnrolmentDesk
from edgeface.live.loop import LiveLoop
from edgeface.live.policy.policy import Policy
from edgeface.live.policy.setting import policy_of, refuse_unsafe
from edgeface.live.preview import Preview
from edgeface.telemetry import Telemetry

MakeCamera = Callable[[OnChange], Camera]
"""Makes the camera, which tells its changes to the function it is given."""

_FRAME_WAIT_S = 0.5
_FAILURES_BEFORE_PAUSE = 5
_PAUSE_S = 1.0
_STOP_WITHIN_S = 10.0

log = logging.getLogger(__name__)


class Terminal:
    """Owns the camera and the loop's thread; starts and stops both."""

    def __init__(self, engine: Engine, make_camera: MakeCamera, events: EventLog, *, telemetry: Telemetry) -> None:
        """Raises ``CONFIG_INVALID`` where the profile would be unsafe with the active pack."""
        config = engine.config
        refuse_unsafe(config, engine.analyzer.features)
        self._engine = engine
        self._events = events
        self._changes: queue.SimpleQueue[CameraChange] = queue.SimpleQueue()
        self.camera = make_camera(self._changes.put)
        """For its state and facts."""
        self.loop = LiveLoop(
            engine,
            self._policy(config),
            tell=events.append,
            wall_clock=self._wall,
            alive=self.alive,
            telemetry=telemetry,
        )
        self.calls = CameraCalls(engine, self.loop.waiting)
        self.desk = EnrolmentDesk(engine, self.loop.waiting, self.loop.write)
        self.preview = Preview(config.camera, self.alive)
        self._stop = threading.Event()
        self._reloaded: Config | None = None
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)
        self._progress_at = time.monotonic()
        self._failures = 0
        self._after = 0

    def start(self) -> None:
        """Start the camera and the loop."""
        self._warn_of_a_blind_door(self._engine.config)
        self.camera.start()
        self._progress_at = time.monotonic()
        self._thread.start()

    def stop(self) -> bool:
        """Tell those who wait, stop the loop, then the camera; whether the loop ended. May be repeated."""
        self.loop.waiting.close()
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_WITHIN_S)
        self.camera.stop()
        ended = not self._thread.is_alive()
        if ended:
            self._tell_changes()
        return ended

    def alive(self) -> bool:
        """Whether frames come."""
        return self.camera.state is CameraState.RUNNING

    def advancing(self, within_s: float) -> bool:
        """Whether the loop makes progress: what the watchdog is fed by. A camera that is away is the camera's
        failure, not the loop's: the loop then turns without frames."""
        return time.monotonic() - self._progress_at < within_s

    def reload(self, config: Config) -> None:
        """Take over thresholds, rules and profile at the next frame; the camera goes on. Raises ``CONFIG_INVALID``
        and changes nothing when the new configuration would be unsafe."""
        refuse_unsafe(config, self._engine.analyzer.features)
        self._reloaded = config

    # ------------------------------------------------------------------ inside

    def _run(self) -> None:
        while not self._stop.is_set():
            self._progress_at = time.monotonic()
            try:
                self._turn()
                self._failures = 0
            except Exception:
                # One frame must never end the day; a failure of every frame must not fill the journal either.
                self._failures += 1
                log.exception("frame failed")
                if self._failures >= _FAILURES_BEFORE_PAUSE:
                    self._stop.wait(_PAUSE_S)
        self.loop.interrupt(time.monotonic())

    def _turn(self) -> None:
        """The next frame, or a wait for it."""
        if self._reloaded is not None:
            self._take_over()
        frame = self.camera.latest(self._after, _FRAME_WAIT_S)
        self._progress_at = time.monotonic()
        self._tell_changes()
        if frame is not None:
            self.preview.show(frame)
            self._after = frame.number
            self.loop.step(frame)
            return
        if not self.alive():
            self.preview.clear()
            if self.camera.state in (CameraState.ENDED, CameraState.STOPPED, CameraState.GIVEN_UP):
                self._stop.wait(_FRAME_WAIT_S)  # latest() does not wait where nothing will come

    def _tell_changes(self) -> None:
        while True:
            try:
                change = self._changes.get_nowait()
            except queue.Empty:
                return
            if change.state in (CameraState.RESTARTING, CameraState.GIVEN_UP, CameraState.ENDED):
                self.loop.interrupt(change.at)
            facts = {"state": change.state.value, "restarts": self.camera.facts.restarts}
            self._tell(EventKind.CAMERA, **facts, **({"reason": change.reason} if change.reason else {}))

    def _take_over(self) -> None:
        config, self._reloaded = self._reloaded, None
        if config is None:
            return
        before = self._engine.config
        self._engine.reconfigure(config)
        try:
            policy = self._policy(config)
        except EdgeFaceError:
            self._engine.reconfigure(before)
            raise
        self.loop.reconfigure(config, policy)
        self.preview.reconfigure(config.camera)
        self._warn_of_a_blind_door(config)
        self._tell(EventKind.SYSTEM, what="thresholds_reloaded", profile=config.live.profile)
        log.info("thresholds reloaded", extra={"fields": {"profile": config.live.profile}})

    def _warn_of_a_blind_door(self, config: Config) -> None:
        if config.live.profile == "door" and config.live.liveness == "none":
            # Said at every start, so that nobody forgets what this door cannot see.
            log.warning("door without liveness", extra={"fields": {"risk": "a photograph is let in as the person"}})
            self._tell(EventKind.SYSTEM, what="door_without_liveness")

    def _policy(self, config: Config) -> Policy:
        return policy_of(config, self._engine, self._events)

    def _wall(self) -> tuple[datetime, bool]:
        moment = self._events.clock.now()
        return datetime.fromtimestamp(moment.wall).astimezone(), moment.trusted

    def _tell(self, kind: EventKind, **facts: object) -> None:
        self.loop.write(NewEvent(kind, facts, self._engine.config.camera.name))
