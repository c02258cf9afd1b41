"""A real daemon of one's own: a process with a temporary state directory and socket."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from edgeface.errors import EdgeFaceError, ErrorCode

if TYPE_CHECKING:
    from edgeface.client import Client

_START_S = 120.0  # a Pi 3 opens and measures every model in half a minute
_STOP_S = 15.0


@contextmanager
def temporary_daemon(config_file: Path | None = None) -> Iterator[tuple[Client, float]]:
    """Start ``edgeface serve`` and yield a client and the seconds until it was ready; stop and erase it at the end.

    Raises ``UNREACHABLE`` with the daemon's last words when it does not come up.
    """
    from edgeface.client import Client

    with tempfile.TemporaryDirectory(prefix="edgeface-demo-") as folder:
        socket = Path(folder) / "edgeface.sock"
        log = Path(folder) / "daemon.log"
        command = [sys.executable, "-m", "edgeface.cli", "--state-dir", f"{folder}/state", "--socket", str(socket)]
        if config_file is not None:
            command += ["--config", str(config_file)]
        environment = {**os.environ, "EDGEFACE_SERVER__SOCKET_GROUP": ""}
        start = time.monotonic()
        with log.open("wb") as words:
            process = subprocess.Popen([*command, "serve"], stdout=words, stderr=words, env=environment)  # noqa: S603
        try:
            client = Client(socket)
            try:
                _await_ready(client, process, log, start + _START_S)
                yield client, time.monotonic() - start
            finally:
                client.close()
        finally:
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await_ready(client: Client, process: subprocess.Popen[bytes], log: Path, until: float) -> None:
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            if client.ready().ready:
                return
        except EdgeFaceError:
            pass
        time.sleep(0.02)
    last = log.read_text(errors="replace").strip().splitlines()[-3:]
    raise EdgeFaceError(ErrorCode.UNREACHABLE, f"The daemon did not start: {' / '.join(last) or 'it said nothing'}")
