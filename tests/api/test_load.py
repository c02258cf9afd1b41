"""Full house, deadlines, callers that leave, and the end."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.api.running import Running, make_config, running
from tests.api.wire import Answer, ask, connected

JPEG = {"Content-Type": "image/jpeg"}


class Blocked:
    """The engine's detect, held until it is let go."""

    def __init__(self, daemon: Running) -> None:
        self.release = threading.Event()
        self.begun = 0
        self._real = daemon.engine.detect
        daemon.engine.detect = self
        self._daemon = daemon

    def __call__(self, *arguments: object, **options: object) -> object:
        self.begun += 1
        assert self.release.wait(30)
        return self._real(*arguments, **options)


def until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen")


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as executor:
        yield executor


def detect(daemon: Running, picture: bytes) -> Answer:
    return ask(daemon.socket, "POST", "/v1/detect", picture, JPEG)


def test_a_full_house_says_when_to_come_again(portrait: bytes, pool: ThreadPoolExecutor) -> None:
    with running(workers=1, queue=1) as daemon:
        blocked = Blocked(daemon)
        calls = [pool.submit(detect, daemon, portrait) for _ in range(2)]
        until(lambda: daemon.services.calls.running == 1 and daemon.services.calls.waiting == 1)
        answer = detect(daemon, portrait)
        assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "busy", "1")
        assert answer.json["error"]["retryable"]
        # Health, facts and metrics do not stand in line.
        assert ask(daemon.socket, "GET", "/v1/health/live").status == 200
        assert b"edgeface_calls_waiting 1.0" in ask(daemon.socket, "GET", "/metrics").body
        # A decision takes the place of the ordinary call in line.
        decision = pool.submit(ask, daemon.socket, "POST", "/v1/identify?groups=nobody", portrait, JPEG)
        until(lambda: any(call.done() for call in calls))
        blocked.release.set()
        assert sorted(call.result().status for call in calls) == [200, 503]
        assert decision.result().code == "group_not_found"


def test_a_call_beyond_its_deadline(portrait: bytes, pool: ThreadPoolExecutor) -> None:
    with running(workers=1, queue=4, deadline_s=0.5) as daemon:
        blocked = Blocked(daemon)
        calls = [pool.submit(detect, daemon, portrait) for _ in range(2)]
        answers = [call.result() for call in calls]
        assert [(answer.status, answer.code) for answer in answers] == [(504, "deadline")] * 2
        assert blocked.begun == 1
        until(lambda: ask(daemon.socket, "GET", "/v1/health/ready").json["reasons"] == ["stuck"])
        assert ask(daemon.socket, "GET", "/v1/health/ready").status == 503
        blocked.release.set()
        until(lambda: ask(daemon.socket, "GET", "/v1/health/ready").status == 200)
        del daemon.engine.detect
        assert detect(daemon, portrait).status == 200


def test_a_caller_that_hangs_up_in_line_is_not_computed(portrait: bytes, pool: ThreadPoolExecutor) -> None:
    with running(workers=1, queue=4) as daemon:
        blocked = Blocked(daemon)
        first = pool.submit(detect, daemon, portrait)
        until(lambda: daemon.services.calls.running == 1)
        with connected(daemon.socket) as leaving:
            head = f"POST /v1/detect HTTP/1.1\r\nHost: x\r\nContent-Length: {len(portrait)}\r\n\r\n"
            leaving.sendall(head.encode() + portrait)
            until(lambda: daemon.services.calls.waiting == 1)
        until(lambda: daemon.services.calls.waiting == 0)
        blocked.release.set()
        assert first.result().status == 200
        assert blocked.begun == 1


def test_a_stop_lets_running_calls_finish_and_refuses_the_others(portrait: bytes, pool: ThreadPoolExecutor) -> None:
    with running(workers=1, queue=4, grace_s=20) as daemon:
        blocked = Blocked(daemon)
        first = pool.submit(detect, daemon, portrait)
        until(lambda: daemon.services.calls.running == 1)
        second = pool.submit(detect, daemon, portrait)
        until(lambda: daemon.services.calls.waiting == 1)
        stopping = pool.submit(daemon.stop)
        refused = second.result()
        assert (refused.status, refused.code, refused.headers["retry-after"]) == (503, "shutting_down", "5")
        assert refused.headers["connection"] == "close"
        blocked.release.set()
        assert first.result().status == 200
        stopping.result()
        assert not daemon.socket.exists()


def test_a_call_that_never_ends_does_not_keep_the_daemon(portrait: bytes, pool: ThreadPoolExecutor) -> None:
    with running(workers=1, grace_s=0.2) as daemon:
        blocked = Blocked(daemon)
        call = pool.submit(ask, daemon.socket, "POST", "/v1/detect", portrait, JPEG)
        until(lambda: daemon.services.calls.running == 1)
        daemon.stop()
        with pytest.raises((ConnectionError, OSError)):
            call.result()
        blocked.release.set()


_SERVE = """
import sys
from edgeface.api.daemon import serve
from edgeface.config import Config
serve(Config.model_validate_json(sys.argv[1]), on_ready=lambda daemon: print("ready", flush=True))
"""


def started(config_json: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _SERVE, config_json], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_in_order(short: Path, number: signal.Signals, portrait: bytes) -> None:
    config = make_config(short)
    child = started(config.model_dump_json())
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "ready\n"
        assert ask(config.server.socket, "POST", "/v1/groups", {"group_id": "secret_group"}).status == 201
        assert ask(config.server.socket, "POST", "/v1/detect", portrait, JPEG).status == 200
        child.send_signal(number)
        _, log = child.communicate(timeout=30)
    finally:
        child.kill()
    assert child.returncode == 0
    assert not config.server.socket.exists()
    assert "stopped abandoned=0" in log and "route=/v1/detect" in log and "request_id=" in log
    assert "secret_group" not in log
    assert all("level" not in line or "=" in line for line in log.splitlines())


def test_a_second_daemon_is_refused_and_the_first_goes_on(short: Path) -> None:
    config = make_config(short)
    first = started(config.model_dump_json())
    try:
        assert first.stdout is not None and first.stdout.readline() == "ready\n"
        second = started(config.model_dump_json())
        _, log = second.communicate(timeout=60)
        assert second.returncode != 0 and "socket_in_use" in log
        # The same state directory under another socket.
        other = config.model_copy(update={"server": config.server.model_copy(update={"socket": short / "other"})})
        third = started(other.model_dump_json())
        _, log = third.communicate(timeout=60)
        assert third.returncode != 0 and "gallery_locked" in log
        assert not (short / "other").exists()
        assert ask(config.server.socket, "GET", "/v1/health/ready").json["ready"]
    finally:
        first.kill()
        first.communicate()


def test_killed_and_started_again(short: Path) -> None:
    config = make_config(short)
    first = started(config.model_dump_json())
    assert first.stdout is not None and first.stdout.readline() == "ready\n"
    assert ask(config.server.socket, "POST", "/v1/groups", {"group_id": "kept"}).status == 201
    first.kill()
    first.communicate()
    (config.state_dir / "transfer").mkdir(exist_ok=True)
    (config.state_dir / "transfer" / "half").write_bytes(b"x")
    again = started(config.model_dump_json())
    try:
        assert again.stdout is not None and again.stdout.readline() == "ready\n"
        groups = ask(config.server.socket, "GET", "/v1/groups").json["groups"]
        assert [item["group_id"] for item in groups] == ["kept"]
        assert not (config.state_dir / "transfer").exists()
    finally:
        again.kill()
        again.communicate()
