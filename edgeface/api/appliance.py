"""The live half in the daemon: the terminal behind the camera, and the sinks that act on its events."""

from __future__ import annotations

from collections.abc import Sequence

from edgeface.capture.camera import OnChange
from edgeface.capture.process import CameraProcess
from edgeface.config import Config
from edgeface.engine import Engine
from edgeface.events.dispatcher import Dispatcher, SinkFacts
from edgeface.events.log import EventLog
from edgeface.events.relay import RelaySink
from edgeface.events.sinks import Sink
from edgeface.live.policy.setting import refuse_unsafe
from edgeface.live.terminal import MakeCamera, Terminal
from edgeface.telemetry import Telemetry

STUCK_AFTER_S = 30.0
"""A frame that takes so long will not be done: a slow board needs a second for one."""
_DELIVER_WITHIN_S = 2.0


class Appliance:
    """Started by :meth:`start`, ended by :meth:`stop`; both wait, so call them off the event loop."""

    def __init__(self, terminal: Terminal, dispatcher: Dispatcher, relay: RelaySink | None) -> None:
        """Use :meth:`open`."""
        self.terminal = terminal
        self.relay = relay
        self._dispatcher = dispatcher

    @classmethod
    def open(
        cls, engine: Engine, events: EventLog, telemetry: Telemetry, *, make_camera: MakeCamera | None = None
    ) -> Appliance:
        """Everything but the camera is ready then. ``make_camera``: instead of the configured camera's process.

        Raises ``CONFIG_INVALID``: an unsafe profile, a relay that cannot be had.
        """
        config = engine.config
        refuse_unsafe(config, engine.analyzer.features)  # before a line is taken
        relay = RelaySink.open(config.relay, events.clock) if config.relay.enabled else None
        try:
            terminal = Terminal(engine, make_camera or _camera_of(config), events, telemetry=telemetry)
            sinks: list[Sink] = [relay] if relay is not None else []
            return cls(terminal, Dispatcher(events, sinks), relay)
        except BaseException:
            if relay is not None:
                relay.close()
            raise

    def start(self) -> None:
        """The camera, and the loop over its frames."""
        self.terminal.start()

    def stop(self) -> bool:
        """No new events, then deliver those that there are, then let go of the relay; whether everything ended."""
        ended = self.terminal.stop()
        delivered = self._dispatcher.stop(_DELIVER_WITHIN_S)
        if self.relay is not None:
            self.relay.close()
        return ended and delivered

    def reload(self, config: Config) -> None:
        """Take over thresholds and profile without touching the camera. Raises ``CONFIG_INVALID``."""
        self.terminal.reload(config)

    def advancing(self) -> bool:
        """Whether the live loop makes progress."""
        return self.terminal.advancing(STUCK_AFTER_S)

    def sinks(self) -> Sequence[SinkFacts]:
        """How the sinks are."""
        return self._dispatcher.facts()


def _camera_of(config: Config) -> MakeCamera:
    def make(on_change: OnChange) -> CameraProcess:
        return CameraProcess(config.camera, on_change)

    return make
