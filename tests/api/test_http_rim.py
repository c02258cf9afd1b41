"""The rim: whatever arrives, a documented answer leaves, and the daemon goes on."""

from __future__ import annotations

import grp
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.api.running import Running, running
from tests.api.wire import ask, connected, read_answer

GROUPS = "/v1/groups"


@pytest.fixture(autouse=True)
def goes_on(daemon: Running):
    yield
    assert ask(daemon.socket, "GET", "/v1/health/ready").json == {"ready": True, "reasons": []}


def until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def raw(daemon: Running, data: bytes) -> bytes:
    """Everything that comes back for these bytes until the daemon closes the connection."""
    with connected(daemon.socket) as sock:
        received = b""
        try:
            sock.sendall(data)
            while chunk := sock.recv(65536):
                received += chunk
        except (ConnectionResetError, BrokenPipeError):
            pass
        return received


@pytest.mark.parametrize(
    ("method", "target", "status", "code"),
    [
        ("GET", "/", 404, "not_found"),
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/v1/groups//users", 404, "not_found"),
        ("GET", "/v2/detect", 404, "not_found"),
        ("GET", "/v1/detect", 405, "method_not_allowed"),
        ("DELETE", GROUPS, 405, "method_not_allowed"),
        ("TRACE", GROUPS, 405, "method_not_allowed"),
        ("GET", f"{GROUPS}?colour=red", 400, "invalid_parameter"),
        ("GET", f"{GROUPS}?start=-1", 400, "invalid_parameter"),
        ("GET", f"{GROUPS}?length=0", 400, "invalid_parameter"),
        ("GET", f"{GROUPS}?length=5000", 400, "invalid_parameter"),
        ("POST", GROUPS, 400, "invalid_parameter"),
        ("POST", "/v1/detect", 400, "image_missing"),
        ("POST", "/v1/compare", 400, "image_missing"),
        ("POST", "/v1/gallery/erase", 400, "invalid_parameter"),
        ("POST", "/v1/gallery/export", 400, "invalid_parameter"),
    ],
)
def test_wrong_calls(daemon: Running, method: str, target: str, status: int, code: str) -> None:
    answer = ask(daemon.socket, method, target)
    assert (answer.status, answer.code) == (status, code)
    if status == 405:
        assert answer.headers["allow"]


def test_a_method_that_nobody_knows_is_refused(daemon: Running) -> None:
    # aiohttp's C parser takes it for a malformed message, its Python parser for a method like any other.
    assert ask(daemon.socket, "BREW", GROUPS).code in ("invalid_request", "method_not_allowed")


@pytest.mark.parametrize(
    "group",
    [
        "a%2Fb",
        "..%2F..%2Fetc",
        "a.b",
        "%00",
        "a%00b",
        "x" * 129,
        "%20",
        "%C3%BC",
        "a-b",
        "%2e%2e",
        "%ff",
        "a%0d%0aX:%20y",
    ],
)
def test_ids_that_are_none(daemon: Running, group: str) -> None:
    for target in (f"{GROUPS}/{group}/users", f"{GROUPS}/g/users/{group}/faces", f"/v1/users/{group}"):
        answer = ask(daemon.socket, "GET", target)
        assert answer.code in ("invalid_id", "not_found", "group_not_found"), target
        assert 400 <= answer.status < 500
        if group not in ("%2e%2e", "..%2F..%2Fetc") and target != f"{GROUPS}/g/users/{group}/faces":
            assert answer.code == "invalid_id", target


def test_an_id_of_128_characters_is_one(daemon: Running) -> None:
    assert ask(daemon.socket, "GET", f"{GROUPS}/{'x' * 128}/users").code == "group_not_found"


def test_request_ids_are_echoed_when_harmless_and_made_otherwise(daemon: Running) -> None:
    good = "Abc-1.2_3"
    answer = ask(daemon.socket, "GET", "/v1/nothing", headers={"X-Request-Id": good})
    assert answer.headers["x-request-id"] == good == answer.json["error"]["request_id"]
    for bad in ("x" * 65, "a b", "<script>", ""):
        answer = ask(daemon.socket, "GET", "/v1/health/live", headers={"X-Request-Id": bad})
        made = answer.headers["x-request-id"]
        assert made != bad and len(made) == 16
    ids = {ask(daemon.socket, "GET", "/v1/health/live").headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"x=1", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"),
        (b"text", {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
        (b"{", {"Content-Type": "application/json"}, 400, "invalid_request"),
        (b"[1]", {"Content-Type": "application/json"}, 400, "invalid_request"),
        (b"no boundary", {"Content-Type": "multipart/form-data; boundary=x"}, 400, "invalid_request"),
        (b"\x1f\x8b", {"Content-Type": "image/jpeg", "Content-Encoding": "gzip"}, 415, "unsupported_media_type"),
        (b"GIF89a" + b"\0" * 50, {"Content-Type": "image/gif"}, 415, "image_format"),
        (b"not a picture at all, just text", {"Content-Type": "image/jpeg"}, 415, "image_format"),
        ({"image": "%%%"}, {}, 400, "image_base64"),
        ({"image": 5}, {}, 400, "invalid_parameter"),
    ],
)
def test_wrong_bodies(daemon: Running, body: object, headers: dict, status: int, code: str) -> None:
    answer = ask(daemon.socket, "POST", "/v1/detect", body, headers)
    assert (answer.status, answer.code) == (status, code)


def test_a_declared_body_over_the_limit_is_refused_before_it_is_sent(daemon: Running) -> None:
    with connected(daemon.socket) as sock:
        sock.sendall(b"POST /v1/detect HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n")
        answer = read_answer(sock)
    assert (answer.status, answer.code) == (413, "request_too_large")
    assert answer.json["error"]["details"]["limit"] == 2_000_000


def test_an_endless_chunked_body_is_cut_at_the_limit(daemon: Running) -> None:
    sent = 0
    with connected(daemon.socket) as sock:
        sock.sendall(b"POST /v1/detect HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b"\0" * 0x10000 + b"\r\n"
        try:
            while sent < 100_000_000:
                sock.sendall(chunk)
                sent += 0x10000
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = read_answer(sock)
    assert (answer.status, answer.code) == (413, "request_too_large")
    assert daemon.services.bodies.held_bytes == 0


def test_a_body_of_exactly_the_limit_is_read(daemon: Running) -> None:
    answer = ask(daemon.socket, "POST", "/v1/detect", b"\0" * 2_000_000, {"Content-Type": "image/jpeg"})
    assert answer.code == "image_format"
    answer = ask(daemon.socket, "POST", "/v1/detect", b"\0" * 2_000_001, {"Content-Type": "image/jpeg"})
    assert answer.code == "request_too_large"


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\x01\x02\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /v1/health/live HTTP/1.1\r\nbroken header\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"POST /v1/detect HTTP/1.1\r\nContent-Length: minus\r\n\r\n",
        b"POST /v1/detect HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/detect HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_is_no_http_gets_the_catalogues_answer_or_none(daemon: Running, garbage: bytes) -> None:
    received = raw(daemon, garbage)
    if received:
        head, _, body = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1."), received[:80]
        assert b" 400 " in head.split(b"\r\n")[0]
        assert b'"code": "invalid_request"' in body


def test_a_malformed_message_names_the_catalogue(daemon: Running) -> None:
    with connected(daemon.socket) as sock:
        sock.sendall(b"GET /v1/health/live HTTP/1.1\r\nbroken header\r\n\r\n")
        assert read_answer(sock).code == "invalid_request"


def test_garbage_behind_a_good_request_does_not_spoil_its_answer(daemon: Running) -> None:
    with connected(daemon.socket) as sock:
        sock.sendall(b"GET /v1/health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_answer(sock).json == {"live": True}
        sock.sendall(b"\x00garbage\r\n\r\n")
        assert read_answer(sock).code == "invalid_request"
        assert sock.recv(10) == b""


def test_pipelined_requests_are_answered_in_order(daemon: Running) -> None:
    message = b"GET /v1/health/live HTTP/1.1\r\nHost: x\r\nX-Request-Id: %d\r\n%s\r\n"
    ends = (b"", b"", b"Connection: close\r\n")
    received = raw(daemon, b"".join(message % (number, end) for number, end in enumerate(ends)))
    assert re.findall(rb"X-Request-Id: (\d)", received) == [b"0", b"1", b"2"]
    assert received.count(b'{"live":true}') == 3


def test_http_1_0(daemon: Running) -> None:
    received = raw(daemon, b"GET /v1/health/live HTTP/1.0\r\n\r\n")
    assert received.startswith(b"HTTP/1.0 200")
    assert received.endswith(b'{"live":true}')


def test_expectations_are_met_or_ignored(daemon: Running) -> None:
    for expectation in (b"100-continue", b"miracles"):
        with connected(daemon.socket) as sock:
            sock.sendall(
                b"POST /v1/detect HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: " + expectation + b"\r\n\r\n"
            )
            if expectation == b"100-continue":
                assert sock.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
            sock.sendall(b"abc")
            assert read_answer(sock).code == "image_format"


def test_a_client_that_hangs_up_in_the_middle_of_its_body(daemon: Running) -> None:
    for _ in range(20):
        with connected(daemon.socket) as sock:
            sock.sendall(b"POST /v1/detect HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + b"\xff\xd8" * 100)
    until(lambda: daemon.services.bodies.held_bytes == 0)


def test_a_body_that_stops_coming_is_given_up() -> None:
    with running(body_timeout_s=0.3) as slow, connected(slow.socket) as sock:
        sock.sendall(b"POST /v1/detect HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc")
        answer = read_answer(sock)
        assert (answer.status, answer.code) == (504, "deadline")
        # And who says nothing at all is hung up on.
        with connected(slow.socket) as silent:
            assert silent.recv(10) == b""
        with connected(slow.socket) as dripping:
            dripping.sendall(b"GET /v1/he")
            assert dripping.recv(10) == b""


def test_too_many_connections_are_told_so(daemon: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    connections = daemon.daemon._server._connections
    until(lambda: connections.open == 0)  # every connection of the tests before is forgotten
    monkeypatch.setattr(connections, "most", 2)
    kept = [connected(daemon.socket) for _ in range(2)]
    for sock in kept:
        sock.sendall(b"GET /v1/health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_answer(sock).status == 200
    with connected(daemon.socket) as sock:
        answer = read_answer(sock)
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "busy", "1")
    for sock in kept:
        sock.close()
    until(lambda: connections.open == 0)


def as_somebody_else(path: Path, groups: list[int]) -> list[str]:
    """The codes that uid 65534, in these groups, gets for a call of each role."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups(groups)
            os.setgid(65534)
            os.setuid(65534)
            for method, target in (("GET", "/v1/health/live"), ("POST", "/v1/detect"), ("GET", GROUPS)):
                error = ask(path, method, target).json.get("error", {})
                os.write(writer, error.get("code", "ok").encode() + b" ")
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader, "r") as answers:
        return answers.read().split()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize(
    ("server", "groups", "answers"),
    [
        ({}, "", ["forbidden", "forbidden", "forbidden"]),
        ({"other_peers": "observer"}, "", ["ok", "forbidden", "forbidden"]),
        ({"other_peers": "matcher"}, "", ["ok", "image_missing", "forbidden"]),
        ({"other_peers": "admin"}, "", ["ok", "image_missing", "ok"]),
        ({"matcher_groups": ("games",)}, "games", ["ok", "image_missing", "forbidden"]),
        ({"admin_groups": ("games",)}, "games", ["ok", "image_missing", "ok"]),
    ],
)
def test_roles_of_other_users(server: dict, groups: str, answers: list[str]) -> None:
    try:
        gids = [grp.getgrnam(groups).gr_gid] if groups else []
    except KeyError:
        pytest.skip("this machine has no group games")
    with running(socket_mode=0o666, **server) as other:
        other.socket.parent.chmod(0o755)
        assert as_somebody_else(other.socket, gids) == answers
