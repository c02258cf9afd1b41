"""``bench``: how long each stage takes on this machine, and what the precisions cost and save."""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from edgeface.cli.files import read_picture
from edgeface.cli.session import Session, session_of
from edgeface.errors import EdgeFaceError, ErrorCode

if TYPE_CHECKING:
    from edgeface.config import Config
    from edgeface.engine import Engine

_WARM_UP = 5
_GROUP = "bench"
_STAGE_ORDER = ("decode", "detect", "landmarks", "quality", "embed", "search")


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of one stage."""

    p50: float
    p99: float
    mean: float
    runs: int


class StageTimes:
    """A telemetry that keeps every measurement."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)

    def stage(self, name: str, seconds: float) -> None:
        """One stage took so long."""
        self.seconds[name].append(seconds)

    def rejected(self, reason: str) -> None:
        """Not counted here."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bench")(bench)


def bench(
    context: typer.Context,
    image: Annotated[
        Path | None, typer.Option("--image", help="Picture with a face; default: a simulated 640x480 camera picture.")
    ] = None,
    runs: Annotated[int, typer.Option("--runs", min=10, max=100_000, help="Calls that are measured.")] = 100,
    gallery: Annotated[
        int, typer.Option("--gallery", min=0, max=20_000, help="Random templates in the gallery that is searched.")
    ] = 1000,
) -> None:
    """Measure every stage of an identification, and FP32 against INT8, in this process on one thread."""
    session = session_of(context)
    picture = read_picture(image) if image else _camera_picture()
    results: dict[str, dict[str, Times]] = {}
    choices: dict[str, str] = {}
    with session.output.progress("measuring", 3 * (runs + _WARM_UP)) as done:
        for precision in ("auto", "fp32", "int8"):
            models = session.config.models.model_copy(update={"precision": precision})
            config = session.config.model_copy(update={"models": models})
            results[precision], chosen = _measure(config, picture, runs, gallery, done)
            if precision == "auto":
                choices = chosen
    data = _view(session, results, choices, gallery)
    session.output.result(data, lambda console: _print(console, results, data))


def _measure(
    config: Config, picture: bytes, runs: int, gallery: int, done: Callable[[int], None]
) -> tuple[dict[str, Times], dict[str, str]]:
    from edgeface.engine import Engine, Gate
    from edgeface.types import QualityLevel

    with tempfile.TemporaryDirectory(prefix="edgeface-bench-") as folder:
        times = StageTimes()
        config = config.model_copy(update={"state_dir": Path(folder)})
        with Engine.open(config, times) as engine:
            _fill(engine, picture, gallery)
            # Thresholds that everything passes: the measures are taken, nothing is refused.
            gate = Gate(QualityLevel.CUSTOM, type(config.quality.custom)())
            whole: list[float] = []
            for run in range(_WARM_UP + runs):
                if run == _WARM_UP:
                    times.seconds.clear()
                    whole.clear()
                start = time.perf_counter()
                engine.identify(picture, [_GROUP], gate=gate)
                whole.append(time.perf_counter() - start)
                done(1)
            chosen: dict[str, str] = {item.role: item.precision for item in engine.analyzer.precisions}
        stages = {name: _times(times.seconds[name]) for name in _STAGE_ORDER if times.seconds.get(name)}
        return {**stages, "identify": _times(whole)}, chosen


def _fill(engine: Engine, picture: bytes, count: int) -> None:
    import numpy as np

    from edgeface.engine import Gate
    from edgeface.gallery.records import NewFace
    from edgeface.types import QualityLevel

    engine.enrol(picture, _GROUP, "somebody", gate=Gate(QualityLevel.NONE))
    if not count:
        return
    vectors = np.random.default_rng(0).normal(size=(count, engine.pack.dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    engine.gallery.add_faces(
        NewFace(_GROUP, f"random_{number}", f"{number:032x}", vector) for number, vector in enumerate(vectors)
    )


def _camera_picture() -> bytes:
    from edgeface.simulation.camera import Shot, SimulatedCamera, encode
    from edgeface.simulation.portraits import eileen_collins

    try:
        portrait = eileen_collins()
    except EdgeFaceError as error:
        raise EdgeFaceError(ErrorCode.FEATURE_UNAVAILABLE, f"{error.detail} Or name a picture: --image.") from error
    return encode(SimulatedCamera(640, 480).take((portrait, Shot(face_width=180))))


def _times(seconds: Sequence[float]) -> Times:
    import numpy as np

    values = np.asarray(seconds) * 1000
    return Times(
        p50=round(float(np.percentile(values, 50)), 4),
        p99=round(float(np.percentile(values, 99)), 4),
        mean=round(float(values.mean()), 4),
        runs=len(values),
    )


def _view(
    session: Session, results: Mapping[str, Mapping[str, Times]], choices: Mapping[str, str], gallery: int
) -> dict[str, Any]:
    from edgeface.inference.precision import cpu_model

    return {
        "machine": cpu_model(),
        "threads": session.config.models.threads,
        "gallery": gallery + 1,
        "chosen_precision": dict(choices),
        "unit": "ms",
        "stages": {
            precision: {
                name: {"p50": item.p50, "p99": item.p99, "mean": item.mean, "runs": item.runs}
                for name, item in stages.items()
            }
            for precision, stages in results.items()
        },
    }


def _print(console: Console, results: Mapping[str, Mapping[str, Times]], data: Mapping[str, Any]) -> None:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("stage")
    table.add_column("runs as")
    for precision in ("chosen", "FP32", "INT8"):
        table.add_column(f"{precision} p50", justify="right")
        table.add_column("p99", justify="right")
    role_of = {"detect": "detector", "landmarks": "landmarks", "quality": "quality", "embed": "embedder"}
    for name in (*_STAGE_ORDER, "identify"):
        if name not in results["auto"]:
            continue
        cells = [name, data["chosen_precision"].get(role_of.get(name, ""), "")]
        for precision in ("auto", "fp32", "int8"):
            item = results[precision][name]
            cells += [f"{item.p50:.2f}", f"{item.p99:.2f}"]
        table.add_row(*cells, style="bold" if name == "identify" else "")
    console.print(
        f"{data['machine']}, {data['threads']} thread, {data['gallery']} faces; milliseconds "
        f"({results['auto']['identify'].runs} runs)"
    )
    console.print(table)
