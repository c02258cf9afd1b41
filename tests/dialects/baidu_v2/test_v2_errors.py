"""The forms of requests and failures: every number of the documents that can occur here."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_plus

import numpy as np
import pytest

from edgeface.api.auth.caller import Caller
from edgeface.api.dialects.baidu_v2.dialect import BaiduV2
from edgeface.api.dialects.baidu_v2.errors import TEXTS
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import Role
from tests import pictures
from tests.api.running import Running
from tests.api.wire import ask, multipart
from tests.dialects.baidu_v2.baidu_v2_wire import FORM, b64, call, error, failure, fill, group, raw

PLATFORM = {4, 6, 14, 17, 18, 19, 100, 110, 111}
"""The documents' numbers below 1000, and 6, which later documents add for a missing permission."""
ROOT = "/rest/2.0/face/"


def failing(monkeypatch: pytest.MonkeyPatch, target: Any, name: str, code: ErrorCode) -> None:
    def raising(*arguments: Any, **more: Any) -> Any:
        raise EdgeFaceError(code)

    monkeypatch.setattr(target, name, raising)


@pytest.mark.parametrize("code", list(ErrorCode), ids=lambda code: code.code)
def test_every_failure_has_a_documented_number_and_text(code: ErrorCode) -> None:
    response = BaiduV2().failure(EdgeFaceError(code), "id")
    assert response.status == 200
    body = json.loads(response.body)
    assert set(body) == {"error_code", "error_msg", "log_id"}
    assert body["error_code"] in set(TEXTS) | PLATFORM
    if body["error_code"] in TEXTS:
        assert body["error_msg"].startswith(TEXTS[body["error_code"]])


@pytest.mark.parametrize(
    ("code", "number", "text"),
    [
        (ErrorCode.BUSY, 4, "Open api request limit reached"),
        (ErrorCode.FORBIDDEN, 6, "No permission to access data"),
        (ErrorCode.FEATURE_UNAVAILABLE, 216015, "module closed"),
        (ErrorCode.GALLERY_CORRUPT, 216300, "db error"),
        (ErrorCode.STORAGE_FULL, 216300, "db error"),
        (ErrorCode.DEADLINE, 216400, "backend error: The call did not finish in time."),
        (ErrorCode.INTERNAL, 216401, "internal error"),
        (ErrorCode.PACK_INVALID, 216500, "unknown error"),
    ],
)
def test_failures_of_the_device(
    daemon: Running, hopper: bytes, monkeypatch: pytest.MonkeyPatch, code: ErrorCode, number: int, text: str
) -> None:
    failing(monkeypatch, daemon.engine, "detect", code)
    body = failure(raw(daemon, "v2/detect", image=hopper))
    assert (body["error_code"], body["error_msg"]) == (number, text)


def test_a_bug_is_an_internal_error(daemon: Running, hopper: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon.engine, "detect", None)
    assert error(daemon, "v2/detect", image=hopper) == 216401


@pytest.mark.parametrize(
    ("code", "number", "text"),
    [
        (ErrorCode.KEY_UNKNOWN, 14, "IAM Certification failed"),
        (ErrorCode.SIGNATURE_INVALID, 14, "IAM Certification failed"),
        (ErrorCode.QUOTA_DAY, 17, "Open api daily request limit reached"),
        (ErrorCode.QUOTA_QPS, 18, "Open api qps request limit reached"),
        (ErrorCode.QUOTA_TOTAL, 19, "Open api total request limit reached"),
        (ErrorCode.UNAUTHORIZED, 100, "Invalid parameter"),
        (ErrorCode.ACCESS_TOKEN_INVALID, 110, "Access token invalid or no longer valid"),
        (ErrorCode.ACCESS_TOKEN_EXPIRED, 111, "Access token expired"),
    ],
)
def test_failures_of_admission(
    daemon: Running, monkeypatch: pytest.MonkeyPatch, code: ErrorCode, number: int, text: str
) -> None:
    failing(monkeypatch, daemon.services.admission, "baidu", code)
    for path in ("v1/detect", "v2/match", "v2/faceset/group/getlist"):
        body = failure(raw(daemon, path))
        assert (body["error_code"], body["error_msg"]) == (number, text)


@pytest.mark.parametrize("code", [ErrorCode.STORAGE_FULL, ErrorCode.STORAGE_READ_ONLY])
def test_a_deletion_that_the_storage_refuses(
    daemon: Running, monkeypatch: pytest.MonkeyPatch, code: ErrorCode
) -> None:
    failing(monkeypatch, daemon.engine, "leave_groups", code)
    body = failure(raw(daemon, "v2/faceset/user/delete", uid="u"))
    assert (body["error_code"], body["error_msg"]) == (216613, "fail to delete user record")


@pytest.mark.parametrize("code", [ErrorCode.LIMIT_USERS, ErrorCode.LIMIT_GROUPS])
def test_a_full_gallery(daemon: Running, hopper: bytes, monkeypatch: pytest.MonkeyPatch, code: ErrorCode) -> None:
    failing(monkeypatch, daemon.engine, "enrol_in_groups", code)
    fields = {"uid": "u", "user_info": "", "group_id": group(), "image": hopper}
    body = failure(raw(daemon, "v2/faceset/user/add", **fields))
    assert (body["error_code"], body["error_msg"]) == (216631, "request add user overlimit")


def test_the_device_has_5000_groups_and_20000_users_in_each(daemon: Running) -> None:
    limits = daemon.engine.config.gallery.limits
    assert (limits.max_groups, limits.max_users_per_group, limits.max_faces_per_user) == (5000, 20000, 20)


@pytest.mark.parametrize("path", ["v2/nothing", "v2/faceset/user", "v2/", "v2/faceset/user/add/", "v1/detect/x"])
def test_an_unknown_service(daemon: Running, path: str) -> None:
    body = failure(raw(daemon, path))
    assert (body["error_code"], body["error_msg"]) == (216102, "service not support")


@pytest.mark.parametrize("path", ["v1/detect", "v2/detect", "v2/match", "v2/identify", "v2/faceset/user/add"])
def test_other_calls_are_posted(daemon: Running, path: str) -> None:
    assert error(daemon, path, "GET") == 216102
    assert error(daemon, path, "PUT") == 216102


def test_roles(daemon: Running, hopper: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may match may not change or list."""
    monkeypatch.setattr(daemon.services.admission, "baidu", lambda request: Caller(Role.MATCHER))
    name = group()
    fill(daemon, name, 1)
    assert call(daemon, "v2/identify", group_id=name, image=hopper)["result_num"] == 1
    for path in ("user/add", "user/update", "user/delete", "user/get", "group/getlist", "group/getusers",
                 "group/adduser", "group/deleteuser"):  # fmt: skip
        assert error(daemon, f"v2/faceset/{path}", uid="user0", group_id=name) == 6


def test_access_token_and_the_clients_own_parameters_are_passed_over(daemon: Running, hopper: bytes) -> None:
    target = ROOT + "v1/detect?access_token=24.f9ba9c5241b67688bb4adbed8bc91dec.2592000.1485570332.282335-8574074"
    body = f"image={quote_plus(b64(hopper))}&unknown=1&access=".encode()
    answer = ask(daemon.socket, "POST", target + "&aipSdk=python&aipVersion=2_0_0", body, FORM)
    assert answer.json["result_num"] == 1


def test_the_example_of_signed_headers(daemon: Running, hopper: bytes) -> None:
    signature = "994014d96b0eb26578e039fa053a4f9003425da4bfedf33f4790882fb4c54903"
    headers = {
        "accept-encoding": "gzip, deflate",
        "x-bce-date": "2015-03-24T13:02:00Z",
        "connection": "keep-alive",
        "accept": "*/*",
        "host": "aip.baidubce.com",
        "x-bce-request-id": "73c4e74c-3101-4a00-bf44-fe246959c05e",
        "content-type": "application/x-www-form-urlencoded",
        "authorization": "bce-auth-v1/46bd9968a6194b4bbdf0341f2286ccce/2015-03-24T13:02:00Z/1800/host;x-bce-date/"
        + signature,
    }
    body = f"image={quote_plus(b64(hopper))}".encode()
    answer = ask(daemon.socket, "POST", ROOT + "v1/detect", body, headers)
    assert answer.json["result_num"] == 1  # on the Unix socket the kernel says who calls


def test_other_content_types_are_refused(daemon: Running, hopper: bytes) -> None:
    for body, headers in (
        ({"image": b64(hopper)}, None),
        multipart(image=hopper),
        (hopper, {"Content-Type": "image/jpeg"}),
    ):
        found = failure(ask(daemon.socket, "POST", ROOT + "v2/detect", body, headers))
        assert found["error_code"] == 216100
        assert found["error_msg"] == "invalid param: Send application/x-www-form-urlencoded."


def test_a_content_type_may_name_its_charset_or_be_missing(daemon: Running, hopper: bytes) -> None:
    body = f"image={quote_plus(b64(hopper))}".encode()
    for headers in ({"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}, {"Content-Type": ""}):
        assert ask(daemon.socket, "POST", ROOT + "v2/detect", body, headers).json["result_num"] == 1


def test_parameters_may_stand_in_the_query_of_a_get(daemon: Running) -> None:
    name = group()
    fill(daemon, name, 2)
    answer = ask(daemon.socket, "GET", f"{ROOT}v2/faceset/group/getusers?group_id={name}&num=1&start=1")
    assert [user["uid"] for user in answer.json["result"]] == ["user1"]


@pytest.mark.parametrize("body", [b"uid=a&uid=b", b"uid=a&uid=a"])
def test_a_parameter_given_twice_is_refused(daemon: Running, body: bytes) -> None:
    answer = ask(daemon.socket, "POST", ROOT + "v2/faceset/user/get", body, FORM)
    assert failure(answer)["error_msg"] == "invalid param: uid is given twice."
    answer = ask(daemon.socket, "POST", ROOT + "v2/faceset/user/get?uid=a", b"uid=b", FORM)
    assert failure(answer)["error_code"] == 216100


def test_text_is_utf_8(daemon: Running, hopper: bytes) -> None:
    assert (
        failure(ask(daemon.socket, "POST", ROOT + "v2/faceset/user/get", b"uid=%ff%fe", FORM))["error_code"] == 216100
    )
    assert (
        failure(ask(daemon.socket, "POST", ROOT + "v2/faceset/user/get", b"uid=\xff", FORM))["error_code"] == 216100
    )


def test_a_form_has_64_fields_at_most(daemon: Running) -> None:
    name = group()
    fill(daemon, name, 1)
    fields = f"group_id={name}" + "".join(f"&f{number}=" for number in range(63))
    answer = ask(daemon.socket, "POST", ROOT + "v2/faceset/group/getusers", fields.encode(), FORM)
    assert answer.json["result_num"] == 1
    answer = ask(daemon.socket, "POST", ROOT + "v2/faceset/group/getusers", (fields + "&g=").encode(), FORM)
    assert failure(answer)["error_code"] == 216100


def test_a_body_beyond_the_devices_limit_is_too_long(daemon: Running) -> None:
    headers = {**FORM, "Content-Length": str(24 * 1024 * 1024 + 1)}
    connection_answer = ask(daemon.socket, "POST", ROOT + "v2/match", b"", headers)
    body = failure(connection_answer)
    assert (body["error_code"], body["error_msg"]) == (216103, "param too long")


@pytest.mark.parametrize(
    ("image", "number", "text"),
    [
        (b"", 216200, "empty image"),
        (b"GIF89a" + bytes(50), 216201, "image format error"),
        (b"\xff\xd8\xff\xe0 no more", 216201, "image format error"),
    ],
)
def test_pictures_that_cannot_be_used(daemon: Running, image: bytes, number: int, text: str) -> None:
    body = failure(raw(daemon, "v2/detect", image=image))
    assert (body["error_code"], body["error_msg"]) == (number, text)


def test_a_picture_with_too_many_or_too_few_pixels(daemon: Running) -> None:
    for height, width in ((10, 10), (4001, 4001)):
        image = pictures.encoded(np.zeros((height, width, 3), np.uint8), ".png")
        body = failure(raw(daemon, "v2/detect", image=image))
        assert (body["error_code"], body["error_msg"]) == (216202, "image size error")


def test_log_ids_differ(daemon: Running) -> None:
    ids = {raw(daemon, "v2/faceset/group/getlist").json["log_id"] for _ in range(5)}
    assert len(ids) == 5
