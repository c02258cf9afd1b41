"""Raw HTTP over a Unix socket, so that tests see what is on the wire and not what our client makes of it."""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float = 20.0) -> None:
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = connected(self.path, self.timeout)


def connected(path: Path, timeout: float | None = 20.0) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(timeout)
    sock.connect(str(path))
    return sock


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The error's code; fails when this is not a well-formed error answer."""
        error = self.json["error"]
        assert set(error) - {"details"} == {"code", "message", "retryable", "request_id"}
        assert error["request_id"] == self.headers["x-request-id"]
        assert error["message"]
        return error["code"]


def ask(
    path: Path, method: str, target: str, body: Any = None, headers: dict[str, str] | None = None, **options: Any
) -> Answer:
    """One request on a connection of its own. A dict as body is sent as JSON."""
    connection = UnixConnection(path)
    given = dict(headers or {})
    if isinstance(body, dict):
        body = json.dumps(body).encode()
        given.setdefault("Content-Type", "application/json")
    try:
        connection.request(method, target, body=body, headers=given, **options)
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


def read_answer(sock: socket.socket) -> Answer:
    """One answer read from a raw socket."""
    response = http.client.HTTPResponse(sock)
    response.begin()
    body = response.read()
    return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, body)


def multipart(**fields: bytes | str) -> tuple[bytes, dict[str, str]]:
    body = b""
    for name, value in fields.items():
        data = value if isinstance(value, bytes) else value.encode()
        body += b'--xyz\r\nContent-Disposition: form-data; name="' + name.encode() + b'"\r\n\r\n' + data + b"\r\n"
    return body + b"--xyz--\r\n", {"Content-Type": "multipart/form-data; boundary=xyz"}
