"""What strangers on the network can do: little, and nothing to those on the Unix socket."""

from __future__ import annotations

import select
import ssl
import time
from collections.abc import Callable, Iterator

import pytest

from edgeface.api import tcp as tcp_module
from tests.api.over_tcp import (
    RunningOverTcp,
    folder_of_its_own,
    plain,
    running_over_tcp,
    started,
    tcp_config,
)
from tests.api.wire import ask, read_answer


@pytest.fixture(scope="module")
def daemon() -> Iterator[RunningOverTcp]:
    with running_over_tcp() as running:
        yield running


def until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def metric(daemon: RunningOverTcp, line: str) -> float:
    text = ask(daemon.socket, "GET", "/metrics").body.decode()
    return sum(float(found.rsplit(" ", 1)[1]) for found in text.splitlines() if found.startswith(line))


def test_what_is_no_tls_is_hung_up_on_and_counted(daemon: RunningOverTcp) -> None:
    before = metric(daemon, 'edgeface_callers_turned_away_total{reason="handshake"}')
    with plain(daemon) as sock:
        sock.sendall(b"GET /v1/health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        sock.settimeout(20)
        try:
            received = sock.recv(1000)
        except ConnectionResetError:
            received = b""
    assert b"HTTP" not in received
    until(lambda: metric(daemon, 'edgeface_callers_turned_away_total{reason="handshake"}') == before + 1)


def test_refusals_are_counted_by_reason(daemon: RunningOverTcp) -> None:
    line = 'edgeface_callers_turned_away_total{reason="access_token_invalid"}'
    before = metric(daemon, line)
    daemon.detect("wrong")
    assert metric(daemon, line) == before + 1
    ask(daemon.socket, "GET", "/v1/nothing")
    assert metric(daemon, line) == before + 1


def test_silence_is_ended_before_and_after_the_handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp_module.TcpServer.__init__, "__kwdefaults__", {"handshake_s": 0.3})
    with folder_of_its_own() as folder:
        config = tcp_config(folder)
        server = config.server.model_copy(update={"body_timeout_s": 0.3})
        with started(config.model_copy(update={"server": server})) as daemon:
            with plain(daemon) as sock:
                assert sock.recv(10) == b""
            with ssl.create_default_context(cafile=str(daemon.certificate)).wrap_socket(
                plain(daemon), server_hostname="localhost"
            ) as tls:
                assert tls.recv(10) == b""


def test_strangers_cannot_take_the_place_of_locals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp_module, "MOST_HANDSHAKES", 3)
    with running_over_tcp() as daemon:
        shaking = [plain(daemon) for _ in range(8)]
        line = 'edgeface_callers_turned_away_total{reason="too_many_handshakes"}'
        until(lambda: metric(daemon, line) == 5)  # asked over the Unix socket meanwhile
        for sock in shaking:
            sock.close()
        until(lambda: daemon.call("GET", "/v1/health/live").status == 401 if _shakes(daemon) else False)


def _shakes(daemon: RunningOverTcp) -> bool:
    return not daemon.daemon._server._listening[1]._connecting  # type: ignore[union-attr]


def test_too_many_connections_are_told_so(daemon: RunningOverTcp, monkeypatch: pytest.MonkeyPatch) -> None:
    connections = daemon.daemon._server._tcp_connections
    until(lambda: connections.open == 0)
    monkeypatch.setattr(connections, "most", 1)
    kept = daemon.connection()
    kept.request("GET", "/v1/health/live")
    assert kept.getresponse().read()
    context = ssl.create_default_context(cafile=str(daemon.certificate))
    with context.wrap_socket(plain(daemon), server_hostname="localhost") as tls:
        answer = read_answer(tls)
        assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "busy", "1")
    assert ask(daemon.socket, "GET", "/v1/health/live").status == 200
    kept.close()


def test_bodies_of_strangers_leave_room_for_locals(daemon: RunningOverTcp) -> None:
    context = ssl.create_default_context(cafile=str(daemon.certificate))
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # 1.3 sends tickets, which look like an answer
    head = b"POST /oauth/2.0/token HTTP/1.1\r\nHost: x\r\nContent-Length: 8000\r\n\r\n"
    bodies = daemon.services.bodies
    held = []
    whole = bodies._budget
    try:
        bodies._budget = 20_000  # half of it: one of these bodies, and not two
        for _ in range(2):
            tls = context.wrap_socket(plain(daemon), server_hostname="localhost")
            tls.sendall(head + b"x" * 6000)
            held.append(tls)
        (refused,), _, _ = select.select(held, [], [], 20)
        assert read_answer(refused).status == 503
        assert ask(daemon.socket, "POST", "/v1/detect", b"x" * 9000, {"Content-Type": "image/jpeg"}).status == 415
    finally:
        bodies._budget = whole
        for tls in held:
            tls.close()
    until(lambda: bodies.held_bytes == 0 and bodies._held_tcp == 0)
