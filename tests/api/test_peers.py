from __future__ import annotations

import grp
import os
import socket

import pytest

from edgeface.api.peers import PeerRoles, groups_of
from edgeface.config import ServerConfig
from edgeface.types import Role

GROUP = grp.getgrgid(os.getegid())
OTHER_UID = 54321


def roles(**fields: object) -> PeerRoles:
    config = {"admin_groups": (), "matcher_groups": (), **fields}
    return PeerRoles(ServerConfig.model_validate(config), own_uid=1000)


@pytest.mark.parametrize(
    ("fields", "uid", "groups", "role"),
    [
        ({}, 0, frozenset(), Role.ADMIN),
        ({}, 1000, frozenset(), Role.ADMIN),
        ({}, OTHER_UID, frozenset({GROUP.gr_gid}), None),
        ({"matcher_groups": (GROUP.gr_name,)}, OTHER_UID, frozenset({GROUP.gr_gid}), Role.MATCHER),
        ({"matcher_groups": (GROUP.gr_name,)}, OTHER_UID, frozenset({GROUP.gr_gid + 1}), None),
        ({"admin_groups": (GROUP.gr_name,)}, OTHER_UID, frozenset({GROUP.gr_gid, 99}), Role.ADMIN),
        (
            {"admin_groups": (GROUP.gr_name,), "matcher_groups": (GROUP.gr_name,)},
            OTHER_UID,
            frozenset({GROUP.gr_gid}),
            Role.ADMIN,
        ),
        ({"other_peers": "observer"}, OTHER_UID, frozenset(), Role.OBSERVER),
        (
            {"other_peers": "admin", "matcher_groups": (GROUP.gr_name,)},
            OTHER_UID,
            frozenset({GROUP.gr_gid}),
            Role.ADMIN,
        ),
        ({"admin_groups": ("no_such_group_here",)}, OTHER_UID, frozenset({0}), None),
    ],
)
def test_the_highest_role_counts(fields: dict, uid: int, groups: frozenset[int], role: Role | None) -> None:
    assert roles(**fields).role(uid, groups) is role


def test_the_kernel_names_the_peer() -> None:
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with left, right:
        peer = roles().peer(left)
        assert peer is not None
        assert (peer.pid, peer.uid, peer.gid) == (os.getpid(), os.geteuid(), os.getegid())
        found = groups_of(left, peer.uid, peer.gid)
    assert {os.getegid(), *os.getgroups()} <= found


def test_a_tcp_connection_has_no_peer() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        assert roles().peer(sock) is None
