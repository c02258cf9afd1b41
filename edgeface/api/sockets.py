"""The daemon's Unix socket: handed over by systemd, or bound by us with the right mode and owner.

Order on purpose: the mode is on the inode before ``bind``, the group before ``listen``, so there is no instant
at which somebody else could connect.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import grp
import logging
import os
import socket
import stat
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from edgeface.config import ServerConfig
from edgeface.errors import EdgeFaceError, ErrorCode

FIRST_PASSED_FD = 3  # sd_listen_fds(3): SD_LISTEN_FDS_START
BACKLOG = 128
CONNECT_TIMEOUT_S = 1.0

PassedSocket: TypeAlias = socket.socket
"""For the dataclass below, where ``socket`` is a field."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket. ``path`` is what clients connect to; ``lock`` is held while the daemon lives."""

    socket: socket.socket
    path: Path
    inode: int | None = None
    lock: int | None = None
    tcp: PassedSocket | None = None
    """A TCP socket that systemd passed beside it."""

    def close(self) -> None:
        """Close it, and remove its name if it is still ours (systemd's name is systemd's)."""
        self.socket.close()
        if self.inode is not None:
            with contextlib.suppress(OSError):
                if self.path.lstat().st_ino == self.inode:
                    self.path.unlink()
        if self.lock is not None:
            os.close(self.lock)


def open_listener(config: ServerConfig, environ: MutableMapping[str, str] = os.environ) -> Listener:
    """Systemd's socket when it passed one, else one bound at ``config.socket``.

    Raises ``SOCKET_IN_USE`` when another daemon answers there, ``CONFIG_INVALID`` when it cannot be bound.
    """
    return _passed_by_systemd(environ) or _bound(config)


def _passed_by_systemd(environ: MutableMapping[str, str]) -> Listener | None:
    pid, count = environ.get("LISTEN_PID", ""), environ.get("LISTEN_FDS", "")
    if pid != str(os.getpid()) or not count.isdigit():
        return None
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        environ.pop(name, None)  # not for the processes that we start
    found: dict[bool, socket.socket] = {}
    for number in range(FIRST_PASSED_FD, FIRST_PASSED_FD + int(count)):
        os.set_inheritable(number, False)
        passed = socket.socket(fileno=number)
        tcp = passed.family in (socket.AF_INET, socket.AF_INET6)
        if (tcp or passed.family == socket.AF_UNIX) and passed.type == socket.SOCK_STREAM and tcp not in found:
            found[tcp] = passed
        else:
            passed.detach()  # not ours to close
    local = found.get(False)
    if local is None:
        raise EdgeFaceError(ErrorCode.CONFIG_INVALID, "systemd passed sockets, but no Unix stream socket.")
    local.setblocking(False)
    return Listener(local, Path(os.fsdecode(local.getsockname())), tcp=found.get(True))


def _bound(config: ServerConfig) -> Listener:
    path = config.socket
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Held for the daemon's life: two daemons that start together cannot both find the socket stale.
        lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(path, error) from error
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _take_lock(lock, path)
        _remove_stale(path)
        os.fchmod(sock.fileno(), config.socket_mode)  # Linux: bind() makes the inode with this mode & ~umask
        sock.bind(str(path))
        _set_group(path, config.socket_group)
        path.chmod(config.socket_mode)
        sock.listen(BACKLOG)
        sock.setblocking(False)
        return Listener(sock, path, inode=path.lstat().st_ino, lock=lock)
    except BaseException as error:
        sock.close()
        os.close(lock)
        if isinstance(error, OSError):
            raise _unusable(path, error) from error
        raise


def _take_lock(lock: int, path: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise EdgeFaceError(ErrorCode.SOCKET_IN_USE, f"{path}") from error


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise EdgeFaceError(ErrorCode.CONFIG_INVALID, f"{path} exists and is not a socket.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(CONNECT_TIMEOUT_S)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except FileNotFoundError:
            return
        except OSError as error:
            # No answer in time is somebody busy, not nobody.
            if error.errno not in (errno.EAGAIN, errno.ETIMEDOUT) and not isinstance(error, TimeoutError):
                raise
    raise EdgeFaceError(ErrorCode.SOCKET_IN_USE, f"{path}")


def _set_group(path: Path, group: str | None) -> None:
    if group is None:
        return
    try:
        gid = grp.getgrnam(group).gr_gid
    except KeyError:
        return  # documented: "where it exists"
    try:
        os.chown(path, -1, gid)
    except PermissionError:
        log.warning("socket keeps our group", extra={"fields": {"group": group, "reason": "not permitted"}})


def _unusable(path: Path, error: OSError) -> EdgeFaceError:
    return EdgeFaceError(ErrorCode.CONFIG_INVALID, f"server.socket {path}: {error.strerror or error}.")
