"""Who is on the other end of a Unix socket, and what they may do.

The kernel's answers are used, nothing that the peer says: ``SO_PEERCRED`` (uid and gid at connect time),
``SO_PEERGROUPS`` (the process's supplementary groups then, which is how a service with systemd's
``SupplementaryGroups=`` is known) and the group database (so that a user added to a group needs no new login).
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import socket
import struct
from asyncio.trsock import TransportSocket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from edgeface.config import ServerConfig
from edgeface.types import Role

_UCRED = struct.Struct("3i")  # unix(7): struct ucred { pid_t pid; uid_t uid; gid_t gid; }
SO_PEERGROUPS = 59  # asm-generic/socket.h; Python has no name for it
_MOST_GROUPS = 256  # the socket module reads options of at most 1024 bytes

PeerSocket: TypeAlias = "socket.socket | TransportSocket"


@dataclass(frozen=True, slots=True)
class Peer:
    """A connected process. ``role`` is ``None`` where it may do nothing."""

    pid: int
    uid: int
    gid: int
    role: Role | None


class PeerRoles:
    """Maps peers to roles by the configuration's groups, resolved once."""

    def __init__(self, config: ServerConfig, *, own_uid: int | None = None) -> None:
        self._own_uid = os.geteuid() if own_uid is None else own_uid
        self._admins = _group_ids(config.admin_groups)
        self._matchers = _group_ids(config.matcher_groups)
        self._others = None if config.other_peers == "none" else Role(config.other_peers)

    def peer(self, connected: PeerSocket) -> Peer | None:
        """The peer of a connected Unix socket; ``None`` where the kernel does not tell (a TCP socket: there
        :mod:`edgeface.api.auth` does)."""
        if connected.family != socket.AF_UNIX:
            return None
        try:
            pid, uid, gid = _UCRED.unpack(connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
        except OSError:
            return None
        # Root and our own user need no look-up in a group database that may be slow.
        groups = frozenset() if uid in (0, self._own_uid) else groups_of(connected, uid, gid)
        return Peer(pid, uid, gid, self.role(uid, groups))

    def role(self, uid: int, groups: frozenset[int]) -> Role | None:
        """The highest role that the user or one of the groups has."""
        if uid in (0, self._own_uid) or groups & self._admins:
            return Role.ADMIN
        if groups & self._matchers:
            # A configuration that gives every other peer more than the matchers means it.
            return Role.ADMIN if self._others is Role.ADMIN else Role.MATCHER
        return self._others


def groups_of(connected: PeerSocket, uid: int, gid: int) -> frozenset[int]:
    """Every group the peer is in: its process's, and those the group database gives its user."""
    found = {gid}
    with contextlib.suppress(OSError):
        raw = connected.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, _MOST_GROUPS * 4)
        found.update(struct.unpack(f"{len(raw) // 4}I", raw))
    with contextlib.suppress(KeyError, OSError):
        entry = pwd.getpwuid(uid)
        found.update(os.getgrouplist(entry.pw_name, entry.pw_gid))
    return frozenset(found)


def _group_ids(names: Iterable[str]) -> frozenset[int]:
    found = set()
    for name in names:
        with contextlib.suppress(KeyError):  # a group that this machine does not have has no members
            found.add(grp.getgrnam(name).gr_gid)
    return frozenset(found)
