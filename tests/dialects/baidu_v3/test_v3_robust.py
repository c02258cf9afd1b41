"""Whatever a parameter's value is, a call ends in an entry of the catalogue and never in a fault of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edgeface.api.dialects.baidu_v3.dialect import baidu_v3_dialects
from edgeface.api.dialects.pictures import Pictures, WantsUrl
from edgeface.api.submissions import Message
from edgeface.errors import EdgeFaceError, ErrorCode
from tests.dialects.baidu_v3.v3_calls import NUMBER

CALLS = {call.path: call for dialect in baidu_v3_dialects() for call in dialect.calls}  # type: ignore[attr-defined]
STRANGE: list[Any] = [
    *(None, True, False, 0, -1, 10**30, 1.5, 1e308, "", " ", ",", "@ALL", "0", "x" * 3000, "\x00", "\ud800", "人"),
    *([], {}, [[]], [None], ["a"], {"a": {"b": []}}, "[", "[[]]", "null", "1e5", "http://[::1", "data:;base64,"),
]
GIVEN: dict[str, Any] = {
    "image": "aGVsbG8=",
    "image_type": "BASE64",
    "register_image": "aGVsbG8=",
    "register_image_type": "BASE64",
    "image_list": ["aGVsbG8="],
    "sdk_version": "1",
    "face_field": "quality",
    "max_face_num": 1,
    "face_type": "LIVE",
    "quality_control": "NONE",
    "liveness_control": "NONE",
    "spoofing_control": "NONE",
    "group_id_list": "robust",
    "match_threshold": 80,
    "max_user_num": 1,
    "group_id": "robust",
    "user_id": "nobody",
    "user_info": "",
    "action_type": "REPLACE",
    "face_token": "t",
    "src_group_id": "robust",
    "dst_group_id": "robust2",
    "start": 0,
    "length": 10,
    "id_card_number": NUMBER,
    "name": "张三",
    "face_sort_type": 0,
    "app": "ios",
    "sec_level": "common",
    "option": "COMMON",
    "risk_identify": False,
    "appid": "1",
}


@pytest.mark.parametrize("path", CALLS)
def test_strange_values(daemon, path: str) -> None:
    changed = [{name: value} for name in GIVEN for value in STRANGE]
    changed += [{"image_type": kind, "image": text} for kind in ("URL", "FACE_TOKEN") for text in STRANGE]
    for change in changed:
        given = GIVEN | change
        body = json.dumps([given, given] if path.endswith("v3/match") else given).encode()
        try:
            CALLS[path].use(daemon.engine, Message(body=body), Pictures())
        except EdgeFaceError as error:
            assert error.code is not ErrorCode.INTERNAL, change
        except WantsUrl:
            pass
