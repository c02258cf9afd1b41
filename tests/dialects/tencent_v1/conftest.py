from __future__ import annotations

import http.server
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from tencent_calls import Tencent

from edgeface.config import FetchConfig
from tests import pictures
from tests.api.running import Running, make_config, running


@pytest.fixture(scope="package")
def daemon() -> Iterator[Running]:
    """Large enough for the six megabytes of ``idcardcompare``."""
    with running(max_request_bytes=7 * 1024 * 1024) as started:
        yield started


@pytest.fixture(scope="package")
def tencent(daemon: Running) -> Tencent:
    return Tencent(daemon.socket)


@pytest.fixture(scope="package")
def fetching() -> Iterator[Running]:
    """A daemon that may fetch pictures from this machine."""
    folder = Path(tempfile.mkdtemp(prefix="ef"))
    config = make_config(folder).model_copy(update={"fetch": FetchConfig(enabled=True, hosts=("127.0.0.1",))})
    daemon = Running(config)
    try:
        yield daemon
    finally:
        daemon.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def astronaut() -> bytes:
    return pictures.encoded(pictures.astronaut(), ".jpg", cv2.IMWRITE_JPEG_QUALITY, 85)


@pytest.fixture(scope="session")
def astronaut_again() -> bytes:
    """Another picture of the same person, not nearly the same."""
    picture = pictures.blurred(pictures.moved(pictures.astronaut(), scale=0.75, degrees=12), 1.2)
    return pictures.encoded(pictures.darkened(picture, 0.6), ".jpg", cv2.IMWRITE_JPEG_QUALITY, 60)


@pytest.fixture(scope="session")
def astronaut_nearly() -> bytes:
    """The same picture in other bytes."""
    return pictures.encoded(pictures.astronaut(), ".png")


@pytest.fixture(scope="session")
def hopper() -> bytes:
    return pictures.encoded(pictures.hopper(), ".jpg", cv2.IMWRITE_JPEG_QUALITY, 85)


@pytest.fixture(scope="session")
def no_face() -> bytes:
    ramp = np.linspace(60, 190, 320, dtype=np.uint8)
    return pictures.encoded(np.repeat(np.tile(ramp, (240, 1))[..., None], 3, axis=2), ".jpg")


@pytest.fixture(scope="package")
def pages(astronaut: bytes, hopper: bytes, no_face: bytes) -> Iterator[str]:
    """The address of a server with pictures, as a camera's network might have one."""
    served = {"/astronaut.jpg": astronaut, "/hopper.jpg": hopper, "/no_face.jpg": no_face}
    served |= {"/large1.jpg": bytes(1_200_000), "/large2.jpg": bytes(1_200_000)}

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = served.get(self.path)
            self.send_response(200 if data else 404)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, *arguments: object) -> None:
            """Nothing is printed."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
