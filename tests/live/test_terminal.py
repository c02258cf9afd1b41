"""The terminal on a camera in this process: its thread, its events, what a reload and a failure do to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import pytest

from edgeface.capture.camera import CameraState, OnChange
from edgeface.capture.in_process import InProcessCamera
from edgeface.capture.source import RawFrame, SourceInfo
from edgeface.config import Config
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.event import Event
from edgeface.events.log import EventLog
from edgeface.live.terminal import Terminal
from edgeface.simulation.camera import Shot, SimulatedCamera
from edgeface.simulation.portraits import Portrait
from edgeface.telemetry import NoTelemetry
from tests.live.stage import enrol_portraits

PATIENCE_S = 60.0


class Pictures:
    """A source of the pictures it is given, half bright: where they are mirrored shows."""

    def __init__(self, *pictures: Any, fps: float = 10.0) -> None:
        self.pictures = list(pictures)
        self.fps = fps
        self.number = 0

    def open(self) -> SourceInfo:
        height, width = self.pictures[0].shape[:2]
        return SourceInfo("pictures", width, height, self.fps, live=False)

    def read(self) -> RawFrame | None:
        if not self.pictures:
            return None
        self.number += 1
        return RawFrame(self.pictures.pop(0), due_s=self.number / self.fps)

    def close(self) -> None:
        self.pictures.clear()


def wait_until(happens: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not happens():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


@pytest.fixture
def settings(config: Config) -> Config:
    return Config.model_validate(
        {
            **config.model_dump(),
            "camera": {"width": 640, "height": 480, "detect_width": 320},
            "live": {"groups": ["staff"], "shots": 2},
        }
    )


@pytest.fixture
def events(engine: Engine, settings: Config) -> Iterator[EventLog]:
    engine.reconfigure(settings)
    with EventLog.open(settings.state_dir, settings.events, key=engine.gallery.subkey("events")) as log:
        yield log


def terminal_of(engine: Engine, events: EventLog, source: Any) -> Terminal:
    def make(on_change: OnChange) -> InProcessCamera:
        return InProcessCamera(source, engine.config.camera, on_change)

    return Terminal(engine, make, events, telemetry=NoTelemetry())


def said(events: EventLog) -> list[str]:
    words = []
    for event in events.since(0, 1000):
        word = event.data.get("state") or event.data.get("user_id") or event.data.get("what") or ""
        if event.source != "clock":
            words.append(f"{event.kind.value} {word}".strip())
    return words


def portraits(person: Portrait, count: int) -> list[Any]:
    camera = SimulatedCamera(640, 480, seed=3)
    return [camera.take((person, Shot(face_width=150 + 3 * number))) for number in range(count)]


def test_from_the_camera_to_the_log(engine: Engine, events: EventLog, eileen: Portrait) -> None:
    enrol_portraits(engine, "eileen")
    terminal = terminal_of(engine, events, Pictures(*portraits(eileen, 8)))
    terminal.start()
    wait_until(lambda: terminal.camera.state is CameraState.ENDED)
    wait_until(lambda: "camera ended" in said(events))
    assert terminal.advancing(PATIENCE_S)
    assert terminal.stop()
    assert said(events) == ["camera running", "recognised eileen", "camera ended", "camera stopped"]
    assert terminal.stop()


def test_one_bad_frame_does_not_end_the_day(
    engine: Engine, events: EventLog, eileen: Portrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol_portraits(engine, "eileen")
    terminal = terminal_of(engine, events, Pictures(*portraits(eileen, 8)))
    step, failures = terminal.loop.step, iter([RuntimeError("a model"), EdgeFaceError(ErrorCode.STORAGE_FULL)])

    def failing(frame: Any) -> None:
        if (failure := next(failures, None)) is not None:
            raise failure
        step(frame)

    monkeypatch.setattr(terminal.loop, "step", failing)
    terminal.start()
    wait_until(lambda: "recognised eileen" in said(events))
    terminal.stop()


def test_a_camera_that_fails_is_an_event_with_its_reason(engine: Engine, events: EventLog) -> None:
    class Broken(Pictures):
        def read(self) -> RawFrame | None:
            raise EdgeFaceError(ErrorCode.CAMERA_UNAVAILABLE, "It was unplugged.")

    terminal = terminal_of(engine, events, Broken(np.zeros((48, 64, 3), np.uint8)))
    terminal.start()
    wait_until(lambda: "camera given_up" in said(events))
    terminal.stop()
    (event,) = [item for item in events.since(0, 100) if item.data.get("state") == "given_up"]
    assert event.data["reason"] == "It was unplugged."


def test_events_that_cannot_be_written_are_counted_and_nothing_else_stops(
    engine: Engine, events: EventLog, eileen: Portrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol_portraits(engine, "eileen")

    def full(new: Any) -> Event:
        raise EdgeFaceError(ErrorCode.STORAGE_FULL)

    monkeypatch.setattr(events, "append", full)
    terminal = terminal_of(engine, events, Pictures(*portraits(eileen, 8)))
    terminal.start()
    wait_until(lambda: terminal.camera.state is CameraState.ENDED)
    wait_until(lambda: terminal.loop.told["unwritten"] >= 3)
    terminal.stop()


def test_a_reload_changes_the_profile_and_an_unsafe_one_changes_nothing(
    engine: Engine, events: EventLog, settings: Config
) -> None:
    terminal = terminal_of(engine, events, Pictures(*[np.zeros((480, 640, 3), np.uint8)] * 3))
    terminal.start()
    kiosk = settings.model_copy(update={"live": settings.live.model_copy(update={"profile": "kiosk"})})
    terminal.reload(kiosk)
    wait_until(lambda: "system thresholds_reloaded" in said(events))
    assert engine.config.live.profile == "kiosk"
    unsafe = settings.model_copy(update={"live": settings.live.model_copy(update={"profile": "door"})})
    with pytest.raises(EdgeFaceError) as refused:
        terminal.reload(unsafe)
    assert refused.value.code is ErrorCode.CONFIG_INVALID
    terminal.stop()
    assert engine.config.live.profile == "kiosk"


@pytest.mark.parametrize("mirror", [False, True])
def test_only_the_preview_is_mirrored(engine: Engine, events: EventLog, settings: Config, mirror: bool) -> None:
    camera = settings.camera.model_copy(update={"mirror": mirror, "preview": True})
    engine.reconfigure(settings.model_copy(update={"camera": camera}))
    left_bright = np.zeros((480, 640, 3), np.uint8)
    left_bright[:, :320] = 255

    class Endless(Pictures):
        def read(self) -> RawFrame | None:
            time.sleep(0.01)
            return RawFrame(left_bright)

    terminal = terminal_of(engine, events, Endless(left_bright))
    seen = []
    step = terminal.loop.step
    terminal.loop.step = lambda frame: (seen.append(frame.image), step(frame))  # type: ignore[method-assign,assignment]
    terminal.start()
    wait_until(lambda: seen)
    shown = cv2.imdecode(np.frombuffer(terminal.preview.snapshot()[1], np.uint8), cv2.IMREAD_COLOR)
    assert seen[0][0, 0, 0] == 255
    assert bool(shown[0, 0, 0] > 128) is not mirror
    terminal.stop()
    with pytest.raises(EdgeFaceError) as away:
        terminal.preview.snapshot()
    assert away.value.code is ErrorCode.CAMERA_UNAVAILABLE


def test_somebody_erased_while_standing_there_is_not_written_down(
    engine: Engine, events: EventLog, eileen: Portrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol_portraits(engine, "eileen")
    search = engine.identify_template

    def erased_meanwhile(*arguments: Any, **options: Any) -> Any:
        found = search(*arguments, **options)
        if engine.gallery.has_group("staff") and engine.gallery.users("staff", 0, 10).total:
            engine.delete_user("staff", "eileen")
        return found

    live = engine.config.live.model_copy(update={"shots": 1})
    engine.reconfigure(engine.config.model_copy(update={"live": live}))
    monkeypatch.setattr(engine, "identify_template", erased_meanwhile)
    terminal = terminal_of(engine, events, Pictures(*portraits(eileen, 4)))
    terminal.start()
    wait_until(lambda: "camera ended" in said(events))
    terminal.stop()
    assert "recognised eileen" not in said(events)
