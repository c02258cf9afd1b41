"""The TCP listener: off unless asked for, never open by accident, and closed when the daemon stops."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from edgeface.api.tcp import check_exposure, open_tcp
from edgeface.config import Config, TcpConfig, load_config
from edgeface.errors import EdgeFaceError, ErrorCode
from tests.api.over_tcp import (
    RunningOverTcp,
    folder_of_its_own,
    plain,
    running_over_tcp,
    tcp_config,
)


def config_of(tmp_path: Path, **tcp: object) -> Config:
    return Config(state_dir=tmp_path / "state", tcp=TcpConfig.model_validate({"enabled": True, "port": 0, **tcp}))


# --- whether it listens at all


def test_it_is_off_and_on_loopback_unless_configured() -> None:
    tcp = Config().tcp
    assert (tcp.enabled, tcp.host, tcp.tls, tcp.anonymous) == (False, "127.0.0.1", True, "none")


@pytest.mark.parametrize(
    ("tcp", "address", "has_keys", "good"),
    [
        ({}, "127.0.0.1", True, True),
        ({}, "192.0.2.1", True, True),
        ({}, "127.0.0.1", False, False),
        ({"anonymous": "observer"}, "127.0.0.1", False, True),
        ({"tls": False}, "127.0.0.1", True, True),
        ({"tls": False}, "127.9.9.9", True, True),
        ({"tls": False}, "::1", True, True),
        ({"tls": False}, "::ffff:127.0.0.1", True, True),
        ({"tls": False}, "0.0.0.0", True, False),
        ({"tls": False}, "::", True, False),
        ({"tls": False}, "192.0.2.1", True, False),
        ({"tls": False, "anonymous": "admin"}, "192.0.2.1", True, False),
        ({"tls": False}, "::ffff:192.0.2.1", True, False),
        ({"tls": False}, "fe80::1%eth0", True, False),
    ],
)
def test_it_is_never_open_by_accident(tcp: dict, address: str, has_keys: bool, good: bool) -> None:
    config = TcpConfig.model_validate(tcp)
    if good:
        check_exposure(config, address, has_keys=has_keys)
    else:
        with pytest.raises(EdgeFaceError) as caught:
            check_exposure(config, address, has_keys=has_keys)
        assert caught.value.code is ErrorCode.CONFIG_INVALID


@pytest.mark.parametrize(
    "tcp",
    [
        {"host": "0.0.0.0", "tls": False},
        {"host": "203.0.113.7"},  # not this machine's
        {"certificate": "/nonexistent.crt", "private_key": "/nonexistent.key"},
        {"certificate": __file__, "private_key": __file__},
    ],
)
def test_a_listener_that_cannot_be_had_leaves_nothing_open(tmp_path: Path, tcp: dict) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(EdgeFaceError) as caught:
        open_tcp(config_of(tmp_path, **tcp), has_keys=True)
    assert caught.value.code is ErrorCode.CONFIG_INVALID
    assert "tcp" in caught.value.detail
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EdgeFaceError, match=f"port {port}: Address already in use"):
            open_tcp(config_of(tmp_path, port=port), has_keys=True)


@pytest.mark.parametrize(
    ("table", "field"),
    [
        ('host = "device.example"', "tcp.host"),
        ('host = ""', "tcp.host"),
        ('certificate = "/a"', "tcp: "),
        ('private_key = "/a"', "tcp: "),
        ("port = 65536", "tcp.port"),
        ("clock_skew_s = -1", "tcp.clock_skew_s"),
        ('anonymous = "everybody"', "tcp.anonymous"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, table: str, field: str) -> None:
    file = tmp_path / "edgeface.toml"
    file.write_text(f"[tcp]\n{table}\n")
    with pytest.raises(EdgeFaceError) as caught:
        load_config(file, {})
    assert field in caught.value.detail


def test_a_daemon_whose_keys_are_missing_does_not_start() -> None:
    with folder_of_its_own() as folder, pytest.raises(EdgeFaceError, match="nobody could call"):
        RunningOverTcp(tcp_config(folder, keys=()))


def test_stopping_closes_the_port() -> None:
    with running_over_tcp() as daemon:
        port = daemon.port
        idle = plain(daemon)
        daemon.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
        idle.close()


_CHILD = """
import os, sys
from pathlib import Path
for place, number in enumerate(sys.argv[1:3]):
    os.dup2(int(number), 10 + place)
for place in range(2):
    os.dup2(10 + place, 3 + place)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES="edgeface.socket:edgeface-tcp.socket")
from edgeface.api.sockets import open_listener
from edgeface.api.tcp import open_tcp
from edgeface.config import Config, ServerConfig, TcpConfig
local = open_listener(ServerConfig(socket=Path("/nonexistent/never/used")))
config = Config(state_dir=Path(sys.argv[3]), tcp=TcpConfig(enabled=True, port=1, tls=False))
listener = open_tcp(config, has_keys=True, passed=local.tcp)
listener.socket.setblocking(True)
connection, _ = listener.socket.accept()
connection.sendall(f"{local.path} {listener.address[1]}".encode())
"""


def test_systemd_may_pass_the_tcp_socket_too(tmp_path: Path, short: Path) -> None:
    with socket.socket(socket.AF_UNIX) as local, socket.create_server(("127.0.0.1", 0)) as passed:
        local.bind(str(short / "s"))
        local.listen()
        numbers = [str(local.fileno()), str(passed.fileno())]
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, *numbers, str(tmp_path)], pass_fds=[int(number) for number in numbers]
        )
        with socket.create_connection(passed.getsockname(), timeout=30) as client:
            assert client.recv(200).decode() == f"{short / 's'} {passed.getsockname()[1]}"
        assert child.wait(30) == 0
