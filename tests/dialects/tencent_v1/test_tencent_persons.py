"""Persons and their groups, over the wire."""

from __future__ import annotations

from typing import Any

import pytest
from tencent_calls import Tencent, limits, made, template

from edgeface.api.dialects.tencent_v1 import ids
from edgeface.config import Config
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.people import People
from tests import pictures
from tests.api.running import Running

# --- newperson


def test_newperson_answers_what_was_made(tencent: Tencent, astronaut: bytes) -> None:
    data = tencent.person(
        "np-1", ["np-a", "np b".replace(" ", "_"), "np-a"], astronaut, person_name="张三", tag="VIP"
    )
    assert set(data) == {"session_id", "person_id", "suc_group", "suc_face", "face_id", "group_ids"}
    assert data["person_id"] == "np-1"
    assert type(data["suc_group"]) is int and data["suc_group"] == 2
    assert type(data["suc_face"]) is int and data["suc_face"] == 1
    assert data["group_ids"] == ["np-a", "np_b"]  # each once
    assert type(data["face_id"]) is str
    info = tencent.ok("getinfo", person_id="np-1")
    assert (info["person_name"], info["tag"]) == ("张三", "VIP")
    assert info["face_ids"] == [data["face_id"]] and info["group_ids"] == ["np-a", "np_b"]


def test_newperson_makes_groups_at_their_first_use(tencent: Tencent, daemon: Running, astronaut: bytes) -> None:
    daemon.engine.gallery.add_group("ng_old")
    tencent.person("ng1", ["ng_old", "ng_new"], astronaut)
    assert {"ng_old", "ng_new"} <= set(tencent.ok("getgroupids")["group_ids"])
    assert tencent.ok("getpersonids", group_id="ng_new")["person_ids"] == ["ng1"]


def test_newperson_takes_any_picture_with_a_face(tencent: Tencent, daemon: Running) -> None:
    """No quality gate: the document has none. The engine's own level for enrolment would refuse this picture."""
    dark = pictures.encoded(pictures.darkened(pictures.astronaut(), 0.12), ".jpg")
    with pytest.raises(EdgeFaceError) as raised:
        daemon.engine.enrol(dark, "ngate", "x")
    assert raised.value.code is ErrorCode.QUALITY
    tencent.person("ngate1", ["ngate"], dark)


def test_newperson_of_a_known_person(tencent: Tencent, daemon: Running, astronaut: bytes) -> None:
    made(daemon, "nk1", "nk_a")
    for group in ("nk_a", "nk_b"):
        body = tencent.form("newperson", {"group_ids[0]": group}, person_id="nk1", image=astronaut)
        assert body["code"] == -1302
    assert tencent.code("getpersonids", group_id="nk_b") == -1306  # nothing was made


@pytest.mark.parametrize("missing", ["appid", "person_id", "group_ids[0]", "image"])
def test_newperson_needs_its_parameters(tencent: Tencent, astronaut: bytes, missing: str) -> None:
    parts = {"appid": "1", "person_id": "nm1", "group_ids[0]": "nm", "image": astronaut}
    del parts[missing]
    sent = {"appid": "", **parts} if missing == "appid" else parts
    assert tencent.form("newperson", sent)["code"] == (-1300 if missing == "image" else -1301)
    assert tencent.code("getinfo", person_id="nm1") == -1303


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"person_id": "a b"}, -1313),
        ({"person_id": "a/b"}, -1313),
        ({"person_id": "a" * 129}, -1304),
        ({"group_ids[0]": "a\tb"}, -1313),
        ({"group_ids[0]": "ok", "group_ids[1]": "-" * 60}, -1304),
        ({"person_name": "x" * 300}, -1304),
        ({"tag": "张" * 100}, -1304),
    ],
)
def test_newperson_refuses_what_cannot_be(
    tencent: Tencent, astronaut: bytes, parts: dict[str, str], code: int
) -> None:
    sent = {"person_id": "nr1", "group_ids[0]": "nr", "image": astronaut, **parts}
    assert tencent.form("newperson", sent)["code"] == code
    assert tencent.code("getinfo", person_id="nr1") == -1303


def test_newperson_keeps_the_longest_name_and_tag(tencent: Tencent, astronaut: bytes) -> None:
    room = 256 - len('{"person_name":"","tag":""}')
    name, tag = "n" * 100, "t" * (room - 100)
    tencent.person("nl1", ["nl"], astronaut, person_name=name, tag=tag)
    info = tencent.ok("getinfo", person_id="nl1")
    assert (info["person_name"], info["tag"]) == (name, tag)
    assert tencent.code("setinfo", person_id="nl1", tag=tag + "t") == -1304


def test_newperson_without_a_face(tencent: Tencent, no_face: bytes) -> None:
    body = tencent.form("newperson", {"group_ids[0]": "nf"}, person_id="nf1", image=no_face)
    assert body["code"] == -1101
    assert tencent.code("getpersonids", group_id="nf") == -1306


def test_ids_of_any_script(tencent: Tencent, astronaut: bytes) -> None:
    tencent.person("员工-7@hq", ["部门.一"], astronaut)
    assert tencent.ok("getpersonids", group_id="部门.一")["person_ids"] == ["员工-7@hq"]
    assert tencent.form("identify", group_id="部门.一", image=astronaut)["data"]["candidates"][0]["person_id"] == (
        "员工-7@hq"
    )
    # The gallery's own form of an id is another id to this API.
    assert tencent.code("getinfo", person_id=ids.to_gallery("员工-7@hq")) == -1303


# --- limits


def test_the_limits_of_the_document() -> None:
    documented = Config().gallery.limits
    assert (documented.max_groups, documented.max_users_per_group, documented.max_faces_per_user) == (5000, 20000, 20)


def test_groups_up_to_the_limit(
    tencent: Tencent, daemon: Running, monkeypatch: pytest.MonkeyPatch, astronaut: bytes
) -> None:
    count = daemon.engine.gallery.groups(0, 1).total
    with limits(daemon.engine, monkeypatch, max_groups=count + 2):
        tencent.person("lg1", ["lg_a", "lg_b"], astronaut)
        body = tencent.form("newperson", {"group_ids[0]": "lg_c"}, person_id="lg2", image=astronaut)
        assert body["code"] == -1311
    assert tencent.code("getinfo", person_id="lg2") == -1303


def test_persons_up_to_the_limit(
    tencent: Tencent, daemon: Running, monkeypatch: pytest.MonkeyPatch, astronaut: bytes
) -> None:
    with limits(daemon.engine, monkeypatch, max_users_per_group=2):
        made(daemon, "lp1", "lp")
        tencent.person("lp2", ["lp"], astronaut)
        body = tencent.form(
            "newperson", {"group_ids[0]": "lp2", "group_ids[1]": "lp"}, person_id="lp3", image=astronaut
        )
        assert body["code"] == -1310
    assert tencent.ok("getpersonids", group_id="lp")["person_ids"] == ["lp1", "lp2"]
    assert tencent.code("getpersonids", group_id="lp2") == -1306  # all groups or none


# --- delperson


def test_delperson(tencent: Tencent, daemon: Running) -> None:
    made(daemon, "dp1", "dp_a", "dp_b")
    data = tencent.ok("delperson", person_id="dp1")
    assert data.pop("session_id") and data == {"deleted": 1, "person_id": "dp1"}
    assert tencent.code("delperson", person_id="dp1") == -1303
    assert tencent.ok("getpersonids", group_id="dp_a")["person_ids"] == []  # the groups stay
    assert tencent.code("delperson") == -1301


# --- setinfo, getinfo


def test_setinfo_changes_what_is_given(tencent: Tencent, daemon: Running) -> None:
    made(daemon, "si1", "si_a", "si_b")
    data = tencent.ok("setinfo", person_id="si1", person_name="Ada Lovelace", tag="first")
    assert data.pop("session_id") and data == {"person_id": "si1"}
    tencent.ok("setinfo", person_id="si1", tag="second")
    tencent.ok("setinfo", person_id="si1", person_name="Ada")
    info = tencent.ok("getinfo", person_id="si1")
    assert (info["person_name"], info["tag"]) == ("Ada", "second")
    texts = {user.user_info for user in daemon.engine.gallery.user(None, "si1")}
    assert texts == {'{"person_name":"Ada","tag":"second"}'}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, -1301),
        ({"person_name": ""}, -1301),
        ({"person_name": ["x"]}, 21),
        ({"person_name": "x" * 257}, -1304),
        ({"person_id": "nobody", "tag": "x"}, -1303),
        ({"person_id": None, "tag": "x"}, -1301),
    ],
)
def test_setinfo_refuses(tencent: Tencent, daemon: Running, fields: dict[str, Any], code: int) -> None:
    if not daemon.engine.gallery.has_group("sr"):
        made(daemon, "sr1", "sr")
    assert tencent.code("setinfo", **{"person_id": "sr1", **fields}) == code


def test_getinfo(tencent: Tencent, daemon: Running) -> None:
    tokens = made(daemon, "gi1", "gi_a", "gi-b", faces=2)
    data = tencent.ok("getinfo", person_id="gi1")
    del data["session_id"]
    assert data == {
        "person_id": "gi1",
        "person_name": "",
        "tag": "",
        "group_ids": ["gi_a", "gi-b"],
        "face_ids": tokens,
    }
    assert tencent.code("getinfo") == -1301
    assert tencent.code("getinfo", person_id="nobody") == -1303


def test_a_user_of_another_api_is_a_person(tencent: Tencent, daemon: Running) -> None:
    daemon.engine.enrol_template(template(daemon.engine, 3), "go", "go1", face_token="gof", user_info="Grace")
    info = tencent.ok("getinfo", person_id="go1")
    assert (info["person_name"], info["group_ids"], info["face_ids"]) == ("Grace", ["go"], ["gof"])
    tencent.ok("setinfo", person_id="go1", tag="admiral")
    assert tencent.ok("getinfo", person_id="go1")["person_name"] == "Grace"


# --- lists


def test_the_group_list_does_not_exist_before_the_first_group(
    tencent: Tencent, daemon: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(People, "groups", lambda self: ())
        assert tencent.code("getgroupids") == -1307
    made(daemon, "gl1", "gl-a", "gl_b")
    data = tencent.ok("getgroupids")
    assert set(data) == {"session_id", "group_ids"}
    assert {"gl-a", "gl_b"} <= set(data["group_ids"])


def test_lists_longer_than_a_page(tencent: Tencent, daemon: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(5):
        made(daemon, f"ll{index}", "ll", f"ll_{index}")
    config = daemon.engine.config
    short = config.gallery.limits.model_copy(update={"max_page": 2})
    with monkeypatch.context() as patched:
        patched.setattr(
            daemon.engine,
            "config",
            config.model_copy(update={"gallery": config.gallery.model_copy(update={"limits": short})}),
        )
        assert tencent.ok("getpersonids", group_id="ll")["person_ids"] == [f"ll{index}" for index in range(5)]
        groups = tencent.ok("getgroupids")["group_ids"]
    assert groups == tencent.ok("getgroupids")["group_ids"]
    assert len(set(groups)) == len(groups) and {f"ll_{index}" for index in range(5)} <= set(groups)


def test_getpersonids(tencent: Tencent, daemon: Running) -> None:
    made(daemon, "gp-1", "gp")
    made(daemon, "gp2", "gp")
    data = tencent.ok("getpersonids", group_id="gp")
    assert data.pop("session_id") and data == {"person_ids": ["gp-1", "gp2"]}
    assert tencent.code("getpersonids") == -1301
    assert tencent.code("getpersonids", group_id="gp_unknown") == -1306
    assert tencent.code("getpersonids", group_id="a b") == -1313


def test_getfaceids(tencent: Tencent, daemon: Running) -> None:
    tokens = made(daemon, "gf1", "gf_a", "gf_b", faces=3)
    data = tencent.ok("getfaceids", person_id="gf1")
    assert data.pop("session_id") and data == {"face_ids": tokens}
    assert tencent.code("getfaceids") == -1301
    assert tencent.code("getfaceids", person_id="nobody") == -1303


# --- the register of ID photographs


def test_the_register_is_no_group(tencent: Tencent, daemon: Running, astronaut: bytes) -> None:
    engine = daemon.engine
    group = engine.config.id_register.group
    engine.enrol_template(template(engine, 9), group, "rg1", face_token="rgface", user_info="secret")
    assert group not in tencent.ok("getgroupids")["group_ids"]
    assert tencent.code("getpersonids", group_id=group) == -1306
    assert tencent.form("identify", group_id=group, image=astronaut)["code"] == -1306
    assert tencent.form("newperson", {"group_ids[0]": group}, person_id="rg2", image=astronaut)["code"] == -1306
    assert tencent.code("getfaceinfo", face_id="rgface") == -1305
    for call in ("getinfo", "getfaceids", "delperson"):
        assert tencent.code(call, person_id="rg1") == -1303
    assert tencent.code("setinfo", person_id="rg1", tag="x") == -1303
    assert tencent.form("verify", person_id="rg1", image=astronaut)["code"] == -1303
    assert tencent.form("addface", {"images[0]": astronaut}, person_id="rg1")["code"] == -1303
    engine.delete_group(group)
