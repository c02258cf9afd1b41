"""A daemon on an event loop in a thread of the test process, so that tests can look inside."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgeface.api.daemon import Daemon
from edgeface.api.dialects.table import vendor_dialects
from edgeface.config import Config
from tests.packs import default_folder


class Running:
    def __init__(self, config: Config) -> None:
        self.config = config
        self.socket = config.server.socket
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.daemon: Daemon = self.on_loop(self._made())
        self.on_loop(self.daemon.start())

    async def _made(self) -> Daemon:
        return Daemon(self.config, dialects=vendor_dialects())

    @property
    def services(self) -> Any:
        return self.daemon.services

    @property
    def engine(self) -> Any:
        return self.daemon.services.engine

    def on_loop(self, coroutine: Any, timeout: float = 60.0) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout)

    def stop(self) -> None:
        self.on_loop(self.daemon.stop())

    def close(self) -> None:
        self.stop()
        self.on_loop(self.loop.shutdown_default_executor())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


def make_config(folder: Path, models: dict[str, Any] | None = None, **server: Any) -> Config:
    """Small limits and one precision, so that tests are quick."""
    pack = os.environ.get("EDGEFACE_MODEL_PACK")
    if pack is None:
        default_folder("detector", "embedder")  # skips where there is none
    return Config.model_validate(
        {
            "state_dir": folder / "state",
            "models": {"precision": "fp32", "pack": pack, **(models or {})},
            "detection": {"input_size": 320},
            "server": {
                "socket": folder / "s",
                "socket_group": None,
                "max_request_bytes": 2_000_000,
                "body_timeout_s": 5,
                "grace_s": 2,
                **server,
            },
        }
    )


@contextmanager
def running(**server: Any) -> Iterator[Running]:
    """A daemon with its own state, stopped and removed at the end."""
    # Not tmp_path: a Unix socket's path has at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="ef"))
    try:
        daemon = Running(make_config(folder, **server))
        try:
            yield daemon
        finally:
            daemon.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
