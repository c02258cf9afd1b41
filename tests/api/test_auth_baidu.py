"""Baidu's way in: the token endpoint, access tokens, bce-auth signatures, and both published clients."""

from __future__ import annotations

import base64
import hashlib
import hmac
import inspect
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any
from unittest import mock
from urllib.parse import urlencode

import pytest

from edgeface.api.daemon import Daemon
from edgeface.api.dialects.oauth.dialect import OauthDialect
from edgeface.api.dialects.table import vendor_dialects
from edgeface.config import KeyConfig
from edgeface.errors import EdgeFaceError, ErrorCode
from tests.api.over_tcp import (
    ADMIN_KEY,
    ADMIN_SECRET,
    AK,
    SK,
    HandClock,
    RunningOverTcp,
    folder_of_its_own,
    redirected,
    running_over_tcp,
    started,
    tcp_config,
)
from tests.api.wire import Answer, ask
from tests.dialects.published import published, through

PATH = "/rest/2.0/face/v3/detect"
DAY_S = 86_400


@pytest.fixture(scope="module")
def clock() -> HandClock:
    return HandClock(time.time())


@pytest.fixture(scope="module")
def daemon(clock: HandClock) -> Iterator[RunningOverTcp]:
    with running_over_tcp(clock) as running:
        yield running


@pytest.fixture(autouse=True)
def set_right(clock: HandClock) -> Iterator[None]:
    clock.now = time.time()
    yield


def grant(daemon: RunningOverTcp, method: str = "GET", **changed: str) -> Answer:
    fields = {"grant_type": "client_credentials", "client_id": AK, "client_secret": SK, **changed}
    query = urlencode({name: value for name, value in fields.items() if value})
    if method == "GET":
        return daemon.call("GET", f"/oauth/2.0/token?{query}")
    return daemon.call("POST", "/oauth/2.0/token", query, {"Content-Type": "application/x-www-form-urlencoded"})


# --- the token endpoint


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_as_documented(daemon: RunningOverTcp, method: str) -> None:
    answer = grant(daemon, method)
    assert answer.status == 200
    body = answer.json
    assert {name: type(value) for name, value in body.items()} == {
        "refresh_token": str,
        "expires_in": int,
        "session_key": str,
        "access_token": str,
        "scope": str,
        "session_secret": str,
    }
    assert body["expires_in"] == 2_592_000
    assert "brain_all_scope" in body["scope"].split(" ")
    assert answer.headers["cache-control"] == "no-store"
    # 24.<digest>.<lifetime>.<end>.<whose>, like the document's.
    kind, _, lifetime, end, _ = body["access_token"].split(".")
    assert (kind, lifetime) == ("24", "2592000") and abs(int(end) - time.time() - 2_592_000) < 100
    assert AK not in answer.body.decode() and SK not in answer.body.decode()
    # What is there for completeness opens nothing.
    for name in ("refresh_token", "session_key", "session_secret"):
        assert daemon.detect(body[name]).json["error_code"] == 110


def test_parameters_may_stand_in_query_and_form(daemon: RunningOverTcp) -> None:
    target = f"/oauth/2.0/token?grant_type=client_credentials&client_id={AK}"
    assert daemon.call("POST", target, f"client_secret={SK}").json["expires_in"] == 2_592_000


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("changed", "status", "error", "description"),
    [
        ({"client_id": "nobody"}, 401, "invalid_client", "unknown client id"),
        ({"client_id": ""}, 401, "invalid_client", "unknown client id"),
        ({"client_id": AK.lower()}, 401, "invalid_client", "unknown client id"),
        ({"client_secret": "wrong"}, 401, "invalid_client", "Client authentication failed"),
        ({"client_secret": ""}, 401, "invalid_client", "Client authentication failed"),
        ({"client_secret": ADMIN_SECRET}, 401, "invalid_client", "Client authentication failed"),
        (
            {"grant_type": "password"},
            400,
            "unsupported_grant_type",
            "The authorization grant type is not supported",
        ),
        ({"grant_type": ""}, 400, "unsupported_grant_type", "The authorization grant type is not supported"),
    ],
)
def test_its_errors(
    daemon: RunningOverTcp, method: str, changed: dict, status: int, error: str, description: str
) -> None:
    answer = grant(daemon, method, **changed)
    assert answer.status == status
    assert answer.json == {"error": error, "error_description": description}


def test_its_limits(daemon: RunningOverTcp) -> None:
    answer = daemon.call("POST", "/oauth/2.0/token", "x" * 8193)
    assert (answer.status, answer.json["error"]) == (413, "invalid_request")
    answer = daemon.call("POST", "/oauth/2.0/token", b"\xff\xff")
    assert (answer.status, answer.json["error"]) == (400, "invalid_request")
    answer = daemon.call("PUT", "/oauth/2.0/token")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")
    assert daemon.call("GET", "/oauth/2.0/other").json["error"] == "invalid_request"


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_failure_has_the_documented_form(code: ErrorCode) -> None:
    answer = OauthDialect().failure(EdgeFaceError(code), "1")
    assert answer.status == code.spec.status
    assert answer.content_type == "application/json"
    assert (answer.headers.get("Retry-After") is not None) == (code.spec.status == 503)


# --- access tokens


def test_a_token_opens(daemon: RunningOverTcp) -> None:
    ring = daemon.services.admission.keyring
    assert daemon.detect(daemon.token()).json["result"] == {"role": "matcher", "key": ring.by_key(AK).name}
    assert daemon.detect(daemon.token(ADMIN_KEY, ADMIN_SECRET)).json["result"]["role"] == "admin"


def altered(token: str, place: int, value: str) -> str:
    parts = token.split(".")
    parts[place] = value
    return ".".join(parts)


def test_a_missing_token(daemon: RunningOverTcp) -> None:
    for target in (PATH, f"{PATH}?access_token="):
        answer = daemon.call("POST", target, b"{}")
        assert (answer.status, answer.json["error_code"]) == (200, 100)
    # In a body, or as another way to show it, it does not count.
    token = daemon.token()
    assert daemon.call("POST", PATH, {"access_token": token}).json["error_code"] == 100
    bearer = {"Authorization": f"Bearer {token}"}
    assert daemon.call("POST", PATH, headers=bearer).json["error_code"] == 100


def test_a_wrong_token(daemon: RunningOverTcp) -> None:
    token, other = daemon.token(), daemon.token(ADMIN_KEY, ADMIN_SECRET)
    end = int(token.split(".")[3])
    for wrong in (
        "x",
        "24.f9ba9c5241b67688bb4adbed8bc91dec.2592000.1485570332.282335-8574074",  # the document's example
        token[:-1],
        token + "0",
        token.upper(),
        altered(token, 0, "25"),
        altered(token, 1, "0" * 64),
        altered(token, 3, str(end + 1)),
        altered(token, 3, "9" * 13),
        altered(token, 4, other.split(".")[4]),
        altered(token, 4, "0" * 16),
    ):
        answer = daemon.detect(wrong)
        assert (answer.status, answer.json["error_code"]) == (200, 110), wrong


def test_a_key_without_the_role(daemon: RunningOverTcp) -> None:
    target = "/rest/2.0/face/v3/faceset/user/add?access_token="
    assert daemon.call("POST", target + daemon.token()).json["error_code"] == 6
    assert daemon.call("POST", target + daemon.token(ADMIN_KEY, ADMIN_SECRET)).json["error_code"] == 0


def test_before_the_engine_is_open_a_token_cannot_be_checked(
    daemon: RunningOverTcp, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = daemon.token()
    monkeypatch.setattr(daemon.services, "_engine", None)
    assert daemon.detect(token).json["error_code"] == 4
    answer = grant(daemon)
    assert (answer.status, answer.json["error"]) == (503, "temporarily_unavailable")
    assert answer.headers["retry-after"] == "1"


def test_a_token_ends_after_30_days(daemon: RunningOverTcp, clock: HandClock) -> None:
    token = daemon.token()
    end = int(token.split(".")[3])
    clock.now = end - 1.0
    assert daemon.detect(token).json["error_code"] == 0
    for clock.now in (float(end), end + 400.0 * DAY_S):
        assert daemon.detect(token).json["error_code"] == 111
    # Whoever lengthens it has none.
    assert daemon.detect(altered(token, 3, str(end + DAY_S))).json["error_code"] == 110
    # A clock that is set back does not harm it.
    clock.now = 0.0
    assert daemon.detect(token).json["error_code"] == 0


def test_tokens_outlive_a_restart_and_die_with_their_key_their_secret_and_the_gallery() -> None:
    with folder_of_its_own() as folder:
        config = tcp_config(folder)
        with started(config) as first:
            token, of_admin = first.token(), first.token(ADMIN_KEY, ADMIN_SECRET)
        with started(config) as second:
            assert second.detect(token).json["error_code"] == 0
        others = tuple(
            KeyConfig.model_validate({"key": key.key, "secret": key.secret.get_secret_value() + "-new"})
            if key.key == ADMIN_KEY
            else key
            for key in config.keys
            if key.key != AK
        )
        with started(config.model_copy(update={"keys": others})) as third:
            assert third.detect(token).json["error_code"] == 110
            assert third.detect(of_admin).json["error_code"] == 110
        with started(config) as fourth:
            bearer = {"Authorization": f"Bearer {of_admin}"}
            assert fourth.call("POST", "/v1/gallery/erase?confirm=erase", headers=bearer).status == 200
            assert fourth.detect(token).json["error_code"] == 110
            assert fourth.detect(fourth.token()).json["error_code"] == 0


def test_a_token_of_another_device_opens_nothing(daemon: RunningOverTcp) -> None:
    with running_over_tcp() as other:
        assert daemon.detect(other.token()).json["error_code"] == 110


# --- on the Unix socket


def test_on_the_unix_socket_any_pair_gets_a_token_that_tcp_does_not_take(daemon: RunningOverTcp) -> None:
    for key, secret in (("any", "thing"), ("", ""), (AK, "wrong"), (AK, SK)):
        query = urlencode({"grant_type": "client_credentials", "client_id": key, "client_secret": secret})
        answer = ask(daemon.socket, "GET", f"/oauth/2.0/token?{query}")
        assert answer.status == 200 and "brain_all_scope" in answer.json["scope"]
        assert daemon.detect(answer.json["access_token"]).json["error_code"] == 110
    assert ask(daemon.socket, "GET", "/oauth/2.0/token").json["error"] == "unsupported_grant_type"


def test_on_the_unix_socket_nothing_that_a_request_carries_is_looked_at(daemon: RunningOverTcp) -> None:
    for target, headers in (
        (PATH, {}),
        (f"{PATH}?access_token=nonsense", {}),
        (PATH, {"Authorization": "bce-auth-v1/nonsense"}),
        (PATH, {"Origin": "https://page.example"}),
    ):
        answer = ask(daemon.socket, "POST", target, b"{}", headers)
        assert answer.json["result"] == {"role": "admin", "key": None}
    assert ask(daemon.socket, "GET", "/v1/info", headers={"Authorization": "Bearer x"}).json["role"] == "admin"


# --- bce-auth-v1


def signed(
    target: str,
    *,
    key: str = AK,
    secret: str = SK,
    at: float | None = None,
    lifetime: int = 1800,
    host: str = "aip.baidubce.com",
    method: str = "POST",
) -> dict[str, str]:
    """Headers as the published clients make them."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() if at is None else at))
    prefix = f"bce-auth-v1/{key}/{stamp}/{lifetime}"
    path, _, query = target.partition("?")
    stamp_value = stamp.replace(":", "%3A")
    text = f"{method}\n{path}\n{'&'.join(sorted(query.split('&')))}\nhost:{host}\nx-bce-date:{stamp_value}"
    signing = hmac.new(secret.encode(), prefix.encode(), hashlib.sha256).hexdigest()
    digest = hmac.new(signing.encode(), text.encode(), hashlib.sha256).hexdigest()
    return {"Host": host, "x-bce-date": stamp, "Authorization": f"{prefix}/host;x-bce-date/{digest}"}


def test_a_signature_opens(daemon: RunningOverTcp) -> None:
    target = f"{PATH}?aipVersion=4.15.13&aipSdk=python"
    answer = daemon.call("POST", target, b"{}", signed(target))
    assert answer.json["result"]["key"] == daemon.services.admission.keyring.by_key(AK).name
    # It is good for its time, as often as it is sent: the document has no single use.
    assert daemon.call("POST", target, b"{}", signed(target)).json["error_code"] == 0


@pytest.mark.parametrize(
    ("sent", "change", "code"),
    [
        (PATH, {"key": "nobody"}, "key_unknown"),
        (PATH, {"secret": "another-secret"}, "signature_invalid"),
        (PATH, {"secret": ADMIN_SECRET}, "signature_invalid"),
        (PATH, {"method": "GET"}, "signature_invalid"),
        (f"{PATH}?more=1", {}, "signature_invalid"),
        (PATH.replace("detect", "search"), {}, "signature_invalid"),
        (PATH, {"at": -1801 - 300}, "signature_expired"),
        (PATH, {"at": 302}, "signature_expired"),
        (PATH, {"at": -1800 - 298}, None),
        (PATH, {"at": 298}, None),
        (PATH, {"at": -5000, "lifetime": 6000}, None),
        (PATH, {"lifetime": 2_592_001}, "signature_invalid"),
    ],
)
def test_wrong_signatures(
    daemon: RunningOverTcp, clock: HandClock, sent: str, change: dict[str, Any], code: str | None
) -> None:
    if "at" in change:
        change = {**change, "at": int(clock.now) + change["at"]}
    body = daemon.call("POST", sent, b"{}", signed(PATH, **change)).json
    assert body.get("code") == code
    assert body["error_code"] == (14 if code else 0)


def test_a_signature_for_another_host_is_none(daemon: RunningOverTcp) -> None:
    headers = signed(PATH)
    headers["Host"] = f"127.0.0.1:{daemon.port}"  # what a transport sends that makes the header itself
    assert daemon.call("POST", PATH, b"{}", headers).json["error_code"] == 14
    # Signed for the device by name, with the port in the header and without it in the signature.
    by_name = signed(PATH, host="127.0.0.1") | {"Host": f"127.0.0.1:{daemon.port}"}
    assert daemon.call("POST", PATH, b"{}", by_name).json["error_code"] == 0


@pytest.mark.parametrize("text", ["bce-auth-v1/", "bce-auth-v1/a/b/c/d/e", f"bce-auth-v1/{AK}/2015-04-27T08:23:49Z"])
def test_what_is_no_signature(daemon: RunningOverTcp, text: str) -> None:
    body = daemon.call("POST", PATH, b"{}", {"Authorization": text}).json
    assert (body["error_code"], body["code"]) == (14, "signature_invalid")


# --- the published clients, over real TCP and TLS


@pytest.fixture(scope="module", params=["2.0.0.1", "4.16.13"])
def aip(request: pytest.FixtureRequest) -> ModuleType:
    return published("baidu-aip", request.param, "aip")


def detect(client: Any) -> dict[str, Any]:
    of_v3 = "image_type" in inspect.signature(client.detect).parameters
    return dict(client.detect("aGVsbG8=", "BASE64") if of_v3 else client.detect(b"hello"))


def face_client(aip: ModuleType, key: str = AK, secret: str = SK) -> Any:
    return aip.AipFace("10000001", key, secret)


def test_the_clients_token_flow(daemon: RunningOverTcp, aip: ModuleType) -> None:
    client = face_client(aip)
    with redirected(daemon):
        for _ in range(2):
            assert detect(client)["result"]["role"] == "matcher"
    assert client._isCloudUser is False


def test_the_clients_signature_flow(daemon: RunningOverTcp, aip: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    client = face_client(aip)
    monkeypatch.setattr(client, "_isPermission", lambda answer: False)  # as a cloud user's token answer makes it
    with redirected(daemon):
        answer = detect(client)
    assert client._isCloudUser is True
    assert answer["result"] == {
        "role": "matcher",
        "key": daemon.services.admission.keyring.by_key(AK).name,
    }


@pytest.mark.parametrize(("key", "secret"), [("nobody", SK), (AK, "wrong-secret")])
def test_the_clients_with_a_wrong_pair(daemon: RunningOverTcp, aip: ModuleType, key: str, secret: str) -> None:
    client = face_client(aip, key, secret)
    with redirected(daemon):
        # Refused a token, they take themselves for a cloud user and sign.
        assert detect(client)["error_code"] == 14


def test_the_clients_renew_a_token_that_is_refused(aip: ModuleType) -> None:
    with running_over_tcp() as daemon, redirected(daemon):
        client = face_client(aip)
        assert detect(client)["error_code"] == 0
        assert ask(daemon.socket, "POST", "/v1/gallery/erase?confirm=erase").status == 200
        assert detect(client)["error_code"] == 0


def test_the_clients_on_the_unix_socket_need_no_key(daemon: RunningOverTcp, aip: ModuleType) -> None:
    with through(daemon.socket):
        assert detect(face_client(aip, "any", "thing"))["result"] == {"role": "admin", "key": None}


def test_a_client_whose_address_alone_was_changed(daemon: RunningOverTcp, monkeypatch: pytest.MonkeyPatch) -> None:
    aip = published("baidu-aip", "4.16.13", "aip")
    device = f"https://127.0.0.1:{daemon.port}"
    client = face_client(aip)
    monkeypatch.setattr(client, "_AipFace__detectUrl", device + PATH)
    monkeypatch.setattr(client, "_AipBase__accessTokenUrl", f"{device}/oauth/2.0/token")
    assert detect(client)["error_code"] == 0  # its own transport, which verifies nothing
    signing = face_client(aip)
    monkeypatch.setattr(signing, "_AipFace__detectUrl", device + PATH)
    signing._isCloudUser = True
    assert detect(signing)["error_code"] == 0


class _WithTheRealDialects(RunningOverTcp):
    async def _made(self) -> Daemon:
        return Daemon(self.config, dialects=vendor_dialects())


@pytest.mark.parametrize(("version", "found"), [("2.0.0.1", "result_num"), ("4.16.13", "face_num")])
def test_the_published_clients_find_a_face_over_tcp(portrait: bytes, version: str, found: str) -> None:
    aip = published("baidu-aip", version, "aip")
    with folder_of_its_own() as folder:
        daemon = _WithTheRealDialects(tcp_config(folder))
        try:
            for signs in (False, True):
                client = face_client(aip)
                with redirected(daemon), mock.patch.object(client, "_isPermission", return_value=not signs):
                    if version.startswith("4"):
                        answer = client.detect(base64.b64encode(portrait).decode(), "BASE64")["result"]
                    else:
                        answer = client.detect(portrait)
                assert client._isCloudUser is signs
                assert answer[found] == 1
        finally:
            daemon.close()
