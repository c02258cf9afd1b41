"""Other people's networks that students learn from; `manifest.toml` names them, none is part of the pack."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True, slots=True)
class Teacher:
    """One teacher of the manifest: its file below the teachers folder and the terms it came under."""

    name: str
    file: str
    licence: str
    source: str


def manifest() -> dict[str, Teacher]:
    """All teachers by name."""
    text = (Path(__file__).parent / "manifest.toml").read_text()
    return {
        name: Teacher(name=name, file=row["file"], licence=row["licence"], source=row["source"])
        for name, row in tomllib.loads(text)["teacher"].items()
    }


# One batch in, the first output out.
Calculation = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def path_of(name: str, folder: Path) -> Path:
    """Where the teacher called `name` lies in the teachers folder. Raises KeyError or FileNotFoundError."""
    path = folder / manifest()[name].file
    if not path.is_file():
        raise FileNotFoundError(f"teacher {name} is not at {path}")
    return path


def open_teacher(name: str, folder: Path, *, threads: int = 1) -> onnxruntime.InferenceSession:
    """Load the teacher called `name` from the teachers folder. Raises KeyError or FileNotFoundError."""
    path = path_of(name, folder)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def calculation(name: str, folder: Path, *, threads: int = 1, bfloat16: bool = False) -> Calculation:
    """The teacher called `name`, which has one input and whose rows do not depend on each other, as a function.

    bfloat16: calculated by OpenVINO (the extra `train-fast`) with 8 bits of precision: about five times as fast on a
    CPU with AMX, and no faster elsewhere. Raises what `open_teacher` does, and ImportError without OpenVINO.
    """
    if bfloat16:
        return _by_openvino(path_of(name, folder), threads)
    session = open_teacher(name, folder, threads=threads)
    entry = session.get_inputs()[0]
    alone = entry.shape[0] == 1

    def calculate(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        parts = [row[None] for row in batch] if alone else [batch]
        rows = [np.asarray(session.run(None, {entry.name: part})[0], np.float32) for part in parts]
        return np.concatenate([row.reshape(len(part), -1) for row, part in zip(rows, parts, strict=True)])

    return calculate


def _by_openvino(path: Path, threads: int) -> Calculation:
    import openvino  # only whoever asks for it needs it

    core = openvino.Core()
    model = core.read_model(path)
    # Small batches are as fast as large ones, and not every teacher takes these.
    model.reshape({model.inputs[0]: [1, *list(model.inputs[0].get_partial_shape())[1:]]})
    settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "bf16"}
    compiled = core.compile_model(model, "CPU", settings)

    def calculate(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.concatenate([np.array(compiled(row[None])[0], np.float32).reshape(1, -1) for row in batch])

    return calculate
