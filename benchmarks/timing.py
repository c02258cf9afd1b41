"""Measuring a call: warm up, repeat, give median and 99th percentile."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def measure(
    call: Callable[[], Any], *, repeat: int = 100, warm_up: int = 5, budget_s: float = 20.0
) -> dict[str, float]:
    """Time ``call``; milliseconds. Stops early after ``budget_s`` seconds, with at least five runs."""
    for _ in range(warm_up):
        call()
    gc.collect()
    gc.disable()
    taken: list[float] = []
    end = time.perf_counter() + budget_s
    try:
        for _ in range(repeat):
            start = time.perf_counter()
            call()
            taken.append(time.perf_counter() - start)
            if len(taken) >= 5 and time.perf_counter() > end:
                break
    finally:
        gc.enable()
    milliseconds = np.asarray(taken) * 1e3
    return {
        "p50_ms": round(float(np.percentile(milliseconds, 50)), 4),
        "p99_ms": round(float(np.percentile(milliseconds, 99)), 4),
        "runs": len(taken),
    }


def resident_mib(pid: int | str = "self") -> float:
    """Resident memory of a process, MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return round(int(line.split()[1]) / 1024, 1)
    raise RuntimeError(f"no VmRSS for {pid}")
