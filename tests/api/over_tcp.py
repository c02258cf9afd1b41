"""A daemon with its TCP listener on, a clock that tests turn, and dialects that only say who was admitted."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import ssl
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import requests
from aiohttp import web
from requests.adapters import HTTPAdapter

from edgeface.api.auth.caller import Caller
from edgeface.api.auth.clock import Clock
from edgeface.api.certificate import CERTIFICATE_NAME
from edgeface.api.daemon import Daemon
from edgeface.api.dialects.baidu_common import error_body, platform_error
from edgeface.api.dialects.oauth.dialect import OauthDialect
from edgeface.api.services import Services
from edgeface.config import Config, KeyConfig, TcpConfig
from edgeface.errors import EdgeFaceError
from edgeface.types import Role
from tests.api.running import Running, make_config
from tests.api.wire import Answer

AK, SK = "BaiduAccessKey0001", "the-secret-of-baidu-0001"
SID, SKEY = "AKIDtencent0002", "the-secret-of-tencent-0002"
ADMIN_KEY, ADMIN_SECRET = "AdminKey0003", "the-secret-of-admin-0003"
KEYS = (
    {"app_id": "10000001", "key": AK, "secret": SK},
    {"app_id": "10000002", "key": SID, "secret": SKEY},
    {"app_id": "10000003", "key": ADMIN_KEY, "secret": ADMIN_SECRET, "role": "admin"},
)


class HandClock:
    """A clock that stands still until it is turned. It begins at the real time, which published clients sign."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.ticks = 1000.0

    def clock(self) -> Clock:
        return Clock(now=lambda: self.now, monotonic=lambda: self.ticks)


def _said(caller: Caller) -> dict[str, Any]:
    return {"role": caller.role.value if caller.role else None, "key": caller.key}


class Baidu:
    """Admits, and says whom: ``/rest/2.0/face/...``; whatever is of a faceset is for admins."""

    name = "baidu"
    prefixes: tuple[str, ...] = ("/rest/2.0/face/",)

    def routes(self, services: Services) -> Iterable[web.RouteDef]:
        async def handle(request: web.Request) -> web.Response:
            await request.content.read()
            caller = services.admission.baidu(request)
            if "faceset" in request.path:
                caller.require(Role.ADMIN)
            return web.json_response({"error_code": 0, "error_msg": "SUCCESS", "result": _said(caller)})

        return [web.post("/rest/2.0/face/{call:.*}", handle)]

    def failure(self, error: EdgeFaceError, request_id: str) -> web.Response:
        number, text = platform_error(error) or (222001, error.message)
        return web.json_response({**error_body(number, text, 1), "code": error.code.code, **error.context})


class Tencent:
    """Admits by the ``appid`` of a JSON or multipart body, and says whom: ``/face/...``."""

    name = "tencent"
    prefixes: tuple[str, ...] = ("/face/",)

    def routes(self, services: Services) -> Iterable[web.RouteDef]:
        async def handle(request: web.Request) -> web.Response:
            body = await request.content.read()
            if body.startswith(b"{"):
                app_id = json.loads(body)["appid"]
            else:
                part = re.search(rb'name="appid".*?\r\n\r\n(.*?)\r\n', body, re.DOTALL)
                app_id = part[1].decode() if part else ""
            return web.json_response({"code": 0, "data": _said(services.admission.tencent(request, app_id))})

        return [web.post("/face/{call}", handle)]

    def failure(self, error: EdgeFaceError, request_id: str) -> web.Response:
        return web.json_response({"code": error.code.code, **error.context})


class CloudWalk:
    """Admits by two headers, and says whom: ``/walk/...``."""

    name = "walk"
    prefixes: tuple[str, ...] = ("/walk/",)

    def routes(self, services: Services) -> Iterable[web.RouteDef]:
        async def handle(request: web.Request) -> web.Response:
            shown = (request.headers.get(name, "") for name in ("app_id", "app_secret"))
            return web.json_response({"result": 0, **_said(services.admission.cloudwalk(request, *shown))})

        return [web.post("/walk/{call}", handle)]

    def failure(self, error: EdgeFaceError, request_id: str) -> web.Response:
        return web.json_response({"code": error.code.code, **error.context})


class RunningOverTcp(Running):
    def __init__(self, config: Config, clock: HandClock | None = None) -> None:
        self.clock = clock
        super().__init__(config)

    async def _made(self) -> Daemon:
        dialects = (OauthDialect(), Baidu(), Tencent(), CloudWalk())
        return Daemon(self.config, dialects=dialects, clock=self.clock.clock() if self.clock else None)

    @property
    def port(self) -> int:
        assert self.daemon.tcp is not None
        return self.daemon.tcp.address[1]

    @property
    def certificate(self) -> Path:
        return self.config.tcp.certificate or self.config.state_dir / CERTIFICATE_NAME

    def connection(self) -> http.client.HTTPConnection:
        """Over TLS, verified against the daemon's certificate; in the clear where it speaks no TLS."""
        if not self.config.tcp.tls:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        context = ssl.create_default_context(cafile=str(self.certificate))
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=context)

    def call(
        self, method: str, target: str, body: Any = None, headers: dict[str, str] | None = None, **options: Any
    ) -> Answer:
        """One request on a connection of its own. A dict as body is sent as JSON."""
        connection = self.connection()
        try:
            data = json.dumps(body).encode() if isinstance(body, dict) else body
            connection.request(method, target, body=data, headers=headers or {}, **options)
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def token(self, key: str = AK, secret: str = SK) -> str:
        query = f"grant_type=client_credentials&client_id={key}&client_secret={secret}"
        return str(self.call("GET", f"/oauth/2.0/token?{query}").json["access_token"])

    def detect(self, token: str) -> Answer:
        return self.call("POST", f"/rest/2.0/face/v3/detect?access_token={token}", b"{}")


def tcp_config(folder: Path, *, keys: Iterable[dict[str, Any]] = KEYS, **tcp: Any) -> Config:
    config = make_config(folder)
    listener = TcpConfig.model_validate({"enabled": True, "port": 0, **tcp})
    pairs = tuple(KeyConfig.model_validate(key) for key in keys)
    return config.model_copy(update={"tcp": listener, "keys": pairs})


@contextmanager
def folder_of_its_own() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="ef"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def started(config: Config, clock: HandClock | None = None) -> Iterator[RunningOverTcp]:
    daemon = RunningOverTcp(config, clock)
    try:
        yield daemon
    finally:
        daemon.close()


@contextmanager
def running_over_tcp(clock: HandClock | None = None, **tcp: Any) -> Iterator[RunningOverTcp]:
    with folder_of_its_own() as folder, started(tcp_config(folder, **tcp), clock) as daemon:
        yield daemon


def plain(daemon: RunningOverTcp) -> socket.socket:
    """A connection that has not begun to speak TLS."""
    return socket.create_connection(("127.0.0.1", daemon.port), timeout=20)


@contextmanager
def redirected(daemon: RunningOverTcp) -> Iterator[None]:
    """Every request of the ``requests`` library goes to the listener, whatever address and scheme it names."""
    adapter = _TcpAdapter(daemon)
    with mock.patch.object(requests.Session, "get_adapter", lambda self, url: adapter):
        yield


class _TcpAdapter(HTTPAdapter):
    """Transport only. TLS is verified against the daemon's own certificate, also where the client would not."""

    def __init__(self, daemon: RunningOverTcp) -> None:
        super().__init__()
        self._daemon = daemon

    def send(self, request: Any, **options: Any) -> Any:
        moved = request.copy()
        moved.url = f"https://127.0.0.1:{self._daemon.port}{request.path_url}"
        return super().send(moved, **{**options, "verify": str(self._daemon.certificate)})
