"""What is around every call: body limits, forms, roles, error numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tencent_calls import APP_ID, Tencent, body_of, multipart

from edgeface.api.auth.caller import Caller
from edgeface.api.dialects.tencent_v1 import errors
from edgeface.api.dialects.tencent_v1.dialect import TencentV1Dialect, calls
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import Role
from tests.api.running import Running
from tests.api.wire import ask

MEGABYTE = 1024 * 1024
CALLS = sorted(call.path.removeprefix("/face/") for call in calls())
ID_CARD = "idcardcompare"
# The document's table, without 0.
DOCUMENTED = {
    *(3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16, 21, 23, 24, 107, 108, 213),
    *range(-1109, -1100),
    -1200,
    *range(-1313, -1299),
    *(-1400, -1403),
}


def padded(size: int) -> tuple[bytes, str]:
    """A request of exactly so many bytes."""
    empty, kind = multipart({"appid": APP_ID, "person_id": "nobody", "image": b"x"})
    body, _ = multipart({"appid": APP_ID, "person_id": "nobody", "image": b"x" * (size - len(empty) + 1)})
    assert len(body) == size
    return body, kind


@pytest.mark.parametrize("call", CALLS)
def test_requests_up_to_the_limit(tencent: Tencent, call: str) -> None:
    most = 6 * MEGABYTE if call == ID_CARD else 3 * MEGABYTE // 2
    assert body_of(tencent.send(call, *padded(most)))["code"] != 23
    assert body_of(tencent.send(call, *padded(most + 1)))["code"] == 23


@pytest.mark.parametrize("call", CALLS)
def test_every_call_needs_its_application(tencent: Tencent, call: str) -> None:
    assert tencent.code(call, appid=None) == -1301
    assert tencent.code(call, appid="") == -1301
    assert tencent.code(call, appid=["x"]) == 21


@pytest.mark.parametrize("call", CALLS)
def test_what_is_no_request(tencent: Tencent, call: str) -> None:
    assert body_of(tencent.send(call, b"{", "application/json"))["code"] == 3
    assert body_of(tencent.send(call, b"appid=1", "application/x-www-form-urlencoded"))["code"] == 3
    assert body_of(tencent.send(call, b"", "application/json", method="GET"))["code"] == 3


@pytest.mark.parametrize(
    "call", ["shape", "multidentify", "livegetfour", "livedetectfour", "idcardlivedetectfour", "x", "verify/x", ""]
)
def test_calls_that_are_not_offered(tencent: Tencent, call: str) -> None:
    assert tencent.json(call)["code"] == 3


def test_other_parameters_are_ignored(tencent: Tencent) -> None:
    assert tencent.code("getinfo", person_id="nobody", bucket="any", something=[1, 2]) == -1303


@pytest.mark.parametrize("code", ErrorCode)
def test_every_error_has_a_documented_number(code: ErrorCode) -> None:
    body = body_of_response(TencentV1Dialect().failure(EdgeFaceError(code), "request"))
    assert body["code"] in DOCUMENTED


def body_of_response(response: Any) -> dict[str, Any]:
    assert response.status == 200 and response.content_type == "application/json"
    body: dict[str, Any] = json.loads(response.body)
    assert set(body) == {"code", "message", "data"} and body["data"]["session_id"]
    return body


def test_an_answer_survives_broken_unicode() -> None:
    error = EdgeFaceError(ErrorCode.INVALID_PARAMETER, "\ud800")
    assert body_of_response(TencentV1Dialect().failure(error, "request"))["code"] == 21


@pytest.mark.parametrize(
    ("error", "number"),
    [
        (EdgeFaceError(ErrorCode.SIGNATURE_MISSING), 4),
        (EdgeFaceError(ErrorCode.SIGNATURE_INVALID, what="form"), 5),
        (EdgeFaceError(ErrorCode.SIGNATURE_INVALID, what="app"), 6),
        (EdgeFaceError(ErrorCode.SIGNATURE_EXPIRED), 9),
        (EdgeFaceError(ErrorCode.KEY_UNKNOWN, what="app_id"), 10),
        (EdgeFaceError(ErrorCode.KEY_UNKNOWN, what="key"), 11),
        (EdgeFaceError(ErrorCode.KEY_UNKNOWN, what="both"), 12),
        (EdgeFaceError(ErrorCode.SIGNATURE_REPLAYED), 13),
        (EdgeFaceError(ErrorCode.SIGNATURE_INVALID, what="digest"), 14),
        (EdgeFaceError(ErrorCode.QUOTA_QPS), 15),
        (EdgeFaceError(ErrorCode.QUOTA_DAY), 15),
        (EdgeFaceError(ErrorCode.QUOTA_TOTAL), 15),
        (EdgeFaceError(ErrorCode.UNAUTHORIZED), 4),
    ],
)
def test_what_admission_refuses(
    tencent: Tencent, daemon: Running, monkeypatch: pytest.MonkeyPatch, error: EdgeFaceError, number: int
) -> None:
    def refuse(request: Any, app_id: str) -> Caller:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(daemon.services.admission, "tencent", refuse)
        assert tencent.code("getinfo", person_id="nobody") == number


@pytest.mark.parametrize(
    ("error", "number"),
    [
        (ErrorCode.INTERNAL, 213),
        (ErrorCode.FEATURE_UNAVAILABLE, -1103),
        (ErrorCode.STORAGE_FULL, -1200),
        (ErrorCode.BUSY, 15),
    ],
)
def test_what_the_device_cannot_do(
    tencent: Tencent, daemon: Running, monkeypatch: pytest.MonkeyPatch, error: ErrorCode, number: int
) -> None:
    def fail(*arguments: Any, **named: Any) -> None:
        raise EdgeFaceError(error)

    with monkeypatch.context() as patched:
        patched.setattr(daemon.engine, "detect", fail)
        assert tencent.form("detect", image=b"x")["code"] == number


@pytest.mark.parametrize("call", CALLS)
def test_roles(tencent: Tencent, daemon: Running, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """Pictures are a matcher's business, the gallery is an administrator's."""
    looks = {"verify", "identify", "compare", "detect", ID_CARD}
    for role, allowed in ((None, False), (Role.OBSERVER, False), (Role.MATCHER, call in looks), (Role.ADMIN, True)):
        with monkeypatch.context() as patched:
            patched.setattr(daemon.services.admission, "tencent", lambda request, app_id, role=role: Caller(role))
            number = tencent.code(call, appid=None)
        assert number == (-1301 if allowed else errors.SIGNATURE_OF_ANOTHER)


def test_an_unknown_path_elsewhere_is_not_tencents(daemon: Running) -> None:
    answer = ask(daemon.socket, "POST", "/facets", {})
    assert answer.status == 404 and "error" in answer.json
