from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgeface.api.sockets import open_listener
from edgeface.config import ServerConfig
from edgeface.errors import EdgeFaceError, ErrorCode


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ef") as name:
        yield Path(name)


def config(folder: Path, **fields: object) -> ServerConfig:
    return ServerConfig.model_validate({"socket": folder / "run" / "s", "socket_group": None, **fields})


@pytest.mark.parametrize("mode", [0o660, 0o600, 0o666])
def test_the_socket_has_the_configured_mode_whatever_the_umask(folder: Path, mode: int) -> None:
    before = os.umask(0o077)
    try:
        listener = open_listener(config(folder, socket_mode=mode), {})
    finally:
        os.umask(before)
    try:
        assert stat.S_IMODE(listener.path.lstat().st_mode) == mode
    finally:
        listener.close()


def test_the_name_goes_with_the_daemon(folder: Path) -> None:
    listener = open_listener(config(folder), {})
    assert stat.S_ISSOCK(listener.path.lstat().st_mode)
    listener.close()
    assert not listener.path.exists()


def test_somebody_elses_name_is_left_alone(folder: Path) -> None:
    listener = open_listener(config(folder), {})
    listener.path.unlink()
    listener.path.write_text("not ours")
    listener.close()
    assert listener.path.read_text() == "not ours"


def test_a_stale_socket_is_replaced(folder: Path) -> None:
    path = config(folder).socket
    path.parent.mkdir()
    dead = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    dead.bind(str(path))
    dead.close()
    listener = open_listener(config(folder), {})
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.connect(str(path))
    listener.close()


def test_a_second_daemon_on_one_socket_is_refused_and_the_first_goes_on(folder: Path) -> None:
    first = open_listener(config(folder), {})
    with pytest.raises(EdgeFaceError) as caught:
        open_listener(config(folder), {})
    assert caught.value.code is ErrorCode.SOCKET_IN_USE
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.connect(str(first.path))
    first.close()


def test_a_foreign_program_that_answers_is_not_pushed_aside(folder: Path) -> None:
    path = config(folder).socket
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as foreign:
        foreign.bind(str(path))
        foreign.listen()
        with pytest.raises(EdgeFaceError) as caught:
            open_listener(config(folder), {})
        assert caught.value.code is ErrorCode.SOCKET_IN_USE
        assert path.exists()


def test_a_file_in_the_way_is_never_removed(folder: Path) -> None:
    path = config(folder).socket
    path.parent.mkdir()
    path.write_text("precious")
    with pytest.raises(EdgeFaceError) as caught:
        open_listener(config(folder), {})
    assert caught.value.code is ErrorCode.CONFIG_INVALID
    assert path.read_text() == "precious"


def test_a_path_that_is_too_long_is_a_configuration_error(folder: Path) -> None:
    with pytest.raises(EdgeFaceError) as caught:
        open_listener(config(folder, socket=folder / ("x" * 120)), {})
    assert caught.value.code is ErrorCode.CONFIG_INVALID
    assert "too long" in caught.value.message


def test_a_group_that_does_not_exist_is_skipped(folder: Path) -> None:
    listener = open_listener(config(folder, socket_group="no_such_group_here"), {})
    assert listener.path.lstat().st_gid == os.getegid()
    listener.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to another group")
def test_the_socket_belongs_to_the_configured_group(folder: Path) -> None:
    import grp

    entry = next(item for item in grp.getgrall() if item.gr_gid != os.getegid())
    listener = open_listener(config(folder, socket_group=entry.gr_name), {})
    assert listener.path.lstat().st_gid == entry.gr_gid
    listener.close()


_CHILD = """
import os, sys
from pathlib import Path
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="edgeface.socket")
from edgeface.api.sockets import open_listener
from edgeface.config import ServerConfig
listener = open_listener(ServerConfig(socket=Path("/nonexistent/never/used")))
assert "LISTEN_FDS" not in os.environ and not os.get_inheritable(3)
listener.socket.setblocking(True)
connection, _ = listener.socket.accept()
connection.sendall(str(listener.path).encode())
listener.close()
"""


def test_systemds_socket_is_taken_over_and_its_name_stays(folder: Path) -> None:
    path = folder / "handed"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as passed:
        passed.bind(str(path))
        passed.listen()
        child = subprocess.Popen([sys.executable, "-c", _CHILD, str(passed.fileno())], pass_fds=[passed.fileno()])
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(30)
            client.connect(str(path))
            assert client.recv(200).decode() == str(path)
        assert child.wait(30) == 0
    assert path.exists()


def test_descriptors_meant_for_another_process_are_ignored(folder: Path) -> None:
    environ = {"LISTEN_PID": "1", "LISTEN_FDS": "1"}
    listener = open_listener(config(folder), environ)
    assert listener.path == config(folder).socket
    listener.close()
