"""Tencent's signature, with the published client, and CloudWalk's pair, over real TCP and TLS."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.over_tcp import (
    ADMIN_KEY,
    ADMIN_SECRET,
    AK,
    SID,
    SK,
    SKEY,
    HandClock,
    RunningOverTcp,
    redirected,
    running_over_tcp,
)
from tests.api.wire import ask
from tests.dialects.published import published, through

APP = "10000002"


@pytest.fixture(scope="module")
def clock() -> HandClock:
    return HandClock(time.time())


@pytest.fixture(scope="module")
def daemon(clock: HandClock) -> Iterator[RunningOverTcp]:
    keys = (
        {"app_id": APP, "key": SID, "secret": SKEY},
        {"app_id": APP, "key": "AKIDsecond", "secret": "second-secret", "role": "admin"},
        {"app_id": "10000001", "key": AK, "secret": SK},
        {"key": "without-app", "secret": "secret-without-app"},
        {"app_id": "10000003", "key": ADMIN_KEY, "secret": ADMIN_SECRET, "role": "admin"},
    )
    with running_over_tcp(clock, keys=keys) as running:
        yield running


@pytest.fixture(autouse=True)
def set_right(clock: HandClock) -> Iterator[None]:
    clock.now = time.time()
    yield


def signature(secret: str = SKEY, **changed: Any) -> str:
    now = int(time.time())
    fields = {"a": APP, "b": "", "k": SID, "e": now + 60, "t": now, "r": 7, "f": "", **changed}
    text = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha1).digest() + text).decode()


def verify(daemon: RunningOverTcp, authorization: str | None, app_id: str = APP) -> dict[str, Any]:
    headers = {} if authorization is None else {"Authorization": authorization}
    return dict(daemon.call("POST", "/face/verify", {"appid": app_id}, headers).json)


def test_a_signature_opens(daemon: RunningOverTcp) -> None:
    ring = daemon.services.admission.keyring
    assert verify(daemon, signature())["data"] == {"role": "matcher", "key": ring.by_key(SID).name}
    second = signature("second-secret", k="AKIDsecond")
    assert verify(daemon, second)["data"]["role"] == "admin"


@pytest.mark.parametrize(
    ("authorization", "app_id", "code", "what"),
    [
        (None, APP, "signature_missing", None),
        ("", APP, "signature_missing", None),
        ("  ", APP, "signature_missing", None),
        ("FCHXdPTEwMDAwMzc5Jms9QUtJRGVRZDBrRU1yM2J4ZjhRckJi==", APP, "signature_invalid", "form"),
        ("Bearer token", APP, "signature_invalid", "form"),
        (signature(), "10000001", "signature_invalid", "app"),
        (signature(), "", "signature_invalid", "app"),
        (signature(a="99"), "99", "key_unknown", "app_id"),
        (signature(k="AKIDnobody"), APP, "key_unknown", "key"),
        (signature(SK, k=AK), APP, "key_unknown", "both"),
        (signature("secret-without-app", k="without-app"), APP, "key_unknown", "both"),
        (signature("secret-without-app", k="without-app", a="5"), "5", "key_unknown", "app_id"),
        (signature("another-secret"), APP, "signature_invalid", "digest"),
        (signature("second-secret"), APP, "signature_invalid", "digest"),
    ],
)
def test_each_error(
    daemon: RunningOverTcp, authorization: str | None, app_id: str, code: str, what: str | None
) -> None:
    answer = verify(daemon, authorization, app_id)
    assert (answer["code"], answer.get("what")) == (code, what)


def test_a_reusable_signature_is_good_until_its_end(daemon: RunningOverTcp, clock: HandClock) -> None:
    begin = int(clock.now)
    signed = signature(t=begin, e=begin + 60)
    for after, code in ((0, 0), (0, 0), (60 + 300, 0), (61 + 300, "signature_expired"), (-300, 0)):
        clock.now = begin + after
        assert verify(daemon, signed)["code"] == code, after
    clock.now = begin - 301.0
    assert verify(daemon, signed)["code"] == "signature_expired"


def test_a_signature_of_single_use_is_used_once(daemon: RunningOverTcp, clock: HandClock) -> None:
    begin = int(clock.now)
    once = signature(t=begin, e=0, r=1, f="picture")
    assert verify(daemon, once)["code"] == 0
    for after in (0, 299, 300):
        clock.now = begin + after
        assert verify(daemon, once)["code"] == "signature_replayed"
    clock.now = begin + 301.0
    assert verify(daemon, once)["code"] == "signature_expired"
    # The next random number, or another key with the same, is another signature.
    clock.now = float(begin)
    assert verify(daemon, signature(t=begin, e=0, r=2, f="picture"))["code"] == 0
    assert verify(daemon, signature("second-secret", k="AKIDsecond", t=begin, e=0, r=1))["code"] == 0
    # One that was refused was not used.
    assert verify(daemon, signature("wrong-secret", t=begin, e=0, r=3))["code"] == "signature_invalid"
    assert verify(daemon, signature(t=begin, e=0, r=3))["code"] == 0


def test_the_published_client(daemon: RunningOverTcp) -> None:
    qcloud = published("qcloud_image", "1.0.0", "qcloud_image")
    pictures = (qcloud.CIUrl("http://pictures.example/a.jpg"), qcloud.CIBuffer(b"\xff\xd8 a picture"))
    with redirected(daemon):
        client = qcloud.Client(APP, SID, SKEY, "bucket")
        for picture in pictures:  # JSON, then multipart
            assert client.face_verify("person1", picture)["data"]["role"] == "matcher"
        assert client.face_getgroupids()["code"] == 0
        for app_id, key, secret, code in (
            ("99", SID, SKEY, "key_unknown"),
            (APP, "AKIDnobody", SKEY, "key_unknown"),
            (APP, SID, "wrong-secret", "signature_invalid"),
        ):
            wrong = qcloud.Client(app_id, key, secret, "bucket")
            assert wrong.face_verify("person1", pictures[0])["code"] == code
    with through(daemon.socket):
        anyone = qcloud.Client("1", "any", "thing", "bucket")
        assert anyone.face_verify("person1", pictures[0])["data"] == {"role": "admin", "key": None}


def test_on_the_unix_socket_no_signature_is_looked_at(daemon: RunningOverTcp) -> None:
    for authorization in ("", "nonsense", signature("wrong-secret")):
        headers = {"Authorization": authorization}
        answer = ask(daemon.socket, "POST", "/face/verify", {"appid": "5"}, headers)
        assert answer.json["data"] == {"role": "admin", "key": None}


# --- CloudWalk


@pytest.mark.parametrize(
    ("app_id", "app_secret", "role"),
    [
        (SID, SKEY, "matcher"),
        (APP, SKEY, "matcher"),
        (APP, "second-secret", "admin"),
        ("without-app", "secret-without-app", "matcher"),
    ],
)
def test_cloudwalks_pair(daemon: RunningOverTcp, app_id: str, app_secret: str, role: str) -> None:
    shown = {"app_id": app_id, "app_secret": app_secret}
    assert daemon.call("POST", "/walk/detect", headers=shown).json["role"] == role


@pytest.mark.parametrize(
    ("app_id", "app_secret", "code"),
    [
        ("", "", "unauthorized"),
        (SID, "", "key_unknown"),
        ("", SKEY, "key_unknown"),
        ("nobody", SKEY, "key_unknown"),
        (SID, "second-secret", "key_unknown"),
        (APP, "wrong-secret", "key_unknown"),
    ],
)
def test_cloudwalks_errors(daemon: RunningOverTcp, app_id: str, app_secret: str, code: str) -> None:
    shown = {name: value for name, value in (("app_id", app_id), ("app_secret", app_secret)) if value}
    assert daemon.call("POST", "/walk/detect", headers=shown).json["code"] == code
    assert ask(daemon.socket, "POST", "/walk/detect", headers=shown).json["role"] == "admin"
