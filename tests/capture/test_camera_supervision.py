"""Heartbeat, back-off, giving up and trying again, by a clock of the test's own."""

from __future__ import annotations

import pytest

from edgeface.capture.camera import CameraState
from edgeface.capture.supervision import Rules, Step, Supervision
from edgeface.config import CameraConfig

RULES = Rules(heartbeat_s=3.0, start_timeout_s=20.0, restarts=5, restart_window_s=60.0, retry_s=100.0)


class World:
    """A supervision, and the time."""

    def __init__(self, rules: Rules = RULES) -> None:
        self.life = Supervision(rules)
        self.now = 1000.0
        self.life.begin(self.now)

    def start(self) -> None:
        assert self.life.check(self.now) is Step.START
        self.life.started(self.now)

    def run(self, seconds: float = 1.0) -> None:
        self.now += seconds
        self.life.progressed(self.now)

    def fail(self, *, hopeless: bool = False) -> None:
        self.life.failed(self.now, "it broke", hopeless=hopeless)

    def seconds_to_start(self) -> float:
        began = self.now
        while self.life.check(self.now) is not Step.START:
            self.now += 0.25
            assert self.now - began < 1000
        return self.now - began


def test_a_camera_starts_runs_and_stops() -> None:
    world = World()
    assert world.life.state is CameraState.STARTING
    world.start()
    assert world.life.check(world.now + 19) is Step.NOTHING
    world.run()
    assert world.life.state is CameraState.RUNNING
    world.life.stop()
    assert world.life.state is CameraState.STOPPED
    assert world.life.check(world.now + 100) is Step.NOTHING


def test_no_frame_for_a_heartbeat_means_kill() -> None:
    world = World()
    world.start()
    world.run()
    assert world.life.check(world.now + 2.9) is Step.NOTHING
    assert world.life.check(world.now + 3.1) is Step.KILL
    assert "no frame for 3 s" in world.life.overdue()


def test_the_first_frame_has_longer() -> None:
    world = World()
    world.start()
    assert world.life.check(world.now + 19.9) is Step.NOTHING
    assert world.life.check(world.now + 20.1) is Step.KILL
    assert "no first frame for 20 s" in world.life.overdue()


def test_a_sign_of_life_counts_but_is_no_frame() -> None:
    world = World()
    world.start()
    world.life.alive(world.now + 15)
    assert world.life.check(world.now + 30) is Step.NOTHING
    assert world.life.state is CameraState.STARTING


def test_restarts_wait_longer_each_time_then_it_is_given_up() -> None:
    world = World()
    world.start()
    world.run()
    waits = []
    for _ in range(5):
        world.fail()
        assert world.life.state is CameraState.RESTARTING
        waits.append(world.seconds_to_start())
        world.start()
        world.run(0.5)
    assert waits == [0.5, 1, 2, 4, 8]
    world.fail()
    assert world.life.state is CameraState.GIVEN_UP
    assert world.life.reason == "it broke"
    assert world.life.restarts == 5


def test_failures_far_apart_are_forgiven() -> None:
    world = World()
    world.start()
    for _ in range(30):
        world.run(59)
        world.fail()
        assert world.life.state is CameraState.RESTARTING
        world.seconds_to_start()
        world.start()


def test_a_camera_whose_every_start_hangs_is_given_up_too() -> None:
    world = World()
    for _ in range(5):
        world.start()
        world.now += 20.5  # six of these do not fit the window of 60 s
        world.fail()
        assert world.life.state is CameraState.RESTARTING
        world.seconds_to_start()
    world.start()
    world.fail()
    assert world.life.state is CameraState.GIVEN_UP


def test_a_camera_given_up_is_tried_again_and_is_given_up_until_a_frame_comes() -> None:
    world = World()
    world.start()
    world.fail(hopeless=True)
    assert world.life.state is CameraState.GIVEN_UP
    assert world.seconds_to_start() == 100
    world.start()
    assert world.life.state is CameraState.GIVEN_UP
    world.fail()
    assert world.seconds_to_start() == 100
    world.start()
    world.run()
    assert world.life.state is CameraState.RUNNING
    world.fail()
    assert world.life.state is CameraState.RESTARTING
    assert world.seconds_to_start() == 0.5


def test_the_end_of_a_file_is_no_failure() -> None:
    world = World()
    world.start()
    world.run()
    world.life.ended()
    assert world.life.state is CameraState.ENDED
    assert world.life.check(world.now + 1000) is Step.NOTHING


def test_no_restarts_allowed_means_given_up_at_once() -> None:
    world = World(Rules(3.0, 20.0, 0, 60.0, 100.0))
    world.start()
    world.run()
    world.fail()
    assert world.life.state is CameraState.GIVEN_UP


@pytest.mark.parametrize(("fps", "patience"), [(30.0, 3.0), (0.5, 6.0)])
def test_a_slow_camera_is_not_taken_for_dead(fps: float, patience: float) -> None:
    assert Rules.of(CameraConfig(fps=fps)).heartbeat_s == patience
