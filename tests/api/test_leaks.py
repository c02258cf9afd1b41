"""After many failing calls nothing is left: no descriptor, no file, no body, no thread, no slot."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from pathlib import Path

from tests.api.running import running
from tests.api.wire import ask, connected


def descriptors() -> Counter[str]:
    """How many open descriptors point to each thing, by its kind; what closes while one looks is not counted."""
    targets = (_target(item) for item in Path("/proc/self/fd").iterdir())
    return Counter(re.sub(r"\d+", "N", target) for target in targets if target)


def grown_since(before: Counter[str]) -> Counter[str]:
    """What is still open that was not: the kernel and the loop may take a moment to close a hung-up connection."""
    for _ in range(300):
        if not (grown := descriptors() - before):
            break
        time.sleep(0.02)
    return grown


def test_failing_calls_leave_nothing_behind(portrait: bytes, no_face: bytes) -> None:
    passphrase = {"X-EdgeFace-Passphrase": "long%20enough%20passphrase"}
    with running(workers=2, queue=2) as daemon:
        path = daemon.socket

        def round_of_failures() -> None:
            for body, headers in (
                (b"", {}),
                (b"{", {"Content-Type": "application/json"}),
                (b"x" * 3_000_000, {"Content-Type": "image/jpeg"}),
                (portrait[:2000], {"Content-Type": "image/jpeg"}),
                (b"GIF89a", {"Content-Type": "image/gif"}),
                (b"--x", {"Content-Type": "multipart/form-data; boundary=x"}),
            ):
                assert ask(path, "POST", "/v1/detect", body, headers).status >= 400
            assert ask(path, "POST", "/v1/embed", no_face, {"Content-Type": "image/jpeg"}).code == "no_face"
            assert ask(path, "POST", "/v1/gallery/import", b"no archive", passphrase).status == 422
            assert ask(path, "POST", "/v1/gallery/import", b"no archive").status == 400
            for fragment in (
                b"",
                b"GET",
                b"\0\0\r\n\r\n",
                b"POST /v1/detect HTTP/1.1\r\nContent-Length: 9\r\n\r\nab",
            ):
                with connected(path) as sock:
                    sock.sendall(fragment)
            with connected(path) as sock:
                sock.sendall(b"POST /v1/gallery/import HTTP/1.1\r\nX-EdgeFace-Passphrase: abcdefgh\r\n")
                sock.sendall(b"Content-Length: 99\r\n\r\nx")

        def settled() -> tuple[int, int, int]:
            for _ in range(300):
                connections = daemon.daemon._server._connections.open
                if not connections and not daemon.services.bodies.held_bytes and not daemon.services.calls.running:
                    break
                time.sleep(0.02)
            return connections, daemon.services.bodies.held_bytes, daemon.services.calls.running

        for _ in range(3):
            round_of_failures()
        assert settled() == (0, 0, 0)
        before, threads = descriptors(), threading.active_count()
        for _ in range(15):
            round_of_failures()
        assert settled() == (0, 0, 0)
        assert not grown_since(before)
        assert threading.active_count() <= threads + 4  # the default executor grows to its size
        transfer = daemon.config.state_dir / "transfer"
        assert not transfer.exists() or not list(transfer.iterdir())
        leftovers = [item for item in Path("/proc/self/fd").iterdir() if "deleted" in _target(item)]
        assert not [item for item in leftovers if str(daemon.config.state_dir) in _target(item)]
        assert ask(path, "POST", "/v1/detect", portrait, {"Content-Type": "image/jpeg"}).status == 200


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""
