"""The whole document: forms of bodies and failures, roles, and errors that are not one call's own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest

from edgeface.api.auth.caller import Caller
from edgeface.api.dialects.baidu_common import PLATFORM_ERRORS
from edgeface.api.dialects.baidu_v3 import dialect, errors
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import Role
from tests.api.wire import ask
from tests.dialects.baidu_v3.v3_calls import FACE, Baidu, instead, of

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
V3 = ["error_code", "error_msg", "log_id", "timestamp", "cached", "result"]
CALLS = [call.path for spoken in dialect.baidu_v3_dialects() for call in spoken.calls]  # type: ignore[attr-defined]


@contextmanager
def _failing(baidu: Baidu, code: ErrorCode) -> Iterator[None]:
    """Whatever is computed ends so."""

    async def compute(*arguments: object) -> None:
        raise EdgeFaceError(code) if code is not ErrorCode.INTERNAL else RuntimeError("a bug")

    with instead(baidu.daemon.services, "compute", compute):
        yield


@contextmanager
def _called_by(baidu: Baidu, role: Role | None) -> Iterator[None]:
    with instead(baidu.daemon.services.admission, "baidu", lambda request: Caller(role)):
        yield


@pytest.mark.parametrize("code", ErrorCode)
def test_every_failure_has_a_number_of_the_document(code: ErrorCode) -> None:
    number, text = errors.number_and_text(EdgeFaceError(code))
    known = errors.TEXTS | dict(PLATFORM_ERRORS.values())
    assert text == known[number].format("image")
    assert number != 1 or code is ErrorCode.INTERNAL


def test_a_failure_of_version_3(baidu) -> None:
    answer = baidu.raw("v3/detect", {})
    assert answer.status == 200
    assert list(answer.json) == V3
    assert answer.json["result"] is None and answer.json["cached"] == 0
    assert type(answer.json["log_id"]) is int and type(answer.json["timestamp"]) is int


@pytest.mark.parametrize(
    "path",
    [
        "v3/nonsense",
        "v3/person/idmatch",
        "v3/faceset/user/add/",
        "v4/verify_date",
        "v1/merge",
        "v1/faceliveness/verify",
        "capture/search",
        "v9/detect",
        "/rest/2.0/ocr/v1/general",
    ],
)
def test_what_is_not_there_is_error_3(baidu, path: str) -> None:
    assert baidu.error(path, {}) == 3
    assert baidu.raw(path, {}).json["error_msg"] == "Unsupported openapi method"


@pytest.mark.parametrize("path", CALLS)
def test_get_is_error_3(baidu, path: str) -> None:
    answer = ask(baidu.daemon.socket, "GET", path)
    assert answer.status == 200 and answer.json["error_code"] == 3


@pytest.mark.parametrize(
    ("code", "number", "text"),
    [
        (ErrorCode.INTERNAL, 1, "Unknown error"),
        (ErrorCode.SHUTTING_DOWN, 2, "Service temporarily unavailable"),
        (ErrorCode.BUSY, 4, "Open api request limit reached"),
        (ErrorCode.DEADLINE, 222901, "system busy"),
        (ErrorCode.STORAGE_FULL, 222302, "system error"),
        (ErrorCode.GALLERY_CORRUPT, 222301, "get face fail"),
    ],
)
def test_what_the_device_cannot_do(baidu, code: ErrorCode, number: int, text: str) -> None:
    for call in ("v3/detect", "v4/mingjing/match", "v4/faceverify", "v1/faceliveness/sessioncode"):
        with _failing(baidu, code):
            assert baidu.error(call, {}) == number
            assert baidu.raw(call, {}).json["error_msg"] == text
    if number < 222000:
        with _failing(baidu, code):
            assert baidu.raw("v1/faceliveness/sessioncode", {}).json["err_no"] == number


@pytest.mark.parametrize(
    ("code", "number", "text"),
    [
        (ErrorCode.UNAUTHORIZED, 100, "Invalid parameter"),
        (ErrorCode.ACCESS_TOKEN_INVALID, 110, "Access token invalid or no longer valid"),
        (ErrorCode.ACCESS_TOKEN_EXPIRED, 111, "Access token expired"),
        (ErrorCode.KEY_UNKNOWN, 14, "IAM Certification failed"),
        (ErrorCode.SIGNATURE_INVALID, 14, "IAM Certification failed"),
        (ErrorCode.SIGNATURE_EXPIRED, 14, "IAM Certification failed"),
        (ErrorCode.QUOTA_DAY, 17, "Open api daily request limit reached"),
        (ErrorCode.QUOTA_QPS, 18, "Open api qps request limit reached"),
        (ErrorCode.QUOTA_TOTAL, 19, "Open api total request limit reached"),
    ],
)
def test_who_is_not_admitted(baidu, code: ErrorCode, number: int, text: str) -> None:
    def refuse(request: object) -> Caller:
        raise EdgeFaceError(code)

    with instead(baidu.daemon.services.admission, "baidu", refuse):
        for path in CALLS:
            assert baidu.error(path, {}) == number
            assert baidu.raw(path, {}).json["error_msg"] == text


def test_who_may_what(baidu) -> None:
    """Error 6 for a caller without the role."""
    for path in CALLS:
        needs_admin = "/faceset/" in path
        for role, allowed in (
            (None, False),
            (Role.OBSERVER, False),
            (Role.MATCHER, not needs_admin),
            (Role.ADMIN, True),
        ):
            with _called_by(baidu, role):
                answer = baidu.raw(path, {}).json
            assert (answer.get("error_code") == 6) != allowed, (path, role)
    with _called_by(baidu, Role.MATCHER):
        assert (
            baidu.raw("v3/faceset/group/add", {"group_id": "a"}).json["error_msg"] == "No permission to access data"
        )


@pytest.mark.parametrize(
    "body",
    [b"{", b"[1", b'{"a": NaN}', b"\xff\xfe", b'{"a": "\xff"}', b"[" * 100_000, b'"text"', b"[5]", b"image", b"7"],
)
def test_bodies_that_are_none(baidu, body: bytes) -> None:
    for call in ("v3/detect", "v4/mingjing/match", "v3/faceset/group/add"):
        answer = baidu.raw(call, body).json
        assert (answer["error_code"], answer["error_msg"]) == (216100, "invalid param"), body
    assert baidu.raw("v3/match", body).json["error_code"] == 216100


def test_a_compressed_body(baidu) -> None:
    answer = baidu.raw("v3/detect", b"\x1f\x8b", {"Content-Encoding": "gzip"})
    assert answer.status == 200 and answer.json["error_code"] == 216100


@pytest.mark.parametrize("kind", ["application/json", "application/json;charset=utf-8", "text/plain", "", FORM])
def test_json_under_any_content_type(baidu, collins, kind) -> None:
    headers = kind if isinstance(kind, dict) else {"Content-Type": kind}
    for body in (json.dumps(of(collins)), " \n" + json.dumps(of(collins)), "\ufeff" + json.dumps(of(collins))):
        answer = baidu.raw("v3/detect", body.encode(), headers)
        assert answer.json["result"]["face_num"] == 1


def test_form_fields(baidu, collins, both) -> None:
    for headers in (FORM, {}):
        form = urlencode(of(both, max_face_num=2, face_field="quality,age"))
        answer = baidu.raw("v3/detect", form.encode(), headers).json
        assert answer["result"]["face_num"] == 2 and "quality" in answer["result"]["face_list"][0]
    added = urlencode(of(collins, group_id="forms", user_id="ada", user_info="张 三+&="))
    assert baidu.raw("v3/faceset/user/add", added.encode(), FORM).json["error_code"] == 0
    got = baidu.raw("v3/faceset/user/get", b"group_id=forms&user_id=ada", FORM).json
    assert got["result"]["user_list"] == [{"user_info": "张 三+&=", "group_id": "forms"}]
    assert baidu.raw("v3/detect", b"image=&image_type=BASE64", FORM).json["error_code"] == 222001


def test_too_many_form_fields(baidu) -> None:
    form = "&".join(f"a{number}=1" for number in range(65)).encode()
    assert baidu.raw("v3/faceset/group/getlist", form, FORM).json["error_code"] == 216100


def test_an_empty_body_lacks_parameters(baidu) -> None:
    for body in (b"", b" \n", b"{}", b"[]"):
        assert baidu.raw("v3/detect", body).json["error_code"] == 222001
        assert baidu.raw("v3/faceset/group/add", body).json["error_code"] == 222001
        assert baidu.raw("v3/faceset/group/getlist", body).json["error_code"] == 0
    assert baidu.raw("v3/match", b"").json["error_code"] == 222208


def test_one_library_for_every_app(baidu) -> None:
    baidu("v3/faceset/group/add", group_id="shared")
    answer = baidu.raw(f"{FACE}v3/faceset/group/getusers?appid=other&access_token=x", {"group_id": "shared"})
    assert answer.json["result"] == {"user_id_list": []}


def test_texts_of_format_errors_name_their_parameter() -> None:
    for number, text in errors.TEXTS.items():
        if 222002 <= number <= 222025:
            assert re.fullmatch(r"(param\[\w+\]|group_id|user_info) format error", text), number
