"""The published Python client, qcloud_image 1.0.0, unchanged: only its transport leads to the socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from edgeface.engine import Gate
from edgeface.register import IdRegister
from edgeface.types import QualityLevel
from tests.api.running import Running
from tests.dialects.published import published, through

# Field by field what a successful call answers, with JSON's types.
SHAPES: dict[str, dict[str, type]] = {
    "newperson": {"person_id": str, "suc_group": int, "suc_face": int, "face_id": str, "group_ids": list},
    "delperson": {"deleted": int, "person_id": str},
    "addface": {"added": int, "face_ids": list, "ret_codes": list},
    "delface": {"deleted": int, "face_ids": list},
    "setinfo": {"person_id": str},
    "getinfo": {"person_name": str, "person_id": str, "tag": str, "group_ids": list, "face_ids": list},
    "getgroupids": {"group_ids": list},
    "getpersonids": {"person_ids": list},
    "getfaceids": {"face_ids": list},
    "getfaceinfo": {"face_info": dict},
    "identify": {"candidates": list},
    "verify": {"confidence": float, "ismatch": bool},
    "compare": {"similarity": float},
    "detect": {"image_width": int, "image_height": int, "face": list},
    "idcardcompare": {"similarity": float},
}


@pytest.fixture(scope="module")
def qcloud() -> ModuleType:
    return published("qcloud_image", "1.0.0", "qcloud_image")


class Published:
    """The client, with every answer checked against the call's shape."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __call__(self, call: str, *arguments: Any, **named: Any) -> dict[str, Any]:
        answer = self.raw(call, *arguments, **named)
        assert (answer["code"], answer["message"]) == (0, "OK"), answer
        data: dict[str, Any] = answer["data"]
        assert {name: type(value) for name, value in data.items()} == {"session_id": str, **SHAPES[call]}
        return data

    def raw(self, call: str, *arguments: Any, **named: Any) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self._client, f"face_{call}")(*arguments, **named)
        assert set(answer) == {"code", "message", "data", "httpcode"} and answer["httpcode"] == 200
        return answer


@pytest.fixture
def client(qcloud: ModuleType, daemon: Running) -> Iterator[Published]:
    with through(daemon.socket):
        yield Published(qcloud.Client("10000037", "sid", "skey", "bucket"))


@pytest.fixture
def files(tmp_path: Path, astronaut: bytes, astronaut_again: bytes, hopper: bytes) -> dict[str, str]:
    found = {}
    for name, data in (("astronaut", astronaut), ("again", astronaut_again), ("人", hopper)):
        path = tmp_path / f"{name}.jpg"
        path.write_bytes(data)
        found[name] = str(path)
    return found


def test_every_method_with_buffers(
    client: Published, qcloud: ModuleType, astronaut: bytes, astronaut_again: bytes, hopper: bytes
) -> None:
    buffer = qcloud.CIBuffer
    data = client("newperson", "cb-1", ["cb-a", "cb_b"], buffer(astronaut), "张三", "VIP")
    first = data["face_id"]
    assert data["group_ids"] == ["cb-a", "cb_b"] and (data["suc_group"], data["suc_face"]) == (2, 1)
    data = client("addface", "cb-1", qcloud.CIBuffers([buffer(astronaut), buffer(astronaut_again)]), "side")
    assert (data["added"], data["ret_codes"]) == (1, [-1312, 0])
    (second,) = data["face_ids"]
    assert client("getfaceids", "cb-1")["face_ids"] == [first, second]
    info = client("getinfo", "cb-1")
    assert (info["person_name"], info["tag"], info["person_id"]) == ("张三", "VIP", "cb-1")
    client("setinfo", "cb-1", "李四", "staff")
    info = client("getinfo", "cb-1")
    assert (info["person_name"], info["tag"]) == ("李四", "staff")
    assert {"cb-a", "cb_b"} <= set(client("getgroupids")["group_ids"])
    assert client("getpersonids", "cb_b")["person_ids"] == ["cb-1"]
    face_info = client("getfaceinfo", first)["face_info"]
    assert face_info["face_id"] == first and type(face_info["x"]) is int and type(face_info["width"]) is float
    (candidate,) = client("identify", "cb-a", buffer(astronaut))["candidates"]
    assert (candidate["person_id"], candidate["tag"]) == ("cb-1", "staff")
    assert client("verify", "cb-1", buffer(astronaut_again))["ismatch"] is True
    assert client("verify", "cb-1", buffer(hopper))["ismatch"] is False
    assert client("compare", buffer(astronaut), buffer(hopper))["similarity"] < 80
    (face,) = client("detect", buffer(hopper), 1)["face"]
    assert type(face["yaw"]) is int and type(face["height"]) is float
    assert client("delface", "cb-1", [first])["deleted"] == 1
    assert client("getfaceids", "cb-1")["face_ids"] == [second]
    assert client("delperson", "cb-1")["deleted"] == 1
    assert client.raw("getinfo", "cb-1")["code"] == -1303


def test_every_method_with_files(client: Published, qcloud: ModuleType, files: dict[str, str]) -> None:
    def file(name: str) -> Any:
        return qcloud.CIFile(files[name])

    client("newperson", "cf-1", ["cf"], file("astronaut"))
    data = client("addface", "cf-1", qcloud.CIFiles([files["again"], files["人"]]))
    assert data["ret_codes"] == [0, 0]
    assert client("identify", "cf", file("人"))["candidates"][0]["person_id"] == "cf-1"
    assert client("verify", "cf-1", file("again"))["ismatch"] is True
    assert client("compare", file("astronaut"), file("again"))["similarity"] >= 80
    assert len(client("detect", file("人"))["face"]) == 1
    client("delperson", "cf-1")


def test_every_method_with_urls(qcloud: ModuleType, fetching: Running, pages: str, hopper: bytes) -> None:
    def url(name: str) -> Any:
        return qcloud.CIUrl(f"{pages}/{name}.jpg")

    IdRegister(fetching.engine).add(hopper, "110233112299822", "Grace", gate=Gate(QualityLevel.NONE))
    with through(fetching.socket):
        client = Published(qcloud.Client("10000037", "sid", "skey", "bucket"))
        client("newperson", "cu-1", ["cu", "cu-2"], url("astronaut"), "Ada")
        data = client("addface", "cu-1", qcloud.CIUrls([f"{pages}/hopper.jpg", f"{pages}/missing.jpg"]))
        assert data["ret_codes"] == [0, -1308]
        assert client("identify", "cu-2", url("hopper"))["candidates"][0]["person_id"] == "cu-1"
        assert client("verify", "cu-1", url("astronaut"))["ismatch"] is True
        assert client("compare", url("astronaut"), url("hopper"))["similarity"] < 80
        assert client("compare", url("astronaut"), qcloud.CIBuffer(hopper))["similarity"] < 80  # URL in multipart
        assert len(client("detect", url("hopper"))["face"]) == 1
        assert client("idcardcompare", "110233112299822", "Grace", url("hopper"))["similarity"] >= 80


def test_urls_where_nothing_is_fetched(client: Published, qcloud: ModuleType) -> None:
    assert client.raw("detect", qcloud.CIUrl("http://test-123456.image.myqcloud.com/test.jpg"))["code"] == -1308


def test_the_id_register_through_the_client(
    client: Published, qcloud: ModuleType, daemon: Running, hopper: bytes, files: dict[str, str]
) -> None:
    number = "11023311229982233X"
    IdRegister(daemon.engine).add(hopper, number, "格蕾丝", gate=Gate(QualityLevel.NONE))
    assert client("idcardcompare", number, "格蕾丝", qcloud.CIBuffer(hopper))["similarity"] >= 80
    assert client("idcardcompare", number, "格蕾丝", qcloud.CIFile(files["astronaut"]))["similarity"] < 80
    assert client.raw("idcardcompare", number, "李四", qcloud.CIBuffer(hopper))["code"] == -1303


def test_failures_through_the_client(client: Published, qcloud: ModuleType, no_face: bytes, hopper: bytes) -> None:
    assert client.raw("detect", qcloud.CIBuffer(no_face))["code"] == -1101
    assert client.raw("verify", "nobody", qcloud.CIBuffer(hopper))["code"] == -1303
    assert client.raw("newperson", "a b", ["cx"], qcloud.CIBuffer(hopper))["code"] == -1313
    failed = client.raw("compare", qcloud.CIBuffer(hopper), qcloud.CIBuffer(no_face))
    assert failed["code"] == -1101 and failed["data"]["fail_flag"] == 2


def test_methods_that_are_not_offered(client: Published, qcloud: ModuleType, hopper: bytes) -> None:
    assert client.raw("shape", qcloud.CIBuffer(hopper))["code"] == 3
    assert client.raw("livegetfour")["code"] == 3
    assert client.raw("livedetectfour", "1234", qcloud.CIBuffer(b"video"), False)["code"] == 3
    assert client.raw("idcardlivedetectfour", "1234", qcloud.CIBuffer(b"video"), "1", "x")["code"] == 3
