"""To this dialect the group of the register does not exist."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from edgeface.register import IdRegister
from tests.api.running import Running
from tests.dialects.baidu_v2.baidu_v2_wire import call, error, fill, group

NUMBER = "110101199001011237"


@pytest.fixture(scope="module")
def hidden(daemon: Running, hopper: bytes) -> Iterator[tuple[str, str]]:
    """The register's group, and the id of somebody in it."""
    register = IdRegister(daemon.engine)
    register.add(hopper, NUMBER, "李四")
    name = daemon.config.id_register.group
    users = daemon.engine.gallery.users(name, 0, 100).items
    yield name, users[-1].user_id
    register.remove(NUMBER)


def test_it_is_not_listed(daemon: Running, hidden: tuple[str, str]) -> None:
    before, after = group(), group()
    fill(daemon, before, 1)
    fill(daemon, after, 1)
    every = call(daemon, "v2/faceset/group/getlist", num=1000)["result"]
    assert hidden[0] not in every and {before, after} <= set(every)
    # Pages do not count it either.
    position = every.index(after)
    assert call(daemon, "v2/faceset/group/getlist", start=position, num=1)["result"] == [after]
    assert error(daemon, "v2/faceset/group/getusers", group_id=hidden[0]) == 216618


def test_it_is_not_searched(daemon: Running, hidden: tuple[str, str], hopper: bytes) -> None:
    name, uid = hidden
    other = group()
    fill(daemon, other, 1)
    for groups in (name, f"{other},{name}"):
        assert error(daemon, "v2/identify", group_id=groups, image=hopper) == 216618
        assert error(daemon, "v2/multi-identify", group_id=groups, image=hopper) == 216618
        assert error(daemon, "v2/verify", group_id=groups, uid=uid, image=hopper) == 216618


def test_nobody_is_seen_in_it(daemon: Running, hidden: tuple[str, str]) -> None:
    name, uid = hidden
    assert error(daemon, "v2/faceset/user/get", uid=uid) == 216611
    assert error(daemon, "v2/faceset/user/get", uid=uid, group_id=name) == 216618


def test_it_is_not_changed(daemon: Running, hidden: tuple[str, str], hopper: bytes, eileen: bytes) -> None:
    name, uid = hidden
    user = {"uid": uid, "user_info": "mine", "image": eileen}
    other = group()
    fill(daemon, other, 1)
    assert error(daemon, "v2/faceset/user/add", group_id=name, **user) == 216618
    assert error(daemon, "v2/faceset/user/add", group_id=f"{other},{name}", **user) == 216618
    assert error(daemon, "v2/faceset/user/update", group_id=name, **user) == 216618
    assert error(daemon, "v2/faceset/user/update", group_id=name, action_type="replace", **user) == 216618
    assert error(daemon, "v2/faceset/user/update", **user) == 216612
    assert error(daemon, "v2/faceset/user/delete", uid=uid) == 216612
    assert error(daemon, "v2/faceset/user/delete", uid=uid, group_id=name) == 216618
    assert error(daemon, "v2/faceset/group/adduser", src_group_id=name, group_id=other, uid=uid) == 216618
    assert error(daemon, "v2/faceset/group/adduser", src_group_id=other, group_id=name, uid="user0") == 216618
    assert error(daemon, "v2/faceset/group/deleteuser", group_id=name, uid=uid) == 216618
    assert IdRegister(daemon.engine).verify(hopper, NUMBER, "李四").same_person


def test_membership_in_it_does_not_count(daemon: Running, hidden: tuple[str, str], hopper: bytes) -> None:
    """A user who happens to have the id of an entry is in one group, not in two."""
    _, uid = hidden
    own = group()
    call(daemon, "v2/faceset/user/add", uid=uid, user_info="", group_id=own, image=hopper)
    assert call(daemon, "v2/faceset/user/get", uid=uid)["result"][0]["groups"] == [own]
    assert error(daemon, "v2/faceset/group/deleteuser", group_id=own, uid=uid) == 216619
    call(daemon, "v2/faceset/user/delete", uid=uid)
    assert IdRegister(daemon.engine).verify(hopper, NUMBER, "李四").same_person
