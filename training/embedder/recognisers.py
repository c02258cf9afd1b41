"""Recognisers under test: crops on the ArcFace 112 template to templates of length 1."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from training.embedder.damage import as_input
from training.onnx_export import open_session
from training.teachers.embedding import EmbeddingTeachers, normalised

# The teachers one by one, as peers to measure against.
PEERS = ("reid0095", "mobilefacenet128")
Crops = NDArray[np.uint8]
Templates = NDArray[np.float32]
Recogniser = Callable[[Crops], Templates]


def from_file(path: Path) -> Recogniser:
    """An ONNX file on the embedder's contract: input x, BGR, (value - 127.5) / 128; output e."""
    session = open_session(path)

    def recognise(crops: Crops) -> Templates:
        parts = [
            session.run(["e"], {"x": as_input(crops[start : start + 16])})[0] for start in range(0, len(crops), 16)
        ]
        return normalised(np.concatenate(parts))

    return recognise


def teachers_of(folder: Path) -> dict[str, Recogniser]:
    """Both teachers by name, and the joined template that the embedder learns."""
    teachers = EmbeddingTeachers(folder)

    def one_by_one(recognise: Recogniser) -> Recogniser:
        def run(crops: Crops) -> Templates:
            return normalised(np.concatenate([recognise(crop[None]) for crop in crops]))

        return run

    return {
        "reid0095": one_by_one(teachers.reid0095),
        "mobilefacenet128": one_by_one(teachers.mobilefacenet128),
        "both teachers": one_by_one(teachers.joined),
    }


def milliseconds(sessions: dict[str, InferenceSession], *, rounds: int = 60) -> dict[str, float]:
    """Median time that each network takes for one crop, in turn, so that a busy machine slows all alike."""
    generator = np.random.default_rng(0)
    feeds = {}
    for name, session in sessions.items():
        entry = session.get_inputs()[0]
        shape = [size if isinstance(size, int) else 1 for size in entry.shape]
        feeds[name] = {entry.name: generator.random(shape, dtype=np.float32)}
    times: dict[str, list[float]] = {name: [] for name in sessions}
    for _ in range(rounds):
        for name, session in sessions.items():
            begun = time.perf_counter()
            session.run(None, feeds[name])
            times[name].append((time.perf_counter() - begun) * 1e3)
    return {name: float(np.median(values)) for name, values in times.items()}
