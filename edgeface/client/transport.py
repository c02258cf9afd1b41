"""HTTP over the Unix socket with the standard library: connections that are kept and shared between threads."""

from __future__ import annotations

import http.client
import json
import select
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from edgeface.errors import EdgeFaceError, ErrorCode

_IDLE_S = 30.0
"""Seconds an unused connection is kept: less than the daemon's own 75, so it never closes one under a request."""
_MOST_IDLE = 8


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connected.settimeout(self.timeout)
            connected.connect(str(self._path))
        except BaseException:
            connected.close()
            raise
        self.sock = connected

    @property
    def dropped(self) -> bool:
        """Whether the daemon has closed its end: between requests there is nothing to read but that."""
        return self.sock is None or bool(select.select([self.sock], [], [], 0)[0])


class Transport:
    """Sends requests. Thread-safe: each request has a connection of its own while it lasts."""

    def __init__(self, path: Path, timeout: float) -> None:
        self._path = path
        self._timeout = timeout
        self._lock = threading.Lock()
        self._idle: list[tuple[float, _UnixConnection]] = []

    def close(self) -> None:
        """Close the kept connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close()

    @contextmanager
    def exchange(
        self, method: str, path: str, body: bytes | IO[bytes] | None, headers: Mapping[str, str]
    ) -> Iterator[http.client.HTTPResponse]:
        """One request; the answer may be read inside the block.

        Raises ``UNREACHABLE`` when nobody answers, ``DEADLINE`` when the answer takes longer than the timeout.
        Nothing is ever sent twice.
        """
        connection = self._connection()
        reusable = False
        try:
            response = self._ask(connection, method, path, body, headers)
            yield response
            response.read()
            reusable = not response.will_close
        except TimeoutError as error:
            raise EdgeFaceError(ErrorCode.DEADLINE, f"No answer within {self._timeout:g} s.") from error
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from error
        finally:
            if reusable:
                self._keep(connection)
            else:
                connection.close()

    def _ask(
        self,
        connection: _UnixConnection,
        method: str,
        path: str,
        body: bytes | IO[bytes] | None,
        headers: Mapping[str, str],
    ) -> http.client.HTTPResponse:
        try:
            connection.request(method, path, body=body, headers=dict(headers))
        except (BrokenPipeError, ConnectionResetError):
            # The daemon may refuse a body before it has all of it; its answer is already there.
            return connection.getresponse()
        return connection.getresponse()

    def _connection(self) -> _UnixConnection:
        while True:
            with self._lock:
                if not self._idle:
                    break
                since, connection = self._idle.pop()
            if time.monotonic() - since < _IDLE_S and not connection.dropped:
                return connection
            connection.close()
        return _UnixConnection(self._path, self._timeout)

    def _keep(self, connection: _UnixConnection) -> None:
        with self._lock:
            if len(self._idle) < _MOST_IDLE:
                self._idle.append((time.monotonic(), connection))
                return
        connection.close()

    def _unreachable(self, error: Exception) -> EdgeFaceError:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return EdgeFaceError(ErrorCode.UNREACHABLE, f"{self._path}: {reason}.")


def failure_of(status: int, body: bytes) -> EdgeFaceError:
    """The catalogue entry that an error answer carries; its request id stands in ``context["request_id"]``."""
    try:
        error: dict[str, Any] = json.loads(body)["error"]
        code = ErrorCode.from_wire(error["code"])
        detail = str(error["message"]).removeprefix(code.spec.message).strip()
        return EdgeFaceError(code, detail, **{**(error.get("details") or {}), "request_id": error["request_id"]})
    except (ValueError, KeyError, TypeError):
        return EdgeFaceError(ErrorCode.INTERNAL, f"The daemon answered with status {status}.")
