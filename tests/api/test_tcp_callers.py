"""Who calls over TCP: roles of keys, callers without any, and what the log says of them."""

from __future__ import annotations

import http.client
import logging
import socket
import ssl
from collections.abc import Iterator

import pytest

from edgeface.api.certificate import CERTIFICATE_NAME
from tests.api.over_tcp import (
    ADMIN_KEY,
    ADMIN_SECRET,
    AK,
    SK,
    RunningOverTcp,
    running_over_tcp,
)


@pytest.fixture(scope="module")
def daemon() -> Iterator[RunningOverTcp]:
    with running_over_tcp() as running:
        yield running


def test_without_tls_on_loopback() -> None:
    with running_over_tcp(tls=False) as daemon:
        assert daemon.call("GET", "/v1/health/live").code == "unauthorized"
        bearer = {"Authorization": f"Bearer {daemon.token()}"}
        assert daemon.call("GET", "/v1/health/live", headers=bearer).json == {"live": True}
        assert not (daemon.config.state_dir / CERTIFICATE_NAME).exists()


def test_ipv6_where_there_is_one() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with running_over_tcp(host="::1") as daemon:
        context = ssl.create_default_context(cafile=str(daemon.certificate))
        connection = http.client.HTTPSConnection("::1", daemon.port, timeout=20, context=context)
        connection.request("GET", "/v1/health/live")
        assert connection.getresponse().status == 401
        connection.close()


def test_roles_of_keys(daemon: RunningOverTcp) -> None:
    calls = (("GET", "/v1/info"), ("POST", "/v1/detect"), ("GET", "/v1/groups"))
    for key, secret, role, codes in (
        (AK, SK, "matcher", ["ok", "image_missing", "forbidden"]),
        (ADMIN_KEY, ADMIN_SECRET, "admin", ["ok", "image_missing", "ok"]),
    ):
        headers = {"authorization": f"bearer {daemon.token(key, secret)}"}
        answers = [daemon.call(method, target, headers=headers) for method, target in calls]
        assert [answer.json.get("error", {}).get("code", "ok") for answer in answers] == codes
        assert answers[0].json["role"] == role


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "unauthorized"),
        ({"Authorization": "Basic dXNlcjpwYXNz"}, "unauthorized"),
        ({"Authorization": "Bearer"}, "unauthorized"),
        ({"Authorization": "Bearer nonsense"}, "access_token_invalid"),
        ({"Authorization": f"Bearer 24.{'0' * 64}.2592000.99999999999.{'0' * 16}"}, "access_token_invalid"),
    ],
)
def test_who_shows_nothing_that_counts_gets_nothing(daemon: RunningOverTcp, headers: dict, code: str) -> None:
    for method, target in (("GET", "/v1/health/live"), ("GET", "/metrics"), ("POST", "/v1/detect")):
        answer = daemon.call(method, target, headers=headers)
        assert (answer.status, answer.code) == (401, code)
        assert answer.headers["www-authenticate"] == "Bearer"


def test_the_callers_of_one_connection_are_told_apart(daemon: RunningOverTcp) -> None:
    connection = daemon.connection()
    statuses = []
    bearer = {"Authorization": f"Bearer {daemon.token()}"}
    for headers in (bearer, {}, bearer):
        connection.request("GET", "/v1/health/live", headers=headers)
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    connection.close()
    assert statuses == [200, 401, 200]


@pytest.mark.parametrize("anonymous", ["observer", "matcher", "admin"])
def test_anonymous_callers_have_the_role_that_was_given_them(anonymous: str) -> None:
    with running_over_tcp(keys=(), anonymous=anonymous) as daemon:
        assert daemon.call("GET", "/v1/info").json["role"] == anonymous
        # Without keys nothing can be checked, so nothing is: published clients work as they are.
        assert daemon.call("GET", "/v1/info", headers={"Authorization": "Bearer nonsense"}).json["role"] == anonymous
        assert daemon.detect(daemon.token("any", "thing")).json["result"] == {"role": anonymous, "key": None}
        signed = {"Authorization": "c2lnbmVkIGJ5IHNvbWVib2R5"}
        assert daemon.call("POST", "/face/verify", {"appid": "1"}, signed).json["data"]["role"] == anonymous
        assert daemon.call("POST", "/walk/detect", headers={"app_id": "x"}).json["role"] == anonymous
        # A web page that makes a browser call is not one of them.
        for header in ({"Origin": "https://page.example"}, {"Sec-Fetch-Site": "cross-site"}):
            assert daemon.call("GET", "/v1/info", headers=header).code == "unauthorized"


def test_with_keys_the_anonymous_are_those_who_show_none() -> None:
    with running_over_tcp(anonymous="observer") as daemon:
        assert daemon.call("GET", "/v1/info").json["role"] == "observer"
        assert daemon.call("GET", "/v1/info", headers={"Authorization": "Bearer x"}).code == "access_token_invalid"
        assert daemon.call("POST", "/rest/2.0/face/v3/detect").json["result"]["role"] == "observer"
        assert daemon.call("POST", "/face/verify", {"appid": "1"}).json["data"]["role"] == "observer"
        assert daemon.call("POST", "/walk/detect").json["role"] == "observer"
        assert daemon.detect("wrong").json["error_code"] == 110


def test_the_log_names_the_key_and_the_address_and_nothing_secret(
    daemon: RunningOverTcp, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        token = daemon.token()
        daemon.detect(token)
        daemon.detect("wrong-token-in-the-query")
        daemon.call("POST", "/oauth/2.0/token", f"grant_type=x&client_id={AK}&client_secret={SK}")
        daemon.call("GET", "/v1/info", headers={"Authorization": f"Bearer {token}"})
    ring = daemon.services.admission.keyring
    fields = [record.fields for record in caplog.records if record.message == "request"]
    detects = [entry for entry in fields if entry["route"].startswith("/rest/")]
    assert [entry["key"] for entry in detects] == [ring.by_key(AK).name, "none"]
    assert {entry["from"] for entry in fields} == {"127.0.0.1"}
    shown = caplog.text + repr([record.__dict__ for record in caplog.records])
    for secret in (AK, SK, token, "wrong-token", "client_secret", "access_token="):
        assert secret not in shown
