"""A web server of the test's own, from which pictures can be fetched in good ways and bad ones."""

from __future__ import annotations

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

PICTURE = b"\xff\xd8 not really a picture"
LIMIT = 4096
"""Bytes of /exact; /large has one more."""


class Site:
    """``asked``: the paths that were asked for, ``headers``: with which headers."""

    picture = PICTURE

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.release = threading.Event()
        self.waiting = 0
        self.most_waiting = 0
        self._lock = threading.Lock()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                site.headers.append(dict(self.headers))
                site.answer(self)

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path, _, target = request.path.partition("?")
        if path == "/redirect":
            self._send(request, 302, b"", Location=unquote(target))
        elif path == "/loop":
            self._send(request, 302, b"", Location="/loop")
        elif path.startswith("/hops/"):
            left = int(path.removeprefix("/hops/"))
            self._send(request, 307, b"", Location=f"/hops/{left - 1}" if left > 1 else "/picture")
        elif path == "/nowhere":
            self._send(request, 301, b"")
        elif path == "/large":
            self._send(request, 200, b"x" * (LIMIT + 1))
        elif path == "/exact":
            self._send(request, 200, b"x" * LIMIT)
        elif path == "/endless":  # no length is declared
            request.send_response(200)
            request.end_headers()
            try:
                while True:
                    request.wfile.write(b"x" * 1024)
            except OSError:
                pass
        elif path == "/bomb":
            self._send(request, 200, gzip.compress(b"\0" * 50_000_000), **{"Content-Encoding": "gzip"})
        elif path == "/short":
            request.send_response(200)
            request.send_header("Content-Length", "1000")
            request.end_headers()
            request.wfile.write(b"x")
        elif path == "/slow":
            with self._lock:
                self.waiting += 1
                self.most_waiting = max(self.waiting, self.most_waiting)
            self.release.wait(20)
            with self._lock:
                self.waiting -= 1
            self._send(request, 200, PICTURE)
        elif path.startswith("/status/"):
            status = int(path.removeprefix("/status/"))
            self._send(request, status, b"" if status in (204, 304) else PICTURE)
        else:
            self._send(request, 200, self.picture)

    def _send(self, request: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
        try:
            request.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                request.send_header(name, value)
            request.end_headers()
            request.wfile.write(body)
        except OSError:
            pass  # the fetcher has gone

    def close(self) -> None:
        self.release.set()
        self.server.shutdown()
        self.server.server_close()
