"""How an answer is wrapped. Version 3 has one form, version 4 another, and the voice code a third."""

from __future__ import annotations

import secrets
import time
from typing import Any, Protocol

from aiohttp import web

from edgeface.api.dialects.baidu_common import error_body, json_response, new_log_id
from edgeface.api.dialects.baidu_v3.errors import number_and_text
from edgeface.api.dialects.vendor import Reply
from edgeface.errors import EdgeFaceError

_SERVER_LOG_DIGITS = 10  # "serverlogid": "0587756642"


class Envelope(Protocol):
    """One way to wrap."""

    def success(self, reply: Reply) -> web.Response:
        """A use case's answer."""

    def failure(self, error: EdgeFaceError) -> web.Response:
        """An entry of the catalogue."""


class Version3:
    """``error_code, error_msg, log_id, timestamp, cached, result`` ("人脸搜索 M:N 识别 返回示例")."""

    def success(self, reply: Reply) -> web.Response:
        """Some examples of the document show ``result`` alone, or leave it out where there is none: ``null``."""
        return json_response(self._body(0, "SUCCESS", reply.result), reply.withheld)

    def failure(self, error: EdgeFaceError) -> web.Response:
        """With ``result`` null."""
        return json_response(self._body(*number_and_text(error), None))

    @staticmethod
    def _body(number: int, text: str, result: Any) -> dict[str, Any]:
        return {
            **error_body(number, text, new_log_id()),
            "timestamp": int(time.time()),
            "cached": 0,
            "result": result,
        }


class Version4:
    """``log_id`` and ``result``; 0 and SUCCESS besides, so that one check fits every call."""

    def success(self, reply: Reply) -> web.Response:
        """ "人脸实名认证V4", "人脸比对V4"."""
        return json_response({**error_body(0, "SUCCESS", new_log_id()), "result": reply.result}, reply.withheld)

    def failure(self, error: EdgeFaceError) -> web.Response:
        """ "错误返回格式"."""
        return json_response(error_body(*number_and_text(error), new_log_id()))


class Liveness4:
    """As version 4, with the types of its own table: ``log_id`` is a string, and ``error_msg`` "success"."""

    def success(self, reply: Reply) -> web.Response:
        """ "在线图片活体V4"."""
        return json_response({**self._body(0, "success"), "result": reply.result}, reply.withheld)

    def failure(self, error: EdgeFaceError) -> web.Response:
        """ "错误返回格式"."""
        return json_response(self._body(*number_and_text(error)))

    @staticmethod
    def _body(number: int, text: str) -> dict[str, Any]:
        body = error_body(number, text, new_log_id())
        return {**body, "log_id": str(body["log_id"])}


class VoiceCode:
    """``err_no, err_msg, result, timestamp, cached, serverlogid`` ("语音校验码接口")."""

    def success(self, reply: Reply) -> web.Response:
        """Here 0 is called ``err_no``."""
        return json_response(self._body(0, "SUCCESS") | {"result": reply.result}, reply.withheld)

    def failure(self, error: EdgeFaceError) -> web.Response:
        """Both this call's names and those of "错误返回格式", which the vendor's clients look at."""
        number, text = number_and_text(error)
        return json_response(self._body(number, text) | error_body(number, text, new_log_id()))

    @staticmethod
    def _body(number: int, text: str) -> dict[str, Any]:
        return {
            "err_no": number,
            "err_msg": text,
            "timestamp": int(time.time()),
            "cached": 0,
            "serverlogid": f"{secrets.randbelow(10**_SERVER_LOG_DIGITS):0{_SERVER_LOG_DIGITS}d}",
        }
