"""Table 2.12: every number that a face call can give, provoked; every entry of the catalogue, mapped."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import cv2
import pytest
from cloudwalk_calls import FORM, CloudWalk, body_of

from edgeface.api.daemon import Daemon
from edgeface.api.dialects.cloudwalk.dialect import CloudWalkDialect, calls
from edgeface.api.dialects.cloudwalk.errors import TEXTS, number_and_text, own, renumbered
from edgeface.api.dialects.table import vendor_dialects
from edgeface.api.workers import Priority
from edgeface.errors import EdgeFaceError, ErrorCode
from tests import pictures
from tests.api.over_tcp import HandClock, RunningOverTcp, folder_of_its_own, tcp_config
from tests.api.running import Running, make_config
from tests.api.wire import Answer, ask
from tests.packs import copied_pack, without_role


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_entry_of_the_catalogue_has_a_number(code: ErrorCode) -> None:
    error = EdgeFaceError(code, "A detail.")
    number, text = number_and_text(error)
    assert text.startswith(TEXTS[number])
    response = CloudWalkDialect().failure(error, "id")
    assert response.status == 200


def test_only_what_is_our_own_fault_is_an_unknown_error() -> None:
    unknown = {code for code in ErrorCode if number_and_text(EdgeFaceError(code))[0] == 4112}
    assert unknown == {ErrorCode.INTERNAL, ErrorCode.CONFIG_INVALID, ErrorCode.SOCKET_IN_USE}


# --- the operation


def test_operations_that_do_not_exist(cloudwalk: CloudWalk) -> None:
    for path in ("tool/liveness", "clustering/group/edit", "recog/group", "tool/"):
        assert body_of(ask(cloudwalk.socket, "POST", f"/face/{path}"))["result"] == 4100
    assert body_of(ask(cloudwalk.socket, "PUT", "/face/tool/detect"))["result"] == 4100


def test_busy(cloudwalk: CloudWalk, daemon: Running, monkeypatch: pytest.MonkeyPatch, astronaut: bytes) -> None:
    monkeypatch.setattr(daemon.services, "_engine", None)
    answer = cloudwalk.answer("tool/detect", img=astronaut)
    assert body_of(answer) == {"result": 4098, "info": "系统忙"}
    assert answer.headers["retry-after"]


def test_no_answer_in_time(cloudwalk: CloudWalk, daemon: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(daemon.services.calls, "_deadline_s", 0.2)
    monkeypatch.setattr(daemon.engine.gallery, "groups", lambda start, length: release.wait(10))
    try:
        body = cloudwalk("clustering/group/query", type="queryByPage", pageNumber=1, pageSize=1)
    finally:
        release.set()
    assert body == {"result": 4115, "info": "应用没有回复"}


def test_a_fault_of_our_own(
    cloudwalk: CloudWalk, daemon: Running, monkeypatch: pytest.MonkeyPatch, astronaut: bytes
) -> None:
    monkeypatch.setattr(daemon.engine.analyzer, "analyze", lambda *a, **k: 1 / 0)
    assert cloudwalk("tool/detect", img=astronaut) == {"result": 4112, "info": "系统异常"}


# --- quality of a face to be enrolled


def enrolled(cloudwalk: CloudWalk, group_id: str, image: Any) -> int:
    given = {"groupId": group_id, "img": pictures.encoded(image, ".png")}
    return cloudwalk("clustering/face/create", **given)["result"]


@pytest.fixture(scope="module")
def gate(cloudwalk: CloudWalk) -> str:
    return cloudwalk.group("cwGate")


def test_a_face_that_is_too_dark(cloudwalk: CloudWalk, gate: str) -> None:
    assert enrolled(cloudwalk, gate, pictures.darkened(pictures.hopper(), 0.2)) == 8481


def test_a_face_that_is_too_bright(cloudwalk: CloudWalk, gate: str) -> None:
    white = cv2.convertScaleAbs(pictures.hopper(), alpha=0.45, beta=207)
    assert enrolled(cloudwalk, gate, white) == 8480


def test_a_face_that_is_blurred(cloudwalk: CloudWalk, gate: str) -> None:
    assert enrolled(cloudwalk, gate, pictures.blurred(pictures.hopper(), 9.0)) == 8482


def test_a_face_that_is_too_small_to_enrol(cloudwalk: CloudWalk, gate: str) -> None:
    assert enrolled(cloudwalk, gate, pictures.resized(pictures.astronaut(), 26.5 / 92)) == 8466


def test_a_face_that_is_poor_otherwise(cloudwalk: CloudWalk, gate: str) -> None:
    left, top, width, height = pictures.HOPPER_FACE
    covered = pictures.occluded(pictures.hopper(), left - 20, top + 0.55 * height, width + 40, 0.5 * height)
    assert enrolled(cloudwalk, gate, covered) == 8496


@pytest.mark.parametrize("call", ["clustering/face/create", "clustering/face/edit"])
def test_edit_and_create_judge_alike(cloudwalk: CloudWalk, gate: str, hopper: bytes, call: str) -> None:
    dark = pictures.encoded(pictures.darkened(pictures.hopper(), 0.2), ".png")
    number = cloudwalk.face(cloudwalk.group(f"cwGate{len(call)}"), hopper)
    assert cloudwalk.refused(call, groupId=f"cwGate{len(call)}", faceId=number, img=dark) == 8481


def test_which_measure_names_the_failure() -> None:
    def number(*violations: tuple[str, str]) -> int:
        listed = [{"measure": measure, "relation": relation} for measure, relation in violations]
        return number_and_text(EdgeFaceError(ErrorCode.QUALITY, violations=listed))[0]

    assert number(("blur", "<"), ("face_height", ">=")) == 8466
    assert number(("blur", "<"), ("illumination", ">")) == 8481
    assert number(("yaw", "<"), ("illumination", "<")) == 8480
    assert number(("yaw", "<"), ("blur", "<")) == 8482
    assert number(("yaw", "<"), ("occlusion.nose", "<")) == 8496
    assert number() == 8496


# --- models


@pytest.fixture(scope="module")
def eyeless() -> Iterator[CloudWalk]:
    """A daemon whose pack has no landmarks."""
    folder = Path(tempfile.mkdtemp(prefix="ef"))
    try:
        pack = copied_pack(folder / "pack", "landmarks")
        without_role(pack, "landmarks")
        config = make_config(folder)
        daemon = Running(config.model_copy(update={"models": config.models.model_copy(update={"pack": pack})}))
        try:
            yield CloudWalk(daemon.socket)
        finally:
            daemon.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_key_points_without_their_model(eyeless: CloudWalk, astronaut: bytes) -> None:
    assert eyeless("tool/keypt", img=astronaut) == {"result": 8512, "info": "获取关键点错误"}
    eyeless.ok("tool/detect", img=astronaut)


@pytest.mark.parametrize(
    ("call", "number"),
    [
        ("tool/detect", 4105),
        ("tool/attribute", 4105),
        ("tool/keypt", 8512),
        ("tool/feature", 8513),
        ("tool/compare", 8517),
        ("tool/compare/ext1", 8517),
        ("clustering/face/create", 12370),
        ("clustering/face/edit", 12370),
        ("recog/group/identify", 8516),
        ("recog/group/identify/ext1", 8516),
        ("recog/group/compare", 8517),
    ],
)
def test_a_model_that_cannot_be_run(
    cloudwalk: CloudWalk,
    daemon: Running,
    monkeypatch: pytest.MonkeyPatch,
    astronaut: bytes,
    hopper: bytes,
    call: str,
    number: int,
) -> None:
    if not daemon.engine.gallery.has_group("cwModels"):
        cloudwalk.face(cloudwalk.group("cwModels"), hopper)
    (face,) = daemon.engine.gallery.user_ids("cwModels")

    def broken() -> None:
        raise EdgeFaceError(ErrorCode.PACK_INVALID, "A file of the pack was changed.")

    monkeypatch.setattr(daemon.engine.analyzer._models, "detector", broken)
    given = {"img": astronaut, "imgA": astronaut, "imgB": astronaut, "groupId": "cwModels", "topN": "1"}
    assert cloudwalk.refused(call, faceId=face, **given) == number


# --- storage


@contextmanager
def read_only(daemon: Running) -> Iterator[None]:
    """SQLite refuses every write, as on a card that the kernel has remounted read-only."""
    writer = daemon.engine.gallery._ledger.store._writer
    writer.execute("PRAGMA query_only = ON")
    try:
        yield
    finally:
        writer.execute("PRAGMA query_only = OFF")


def test_changes_that_cannot_be_written(
    cloudwalk: CloudWalk, daemon: Running, astronaut: bytes, hopper: bytes
) -> None:
    number = cloudwalk.face(cloudwalk.group("cwStorage"), astronaut, "kept")
    face = {"groupId": "cwStorage", "faceId": number}
    with read_only(daemon):
        assert cloudwalk.refused("clustering/group/create", groupId="cwStorage2") == 12352
        assert cloudwalk.refused("clustering/group/delete", groupId="cwStorage") == 12354
        assert cloudwalk.refused("clustering/face/create", groupId="cwStorage", img=hopper) == 12289
        assert cloudwalk.refused("clustering/face/edit", **face, img=hopper) == 12290
        assert cloudwalk.refused("clustering/face/edit", **face, tag="lost") == 12290
        assert cloudwalk.refused("clustering/face/delete", **face) == 12291
    (row,) = cloudwalk.ok("clustering/face/query", type="queryByFaceId", **face)["rows"]
    assert row["tag"] == "kept"


def tamper(daemon: Running, statement: str) -> None:
    with sqlite3.connect(daemon.config.state_dir / "gallery.db") as database:
        database.execute(statement)
    database.close()


def test_rows_that_do_not_open(cloudwalk: CloudWalk, daemon: Running, astronaut: bytes) -> None:
    number = cloudwalk.face(cloudwalk.group("cwRotten", "tag"), astronaut, "tag")
    face = {"groupId": "cwRotten", "faceId": number}
    tamper(daemon, f"UPDATE users SET info = randomblob(40) WHERE name = '{number}'")
    assert cloudwalk.refused("clustering/face/query", type="queryByFaceId", **face) == 12293
    assert cloudwalk.refused("recog/group/identify", groupId="cwRotten", img=astronaut, topN=1) == 8516
    assert cloudwalk.refused("recog/group/identify/ext1", groupId="cwRotten", img=astronaut) == 8516
    assert cloudwalk.refused("recog/group/compare", **face, img=astronaut) == 8517
    tamper(daemon, "UPDATE groups SET info = randomblob(40) WHERE name = 'cwRotten'")
    for given in ({"type": "queryByGroupId", "groupId": "cwRotten"}, {"type": "queryByPage"}):
        assert cloudwalk.refused("clustering/group/query", pageNumber=1, pageSize=1000, **given) == 12359
    cloudwalk.ok("clustering/group/delete", groupId="cwRotten")


def test_a_failure_that_a_call_has_no_number_for() -> None:
    error = EdgeFaceError(ErrorCode.STORAGE_FULL)
    assert number_and_text(renumbered(error, own(models=8512))) == (4116, "操作错误")


# --- limits of the gallery


def test_too_many_groups(cloudwalk: CloudWalk, daemon: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = daemon.engine.gallery
    most = gallery.stats().groups + 1
    monkeypatch.setattr(gallery, "_limits", gallery._limits.model_copy(update={"max_groups": most}))
    cloudwalk.group("cwLastGroup")
    assert cloudwalk.refused("clustering/group/create", groupId="cwOneTooMany") == 12361


def test_too_many_faces_in_a_group(
    cloudwalk: CloudWalk, daemon: Running, monkeypatch: pytest.MonkeyPatch, astronaut: bytes, hopper: bytes
) -> None:
    gallery = daemon.engine.gallery
    monkeypatch.setattr(gallery, "_limits", gallery._limits.model_copy(update={"max_users_per_group": 1}))
    cloudwalk.face(cloudwalk.group("cwFull"), astronaut)
    assert cloudwalk.refused("clustering/face/create", groupId="cwFull", img=hopper) == 12368


def test_the_name_of_the_register_cannot_be_taken(cloudwalk: CloudWalk, daemon: Running) -> None:
    config = daemon.engine.config
    register = config.id_register.model_copy(update={"group": "cwRegister"})
    daemon.engine.config = config.model_copy(update={"id_register": register})
    try:
        assert cloudwalk.refused("clustering/group/create", groupId="cwRegister") == 12352
        assert not daemon.engine.gallery.has_group("cwRegister")
    finally:
        daemon.engine.config = config


# --- who calls, over TCP

APP, KEY, SECRET = "app1", "key-of-admin", "the-secret-of-admin"
LOOKS, LOOKS_SECRET = "key-of-matcher", "the-secret-of-matcher"
RARE, RARE_SECRET = "key-of-the-rare", "the-secret-of-the-rare"
KEYS: tuple[dict[str, Any], ...] = (
    {"app_id": APP, "key": KEY, "secret": SECRET, "role": "admin"},
    {"app_id": "app2", "key": LOOKS, "secret": LOOKS_SECRET, "role": "matcher"},
    {"app_id": "app3", "key": RARE, "secret": RARE_SECRET, "role": "admin", "qps": 1},
)


class OverTcp(RunningOverTcp):
    """With the dialects that a daemon really speaks."""

    async def _made(self) -> Daemon:
        return Daemon(self.config, dialects=vendor_dialects(), clock=self.clock.clock() if self.clock else None)


@pytest.fixture(scope="module")
def listener() -> Iterator[OverTcp]:
    with folder_of_its_own() as folder:
        daemon = OverTcp(tcp_config(folder, keys=KEYS), HandClock(time.time()))
        try:
            yield daemon
        finally:
            daemon.close()


def listed(listener: OverTcp, headers: dict[str, str] | None = None, **fields: str) -> Answer:
    body = urlencode({"type": "queryByPage", "pageNumber": "1", "pageSize": "10", **fields})
    return listener.call("POST", "/face/clustering/group/query", body, {**FORM, **(headers or {})})


@pytest.mark.parametrize("app_id", [APP, KEY])
def test_app_id_and_secret_as_parameters_and_as_headers(listener: OverTcp, app_id: str) -> None:
    shown = {"app_id": app_id, "app_secret": SECRET}
    assert body_of(listed(listener, **shown))["result"] == 0
    assert body_of(listed(listener, shown))["result"] == 0
    query = urlencode({**shown, "type": "queryByPage", "pageNumber": 1, "pageSize": 1})
    assert body_of(listener.call("GET", f"/face/clustering/group/query?{query}"))["result"] == 0
    sent = {**shown, "type": "queryByPage", "pageNumber": 1, "pageSize": 1}
    headers = {"Content-Type": "application/json"}
    assert body_of(listener.call("POST", "/face/clustering/group/query", sent, headers))["result"] == 0


@pytest.mark.parametrize(
    "shown",
    [{}, {"app_id": "nobody", "app_secret": SECRET}, {"app_id": APP, "app_secret": "wrong"}, {"app_id": APP}],
)
def test_applications_that_are_not_known(listener: OverTcp, shown: dict[str, str]) -> None:
    assert body_of(listed(listener, **shown)) == {"result": 4096, "info": "应用权限错误"}
    assert body_of(listed(listener, shown)) == {"result": 4096, "info": "应用权限错误"}


def test_an_application_without_the_right(listener: OverTcp) -> None:
    shown = {"app_id": LOOKS, "app_secret": LOOKS_SECRET}
    assert body_of(listed(listener, **shown)) == {"result": 4104, "info": "用户权限错误"}
    body = urlencode({**shown, "img": ""})
    assert body_of(listener.call("POST", "/face/tool/detect", body, FORM))["result"] == 4097  # let in


def test_more_calls_than_a_key_may_make(listener: OverTcp) -> None:
    shown = {"app_id": RARE, "app_secret": RARE_SECRET}
    assert body_of(listed(listener, **shown))["result"] == 0
    assert body_of(listed(listener, **shown)) == {"result": 4117, "info": "达到 TPS 上限"}


def test_app_id_may_be_left_out_on_the_unix_socket(cloudwalk: CloudWalk) -> None:
    """ "标准版本可以不输入即不验证 app": the kernel says who calls."""
    for shown in ({}, {"app_id": "any", "app_secret": "thing"}):
        cloudwalk.ok("clustering/group/query", type="queryByPage", pageNumber=1, pageSize=1, **shown)


def test_roles_and_priorities_of_the_calls() -> None:
    for call in calls():
        assert (call.role.value == "admin") is call.path.startswith("/face/clustering/")
        if "identify" in call.path or "ompare" in call.path:
            assert call.priority is Priority.DECISION
