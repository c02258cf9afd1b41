"""A daemon in a process of its own, as in the field, with a gallery of strangers."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from edgeface.client import Client
from edgeface.config import Config
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery.records import NewFace

_SERVE = """
import sys
from edgeface.api.daemon import serve
from edgeface.api.dialects.table import vendor_dialects
from edgeface.config import Config
serve(Config.model_validate_json(sys.argv[1]), dialects=vendor_dialects())
"""


@contextmanager
def daemon(config: Config) -> Iterator[subprocess.Popen[bytes]]:
    """Start it; it need not answer yet. Stopped at the end."""
    process = subprocess.Popen([sys.executable, "-c", _SERVE, config.model_dump_json()])
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def first_answer(client: Client, process: subprocess.Popen[bytes], picture: bytes) -> None:
    """Return when the first picture has been looked at."""
    while process.poll() is None:
        try:
            if len(client.detect(picture, max_faces=1).faces) != 1:
                raise RuntimeError("the portrait's face was not found")
            return
        except EdgeFaceError as error:
            if error.code not in (ErrorCode.UNREACHABLE, ErrorCode.BUSY):
                raise
            time.sleep(0.01)
    raise RuntimeError("the daemon ended")


def fill(config: Config, group: str, templates: int) -> None:
    """Random unit vectors: strangers to everybody, and the search's cost does not depend on who they are."""
    random = np.random.default_rng(7)
    with Engine.open(config) as engine:
        vectors = random.standard_normal((templates, engine.pack.dimension)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        engine.gallery.add_faces(
            NewFace(group, f"stranger_{number}", f"{number:032x}", vector) for number, vector in enumerate(vectors)
        )
