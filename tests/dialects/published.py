"""The vendors' own Python clients, as published, pointed at our socket by their transport only.

``make test`` puts each into ``<venv>/clients/<name>-<version>``; without them the tests that need them are skipped.
"""

from __future__ import annotations

import importlib
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

CLIENTS = Path(sys.prefix) / "clients"


def published(distribution: str, version: str, package: str) -> ModuleType:
    """Import one version of a client, without leaving it where another version would find it."""
    folder = CLIENTS / f"{distribution}-{version}"
    if not folder.is_dir():
        pytest.skip(f"the client {distribution} {version} is not installed: make clients")

    def forget() -> None:
        for name in [name for name in sys.modules if name == package or name.startswith(package + ".")]:
            del sys.modules[name]

    forget()
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(package)
    finally:
        sys.path.remove(str(folder))
        forget()


@contextmanager
def through(path: Path) -> Iterator[None]:
    """Every request of the ``requests`` library goes to this Unix socket, whatever address it names."""
    adapter = UnixAdapter(path)
    with mock.patch.object(requests.Session, "get_adapter", lambda self, url: adapter):
        yield


class UnixAdapter(HTTPAdapter):
    """Transport only: the request is sent as the client made it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._pool = _Pool(path)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
        return self._pool

    def get_connection(self, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
        return self._pool

    def request_url(self, request: Any, proxies: Any) -> str:
        return str(request.path_url)

    def cert_verify(self, *args: Any, **kwargs: Any) -> None:
        """There is no TLS on a Unix socket."""


class _Connection(HTTPConnection):
    def __init__(self, path: Path, **kwargs: Any) -> None:
        super().__init__("localhost", **kwargs)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(20)
        self.sock.connect(str(self._path))


class _Pool(HTTPConnectionPool):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def _new_conn(self) -> Any:
        return _Connection(self._path)
