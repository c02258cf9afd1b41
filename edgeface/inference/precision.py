"""FP32 or INT8: a micro-benchmark on this machine decides, once per machine, model and runtime.

INT8 is slower than FP32 on CPUs without dot-product instructions and in some runtimes even with them
(docs/adr/0006-precision-by-benchmark.md), so nobody guesses.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from edgeface.inference.pack import Precision, RoleSpec
from edgeface.inference.session import ModelSession
from edgeface.types import FloatArray

_LOG = logging.getLogger(__name__)
_FILE = "precision.json"
_RUNS = 15
_WARM_UP_RUNS = 2
# INT8 must be clearly faster: FP32 is the more exact of the two, and a tie is noise.
_LEAST_GAIN = 0.95


@dataclass(frozen=True, slots=True)
class PrecisionChoice:
    """Which variant of a role runs, and why. Times in milliseconds, None where not measured."""

    role: str
    precision: Precision
    reason: str
    fp32_ms: float | None = None
    int8_ms: float | None = None


class PrecisionChooser:
    """Opens the variant of a role that is forced, the only one, known to be faster, or measured to be faster."""

    def __init__(
        self,
        *,
        wanted: str,
        threads: int,
        cache_dir: Path | None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """wanted: ``auto``, ``fp32`` or ``int8``. cache_dir: where choices are remembered (None: nowhere)."""
        self._wanted = wanted
        self._threads = threads
        self._cache = cache_dir / _FILE if cache_dir else None
        self._clock = clock

    def open(self, spec: RoleSpec, example: FloatArray) -> tuple[ModelSession, PrecisionChoice]:
        """The session to use, and the choice. `example`: a typical input tensor. Raises ``PACK_INVALID``."""
        available = tuple(spec.variants)
        if len(available) == 1:
            return self._opened(spec, PrecisionChoice(spec.name, available[0], "the only variant"))
        if self._wanted in available:
            forced: Precision = "int8" if self._wanted == "int8" else "fp32"
            return self._opened(spec, PrecisionChoice(spec.name, forced, "configured"))
        key = self._key(spec, example)
        if known := self._recall(spec, key):
            return self._opened(spec, known)
        return self._measured(spec, example, key)

    def _opened(self, spec: RoleSpec, choice: PrecisionChoice) -> tuple[ModelSession, PrecisionChoice]:
        _LOG.info("model %s: %s (%s)", spec.name, choice.precision, choice.reason)
        return ModelSession(spec, spec.variants[choice.precision], threads=self._threads), choice

    def _measured(self, spec: RoleSpec, example: FloatArray, key: str) -> tuple[ModelSession, PrecisionChoice]:
        sessions: dict[Precision, ModelSession] = {
            name: ModelSession(spec, variant, threads=self._threads) for name, variant in spec.variants.items()
        }
        times: dict[Precision, list[float]] = {name: [] for name in sessions}
        for run in range(_WARM_UP_RUNS + _RUNS):
            for name, session in sessions.items():  # interleaved, so that a busy moment hits both
                start = self._clock()
                session.run(example)
                if run >= _WARM_UP_RUNS:
                    times[name].append((self._clock() - start) * 1e3)
        fp32, int8 = _undisturbed(times["fp32"]), _undisturbed(times["int8"])
        precision: Precision = "int8" if int8 < fp32 * _LEAST_GAIN else "fp32"
        choice = PrecisionChoice(spec.name, precision, "measured", fp32, int8)
        _LOG.info("model %s: %s (fp32 %.2f ms, int8 %.2f ms)", spec.name, precision, fp32, int8)
        self._remember(key, choice)
        return sessions[precision], choice

    def _key(self, spec: RoleSpec, example: FloatArray) -> str:
        hashes = "/".join(spec.variants[name].sha256[:16] for name in sorted(spec.variants))
        shape = "x".join(str(size) for size in example.shape)
        return f"{cpu_model()}|{hashes}|{shape}|onnxruntime {onnxruntime.__version__}|{self._threads} threads"

    def _recall(self, spec: RoleSpec, key: str) -> PrecisionChoice | None:
        row = self._read().get(key)
        if not isinstance(row, dict):
            return None
        names: dict[object, Precision] = {"fp32": "fp32", "int8": "int8"}
        precision = names.get(row.get("precision"))
        if precision is None or precision not in spec.variants:
            return None
        fp32, int8 = (value if isinstance(value := row.get(name), float) else None for name in ("fp32_ms", "int8_ms"))
        return PrecisionChoice(spec.name, precision, "measured before", fp32, int8)

    def _read(self) -> dict[str, Any]:
        """The remembered choices; none where the file is missing or damaged (it is only a cache)."""
        if self._cache is None:
            return {}
        try:
            rows = json.loads(self._cache.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return rows if isinstance(rows, dict) else {}

    def _remember(self, key: str, choice: PrecisionChoice) -> None:
        """Add a choice to the file, atomically; a read-only or full disk costs a benchmark at the next start."""
        if self._cache is None:
            return
        rows = self._read()
        rows[key] = {"precision": choice.precision, "fp32_ms": choice.fp32_ms, "int8_ms": choice.int8_ms}
        temporary = None
        try:
            handle, temporary = tempfile.mkstemp(dir=self._cache.parent, prefix=f".{_FILE}.")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(rows, file, indent=1, sort_keys=True)
            Path(temporary).replace(self._cache)
        except OSError as error:
            _LOG.warning("the precision choice cannot be kept: %s", error)
            if temporary is not None:
                Path(temporary).unlink(missing_ok=True)


def _undisturbed(times: Sequence[float]) -> float:
    """The lower quartile: other programs on a busy board disturb more than half of the runs, and only upwards."""
    return sorted(times)[len(times) // 4]


def cpu_model() -> str:
    """What this machine's CPU calls itself: the board's model on ARM, the processor's name elsewhere."""
    board = Path("/proc/device-tree/model")
    try:
        return board.read_text(encoding="utf-8", errors="replace").strip("\x00\n ")
    except OSError:
        pass
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def example_input(height: int, width: int) -> FloatArray:
    """A (1, 3, height, width) float32 tensor of noise in [-1, 1], the same at each call."""
    noise = np.random.default_rng(0).uniform(-1.0, 1.0, (1, 3, height, width))
    return noise.astype(np.float32)
