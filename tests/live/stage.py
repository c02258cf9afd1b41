"""A stage for the live room's tests: scenes played by a simulated camera before the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from edgeface.capture.frame import Frame
from edgeface.capture.in_process import InProcessCamera
from edgeface.capture.simulated_source import SimulatedSource
from edgeface.config import CameraConfig, Config
from edgeface.engine import Engine
from edgeface.events.event import NewEvent
from edgeface.live.loop import LiveLoop
from edgeface.live.policy.policy import Policy
from edgeface.simulation.camera import Shot, SimulatedCamera
from edgeface.simulation.portraits import eileen_collins, grace_hopper
from edgeface.telemetry import NoTelemetry

PEOPLE = """
[[people]]
name = "eileen"
portrait = "eileen_collins"

[[people]]
name = "grace"
portrait = "grace_hopper"
"""
NOON = datetime(2026, 11, 2, 12, 0, tzinfo=timezone.utc)


def script(folder: Path, shots: str, *, name: str = "scene") -> Path:
    """A file for the simulated camera. ``shots``: one inline TOML table a line, or a whole script's tables."""
    file = folder / f"{name}.toml"
    tables = "".join(f"[[shots]]\n{line.strip()}\n" for line in shots.strip().splitlines())
    file.write_text(PEOPLE + tables.replace(", ", "\n"), encoding="utf-8")
    return file


def frames(config: CameraConfig, file: Path) -> Iterator[Frame]:
    """Every frame of a script, in the time of its stream."""
    camera = InProcessCamera(SimulatedSource(config, file), config, clock=lambda: 1000.0, wall_clock=lambda: 0.0)
    camera.start()
    number = 0
    while (frame := camera.latest(number, 0)) is not None:
        number = frame.number
        yield frame
    camera.stop()


def enrol_portraits(engine: Engine, *names: str, group: str = "staff") -> None:
    """Enrol people by another picture than those they will be seen on."""
    for portrait in (eileen_collins(), grace_hopper()):
        name = portrait.name.partition("_")[0]
        if name in names:
            image = SimulatedCamera(640, 480, seed=99).take((portrait, Shot(face_width=190)))
            engine.enrol(image, group, name)


class Stage:
    """A loop that writes its events into a list, at noon of a working day by a clock that is trusted."""

    def __init__(self, engine: Engine, policy: Policy, config: Config | None = None) -> None:
        self.events: list[NewEvent] = []
        if config is not None:
            engine.reconfigure(config)
        self.loop = LiveLoop(
            engine,
            policy,
            tell=self.events.append,
            wall_clock=lambda: (NOON, True),
            alive=lambda: True,
            telemetry=NoTelemetry(),
        )

    def play(self, config: CameraConfig, file: Path) -> list[NewEvent]:
        """Show a script to its end and beyond; the events it caused."""
        before = len(self.events)
        last = 0.0
        for frame in frames(config, file):
            self.loop.step(frame)
            last = frame.captured_at
        self.loop.interrupt(last)
        return self.events[before:]
