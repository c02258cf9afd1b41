"""The relay that opens the door: the first sink. Fails secure."""

from __future__ import annotations

import logging
import os
import select
import subprocess
import sys
import threading
import time

from edgeface.config import RelayConfig
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.event import Event, EventKind
from edgeface.events.moment import Clock
from edgeface.events.sinks import SinkAway

_START_S = 10.0  # a Raspberry Pi starts Python in a fraction of a second, a loaded one in seconds
_ANSWER_S = 1.0
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 30.0
_STOP_S = 2.0

log = logging.getLogger(__name__)


class RelaySink:
    """Pulses the relay for each ``door_opened`` that is fresh, and for nothing else.

    Fresh: made in this boot, since this sink was, not expired, and not older than ``expires_s``. What was appended
    before a restart never moves the relay. A guard process holds the line, ends every pulse by its own clock, and
    lets go when this process ends in whatever way; when the guard dies it is started again, which switches off.
    """

    name = "relay"

    def __init__(self, config: RelayConfig, clock: Clock) -> None:
        """Use :meth:`open`."""
        self._config = config
        self._clock = clock
        self._since = clock.now()
        self._last = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._guard = _Guard(config)
        self._watcher = threading.Thread(target=self._watch, name="relay-guard", daemon=True)
        self._watcher.start()

    @classmethod
    def open(cls, config: RelayConfig, clock: Clock) -> RelaySink:
        """Take the line and switch it off. Raises ``CONFIG_INVALID``: no gpiod package, no such line, no access."""
        try:
            return cls(config, clock)
        except SinkAway as error:
            raise EdgeFaceError(ErrorCode.CONFIG_INVALID, f"relay: {error.reason}") from error

    def deliver(self, event: Event) -> None:
        """Move the relay, where the event is an order to. Raises :class:`SinkAway`."""
        if event.kind is not EventKind.DOOR_OPENED or event.sequence <= self._last or not self._is_fresh(event):
            return
        with self._lock:
            self._guard.pulse(self._config.pulse_s)
        self._last = event.sequence

    @property
    def working(self) -> bool:
        """Whether the guard holds the line; for health."""
        return self._guard.alive

    def close(self) -> None:
        """Switch off, at once, and give the line back. Idempotent."""
        self._closing.set()
        with self._lock:
            self._guard.stop()
        self._watcher.join()

    def _is_fresh(self, event: Event) -> bool:
        now = self._clock.now()
        return (
            event.boot_id == now.boot_id
            and event.monotonic_at >= self._since.monotonic
            and now.monotonic - event.monotonic_at < self._config.expires_s
            and not event.expired(now)
        )

    def _watch(self) -> None:
        while True:
            code = self._guard.wait()
            if self._closing.is_set():
                return
            log.error("relay guard died", extra={"fields": {"code": code}})
            guard = self._new_guard()
            if guard is None:
                return
            with self._lock:
                self._guard.stop()
                self._guard = guard
                if self._closing.is_set():  # closed while the new guard was starting
                    guard.stop()

    def _new_guard(self) -> _Guard | None:
        """Another guard, however long it takes; ``None`` when nobody wants it any more."""
        pause = _FIRST_PAUSE_S
        while not self._closing.is_set():
            try:
                return _Guard(self._config)
            except SinkAway as error:
                if pause == _FIRST_PAUSE_S:
                    log.error("relay lost", extra={"fields": {"reason": error.reason}})
            self._closing.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
        return None


class _Guard:
    """One run of the guard process."""

    def __init__(self, config: RelayConfig) -> None:
        level = "low" if config.active_low else "high"
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "edgeface.events.relay_guard", str(config.chip), str(config.line), level],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self._heard = b""
        try:
            self._await("ready", _START_S)
        except BaseException:
            self.stop()
            raise

    def pulse(self, seconds: float) -> None:
        """Switch on for so long. Raises :class:`SinkAway` unless the guard says that it did."""
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101 - a pipe was asked for
        try:
            stdin.write(f"pulse {seconds:.3f}\n".encode())
        except (OSError, ValueError) as error:
            raise SinkAway("The relay's guard is gone.") from error
        try:
            self._await("on", _ANSWER_S)
        except SinkAway:
            # Nobody knows what the relay does now, and a late answer would be taken for the next one's.
            self._process.kill()
            raise

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def wait(self) -> int:
        """Its exit status, when it has ended."""
        return self._process.wait()

    def stop(self) -> None:
        """End it; it switches off."""
        process = self._process
        if process.stdin is not None and not process.stdin.closed:
            process.stdin.close()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def _await(self, word: str, timeout_s: float) -> None:
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101 - a pipe was asked for
        until = time.monotonic() + timeout_s
        while True:
            line, newline, rest = self._heard.partition(b"\n")
            if newline:
                self._heard = rest
                if line == word.encode():
                    return
                if line.startswith(b"error "):
                    raise SinkAway(line.removeprefix(b"error ").decode(errors="replace"))
                continue  # "off" of an earlier pulse
            left = until - time.monotonic()
            if left <= 0 or not select.select([stdout], [], [], left)[0]:
                raise SinkAway("The relay's guard does not answer.")
            got = os.read(stdout.fileno(), 4096)
            if not got:
                raise SinkAway("The relay's guard is gone.")
            self._heard += got
