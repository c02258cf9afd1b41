"""Over TCP: the published client's signatures are checked, and every refusal has the document's number."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from tencent_calls import body_of, multipart

from edgeface.api.daemon import Daemon
from edgeface.api.dialects.table import vendor_dialects
from tests.api.over_tcp import HandClock, RunningOverTcp, folder_of_its_own, redirected, tcp_config
from tests.dialects.published import published

APP, SID, SKEY = "10000037", "AKIDtencent", "the-secret-of-tencent"
LOOKS, LOOKS_KEY = "AKIDmatcher", "the-secret-of-matcher"
RARE, RARE_KEY = "AKIDrare", "the-secret-of-the-rare"
OTHER_APP, OTHER, OTHER_KEY = "10000038", "AKIDother", "the-secret-of-the-other"
KEYS: tuple[dict[str, Any], ...] = (
    {"app_id": APP, "key": SID, "secret": SKEY, "role": "admin"},
    {"app_id": APP, "key": LOOKS, "secret": LOOKS_KEY, "role": "matcher"},
    {"app_id": APP, "key": RARE, "secret": RARE_KEY, "role": "admin", "qps": 1},
    {"app_id": OTHER_APP, "key": OTHER, "secret": OTHER_KEY, "role": "admin"},
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


def signature(
    *, app: str = APP, key: str = SID, secret: str = SKEY, at: float | None = None, lifetime: int = 30, nonce: int = 7
) -> str:
    """As "鉴权签名" has it. ``lifetime`` 0: for one use."""
    now = int(time.time() if at is None else at)
    until = now + lifetime if lifetime else 0
    text = f"a={app}&b=bucket&k={key}&e={until}&t={now}&r={nonce}&f=".encode()
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha1).digest() + text).decode()


def number(listener: OverTcp, authorization: str | None, app_id: str = APP) -> int:
    headers = {"Content-Type": "application/json"}
    if authorization is not None:
        headers["Authorization"] = authorization
    body = json.dumps({"appid": app_id, "person_id": "nobody"})
    code: int = body_of(listener.call("POST", "/face/getinfo", body, headers))["code"]
    return code


def test_the_published_client_over_tcp(listener: OverTcp, astronaut: bytes, hopper: bytes) -> None:
    qcloud: ModuleType = published("qcloud_image", "1.0.0", "qcloud_image")
    with redirected(listener):
        client = qcloud.Client(APP, SID, SKEY, "bucket")
        assert client.face_newperson("tcp-1", ["tcp"], qcloud.CIBuffer(astronaut))["code"] == 0
        matcher = qcloud.Client(APP, LOOKS, LOOKS_KEY, "bucket")
        assert matcher.face_verify("tcp-1", qcloud.CIBuffer(astronaut))["data"]["ismatch"] is True
        assert matcher.face_verify("tcp-1", qcloud.CIBuffer(hopper))["data"]["ismatch"] is False
        assert matcher.face_delperson("tcp-1")["code"] == 6  # known, and not theirs to do
        assert qcloud.Client(APP, SID, "another secret", "bucket").face_getgroupids()["code"] == 14
        assert qcloud.Client("10000099", SID, SKEY, "bucket").face_getgroupids()["code"] == 10
        assert client.face_delperson("tcp-1")["code"] == 0


def test_a_good_signature(listener: OverTcp) -> None:
    assert number(listener, signature()) == -1303
    assert number(listener, signature(app=OTHER_APP, key=OTHER, secret=OTHER_KEY), OTHER_APP) == -1303


def test_no_signature(listener: OverTcp) -> None:
    assert number(listener, None) == 4


@pytest.mark.parametrize("text", ["x", "FCHXdPTEwMDAwMzc5Jms9QUtJRGVRZDBrRU1yM2J4ZjhRckJi==", "Bearer abc"])
def test_what_is_no_signature(listener: OverTcp, text: str) -> None:
    """The second is the document's example: it was cut off, so it is no base64."""
    assert number(listener, text) == 5


def test_a_signature_of_another_application(listener: OverTcp) -> None:
    assert number(listener, signature(), app_id=OTHER_APP) == 6
    assert number(listener, signature(), app_id="") == 6


def test_a_signature_that_is_over(listener: OverTcp) -> None:
    assert number(listener, signature(at=time.time() - 3600)) == 9


def test_an_unknown_application(listener: OverTcp) -> None:
    assert number(listener, signature(app="10000099"), "10000099") == 10


def test_an_unknown_key(listener: OverTcp) -> None:
    assert number(listener, signature(key="AKIDnobody")) == 11


def test_a_key_of_another_application(listener: OverTcp) -> None:
    assert number(listener, signature(key=OTHER, secret=OTHER_KEY)) == 12


def test_a_signature_for_one_use(listener: OverTcp) -> None:
    once = signature(lifetime=0, nonce=99)
    assert number(listener, once) == -1303
    assert number(listener, once) == 13


def test_a_signature_made_with_another_secret(listener: OverTcp) -> None:
    assert number(listener, signature(secret="another secret")) == 14


def test_more_calls_than_a_key_has(listener: OverTcp) -> None:
    rare = signature(key=RARE, secret=RARE_KEY)
    assert [number(listener, rare) for _ in range(2)] == [-1303, 15]
    assert listener.clock is not None
    listener.clock.ticks += 2
    assert number(listener, rare) == -1303


def test_the_application_of_a_multipart_call(listener: OverTcp, hopper: bytes) -> None:
    for app_id, expected in ((APP, 0), (OTHER_APP, 6)):
        body, kind = multipart({"appid": app_id, "image": hopper})
        answer = listener.call("POST", "/face/detect", body, {"Content-Type": kind, "Authorization": signature()})
        assert body_of(answer)["code"] == expected
