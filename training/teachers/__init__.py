"""Other people's networks that students learn from; `manifest.toml` names them, none is part of the pack."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import onnxruntime

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


def open_teacher(name: str, folder: Path, *, threads: int = 1) -> onnxruntime.InferenceSession:
    """Load the teacher called `name` from the teachers folder. Raises KeyError or FileNotFoundError."""
    path = folder / manifest()[name].file
    if not path.is_file():
        raise FileNotFoundError(f"teacher {name} is not at {path}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
