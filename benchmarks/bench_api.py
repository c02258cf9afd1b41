"""The whole socket call as a caller sees it: JPEG out, decision in. A daemon in a process of its own, as in the
field; one client and several; start to first answer; resident memory."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.daemon import daemon, fill, first_answer
from benchmarks.pictures import jpeg, portrait
from benchmarks.timing import measure, resident_mib
from edgeface.client import Client
from edgeface.config import Config
from edgeface.types import QualityLevel

GROUP, USER = "staff", "eileen"

Call = Callable[[Client], Any]


def run(repeat: int = 200, templates: int = 10_000, clients: int = 4) -> list[dict[str, Any]]:
    """Rows of ``{"what", "clients", "p50_ms", "p99_ms", "runs", "calls_per_s"}`` and ``{"what", "value"}``.

    One model thread, two workers, detector at 320 and 640 pixels; ``templates`` strangers in the group.
    """
    picture = jpeg(portrait())
    rows: list[dict[str, Any]] = []
    for size in (320, 640):
        folder = Path(tempfile.mkdtemp(prefix="efb"))  # a Unix socket's path is short
        try:
            rows += _with_daemon(folder, picture, size, repeat, templates, clients)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return rows


def _with_daemon(
    folder: Path, picture: bytes, size: int, repeat: int, templates: int, clients: int
) -> list[dict[str, Any]]:
    config = Config.model_validate(
        {
            "state_dir": folder / "state",
            "detection": {"input_size": size},
            "server": {"socket": folder / "s", "socket_group": None, "queue": 64},
            "log": {"level": "warning"},
        }
    )
    fill(config, GROUP, templates)
    rows: list[dict[str, Any]] = []
    for what in ("start to first answer, first start (precision is chosen), s", "start to first answer, s"):
        began = time.perf_counter()
        with daemon(config) as process, Client(config.server.socket) as client:
            first_answer(client, process, picture)
            rows.append({"what": f"{what} (detector {size})", "value": round(time.perf_counter() - began, 2)})
            if what.endswith("answer, s"):
                client.enrol(picture, GROUP, USER, quality_control=QualityLevel.NONE)
                rows += _calls(client, config.server.socket, picture, size, repeat, templates, clients)
                memory = resident_mib(process.pid)
                rows.append({"what": f"resident memory, {templates} templates, MiB", "value": memory})
    return rows


def _calls(
    client: Client, socket: Path, picture: bytes, size: int, repeat: int, templates: int, clients: int
) -> list[dict[str, Any]]:
    calls: dict[str, Call] = {
        "health/live": lambda one: one.live(),
        "detect": lambda one: one.detect(picture, max_faces=1),
        "detect with pose and quality": lambda one: one.detect(picture, pose=True, quality=True, max_faces=1),
        f"identify 1:{templates}": lambda one: one.identify(picture, [GROUP]),
        "verify": lambda one: one.verify(picture, GROUP, USER),
    }
    rows = []
    for what, call in calls.items():
        name = f"{what} (detector {size})" if what != "health/live" else what
        rows.append({"what": name, "clients": 1, **measure(lambda call=call: call(client), repeat=repeat)})
        rows.append({"what": name, "clients": clients, **_together(socket, call, repeat, clients)})
    return rows


def _together(socket: Path, call: Call, repeat: int, clients: int) -> dict[str, float]:
    """Every client calls as fast as it is answered."""
    taken: list[float] = []
    barrier = threading.Barrier(clients + 1)

    def one_client() -> None:
        with Client(socket) as client:
            call(client)
            barrier.wait()
            for _ in range(repeat // clients):
                start = time.perf_counter()
                call(client)
                taken.append(time.perf_counter() - start)  # list.append is atomic

    threads = [threading.Thread(target=one_client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    barrier.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - began
    milliseconds = np.asarray(taken) * 1e3
    return {
        "p50_ms": round(float(np.percentile(milliseconds, 50)), 4),
        "p99_ms": round(float(np.percentile(milliseconds, 99)), 4),
        "runs": len(taken),
        "calls_per_s": round(len(taken) / elapsed, 1),
    }
