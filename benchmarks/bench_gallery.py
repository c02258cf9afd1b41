"""The gallery: search, recall, enrolment, index build and start-up, beside a plain numpy scan and usearch.

    python benchmarks/bench_gallery.py                    # 1k, 10k and 100k templates
    python benchmarks/bench_gallery.py --million --json gallery.json

Templates are SYNTHETIC: 256 values, unit norm, two per user around a random centre, effective dimension about 60
(the participation ratio is printed). That is harder for approximate search than real face templates and kinder than
plain random vectors; recall on real templates has to be measured on real templates.
"""

from __future__ import annotations

import os

if __name__ == "__main__":  # one BLAS thread per caller, as the daemon sets it; must precede numpy
    for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(_name, "1")

import argparse
import json
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeface.config import GalleryConfig, GalleryLimits, IndexConfig
from edgeface.gallery.gallery import Gallery
from edgeface.gallery.records import IndexState, NewFace
from edgeface.similarity import TemplateSpace
from edgeface.types import Template

DIMENSION = 256
FACES_PER_USER = 2
SIZES = (1_000, 10_000, 100_000)
MILLION = 1_000_000
PEER_MOST = 100_000
"""Templates up to which the peer builds its graph too: beyond, one build is an hour of one core."""
QUERIES = 400
WARM_UP = 20
BULK = 10_000
SINGLE_ADDS = 30
CONTRACT = "synthetic"
GROUP = "bench"

# Peak per template while the graph is built and saved: matrix, its growth, graph, sealed image; rounded up.
BYTES_OF_MEMORY = 6_000
BYTES_OF_DISK = 5_000

Floats = npt.NDArray[np.float32]
Row = dict[str, Any]


def synthetic_templates(users: int, per_user: int, seed: int) -> tuple[Floats, Callable[[Sequence[int]], Floats]]:
    """Templates (users * per_user, 256), and a function that draws one probe for each of some users."""
    world = np.random.default_rng(1)  # the same space for every seed
    axes = (world.standard_normal((96, DIMENSION)) * np.linspace(1.4, 0.5, 96)[:, None]).astype(np.float32)
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((users, len(axes)), dtype=np.float32)

    def draw(owners: npt.NDArray[np.int64]) -> Floats:
        """Same person: mean cosine about 0.65."""
        spread = 0.73 * rng.standard_normal((len(owners), len(axes)), dtype=np.float32)
        values = (centres[owners] + spread) @ axes
        return np.asarray(values / np.linalg.norm(values, axis=1, keepdims=True), dtype=np.float32)

    templates = np.concatenate(
        [draw(np.arange(start, min(start + BULK, users)).repeat(per_user)) for start in range(0, users, BULK)]
    )
    return templates, lambda owners: draw(np.asarray(owners))


def effective_dimension(vectors: Floats) -> float:
    """Participation ratio of the covariance's eigenvalues."""
    values = np.linalg.eigvalsh(np.cov(vectors[:5000].T))
    return float(values.sum() ** 2 / (values**2).sum())


def clock(call: Callable[[Floats], object], probes: Floats, callers: int) -> Row:
    """Time one call per probe from so many threads."""

    def timed(probe: Floats) -> float:
        start = time.perf_counter()
        call(probe)
        return (time.perf_counter() - start) * 1e3

    for probe in probes[:WARM_UP]:
        call(probe)
    start = time.perf_counter()
    if callers == 1:
        times = [timed(probe) for probe in probes]
    else:
        with ThreadPoolExecutor(callers) as pool:
            times = list(pool.map(timed, probes))
    per_second = len(probes) / (time.perf_counter() - start)
    return {
        "callers": callers,
        "p50_ms": round(float(np.percentile(times, 50)), 4),
        "p99_ms": round(float(np.percentile(times, 99)), 4),
        "per_second": round(per_second, 1),
    }


def search_rows(
    size: int, engine: str, call: Callable[[Floats], int], probes: Floats, best: Sequence[int]
) -> list[Row]:
    """Search from one thread and from as many as there are cores; ``call`` returns the best template's number."""
    recall = float(np.mean([call(probe) == expected for probe, expected in zip(probes, best, strict=True)]))
    callers = sorted({1, os.cpu_count() or 1})
    facts = {"size": size, "measure": "search", "engine": engine, "recall_at_1": round(recall, 5)}
    return [{**facts, **clock(call, probes, count)} for count in callers]


def config(exact_up_to: int) -> GalleryConfig:
    limits = GalleryLimits(max_users_per_group=10**7, max_faces_per_user=10**3)
    return GalleryConfig(limits=limits, index=IndexConfig(exact_up_to=exact_up_to, audit_every=0))


def open_gallery(folder: Path, exact_up_to: int) -> Gallery:
    return Gallery.open(folder, contract_id=CONTRACT, space=TemplateSpace(DIMENSION), config=config(exact_up_to))


def caller(gallery: Gallery) -> Callable[[Floats], int]:
    """The whole gallery call, SQLite look-up of the answer included."""
    return lambda probe: int(gallery.search(probe, [GROUP], 1)[0].face_token)


def fact(size: int, measure: str, engine: str, start: float, **more: object) -> Row:
    return {"size": size, "measure": measure, "engine": engine, "s": round(time.perf_counter() - start, 4), **more}


def run_edgeface(folder: Path, templates: Floats, probes: Floats, best: Sequence[int]) -> list[Row]:
    """Enrol, search exactly, build the HNSW index, search it, and start again with and without its file."""
    size, rows = len(templates), []
    with open_gallery(folder, 10**9) as gallery:
        start = time.perf_counter()
        for first in range(0, size, BULK):
            gallery.add_faces(
                NewFace(GROUP, f"u{number // FACES_PER_USER}", str(number), templates[number])
                for number in range(first, min(first + BULK, size))
            )
        spent = time.perf_counter() - start
        rows.append(fact(size, "enrol in bulk", "edgeface", start, per_second=round(size / spent, 1)))
        rows += search_rows(size, "edgeface exact", caller(gallery), probes, best)
        rows.append(single_adds(size, gallery, "edgeface exact"))
    start = time.perf_counter()
    with open_gallery(folder, 10**9):
        rows.append(fact(size, "start", "edgeface exact", start))
    start = time.perf_counter()
    with open_gallery(folder, 0) as gallery:
        gallery.settle(24 * 3600)
        assert gallery.stats().indexes[0].state is IndexState.READY
        rows.append(fact(size, "start, build and save index", "edgeface hnsw", start))
        rows += search_rows(size, "edgeface hnsw", caller(gallery), probes, best)
        rows.append(single_adds(size, gallery, "edgeface hnsw"))
        assert gallery.stats().hnsw_searches > 0
    start = time.perf_counter()
    with open_gallery(folder, 0) as gallery:
        rows.append(fact(size, "start until answering", "edgeface hnsw", start))
        gallery.settle(24 * 3600)
        rows.append(fact(size, "start until index loaded", "edgeface hnsw", start))
    return rows


def single_adds(size: int, gallery: Gallery, engine: str) -> Row:
    """One durable enrolment at a time (fsync each), and one durable erasure at a time."""
    extra, _ = synthetic_templates(SINGLE_ADDS, 1, seed=99)
    added, erased = [], []
    for number, vector in enumerate(extra):
        start = time.perf_counter()
        gallery.add_face(GROUP, f"x{number}", Template(vector, CONTRACT), f"9{number}", duplicate_similarity=0.98)
        added.append((time.perf_counter() - start) * 1e3)
    for number in range(SINGLE_ADDS):
        start = time.perf_counter()
        gallery.delete_user(GROUP, f"x{number}")
        erased.append((time.perf_counter() - start) * 1e3)
    p50, worst, erase = float(np.median(added)), max(added), float(np.median(erased))
    facts = {"p50_ms": round(p50, 3), "max_ms": round(worst, 3), "erase_p50_ms": round(erase, 3)}
    return {"size": size, "measure": "enrol one", "engine": engine, **facts}


def run_usearch(templates: Floats, probes: Floats, best: Sequence[int]) -> list[Row]:
    if len(templates) > PEER_MOST:
        reason = f"usearch: its graph is built up to {PEER_MOST} templates"
        return [{"size": len(templates), "measure": "left out", "engine": reason}]
    try:
        from usearch.index import Index
    except ImportError:
        return []
    size = len(templates)
    settings = IndexConfig()
    index = Index(
        ndim=DIMENSION,
        metric="ip",
        dtype="f32",
        connectivity=settings.m,
        expansion_add=settings.ef_construction,
        expansion_search=settings.ef_search,
    )
    start = time.perf_counter()
    index.add(np.arange(size, dtype=np.uint64), templates, threads=1)
    rows = [fact(size, "build index", "usearch", start)]
    return rows + search_rows(size, "usearch", lambda probe: int(index.search(probe, 1).keys[0]), probes, best)


def run(sizes: Sequence[int] = SIZES, *, folder: Path | None = None, queries: int = QUERIES) -> list[Row]:
    """Measure each size; rows for a table or for JSON. Sizes this machine has no room for say so in their row."""
    rows: list[Row] = []
    for size in sizes:
        reason = no_room(size, folder)
        if reason:
            rows.append({"size": size, "measure": "skipped", "engine": reason})
            continue
        users = size // FACES_PER_USER
        templates, draw = synthetic_templates(users, FACES_PER_USER, seed=size)
        probes = draw(np.random.default_rng(size + 1).integers(0, users, queries))
        best = [int(np.argmax(templates @ probe)) for probe in probes]
        dimension = round(effective_dimension(templates), 1)
        rows.append({"size": size, "measure": "effective dimension", "engine": "synthetic", "value": dimension})
        rows += search_rows(
            size, "numpy argmax", lambda probe, of=templates: int(np.argmax(of @ probe)), probes, best
        )
        place = Path(tempfile.mkdtemp(prefix="edgeface-bench-", dir=folder))
        try:
            rows += run_edgeface(place / "state", templates, probes, best)
        finally:
            shutil.rmtree(place)
        rows += run_usearch(templates, probes, best)
    return rows


def no_room(size: int, folder: Path | None) -> str:
    """Why a size is left out; empty when there is room."""
    available = 0
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable"):
            available = int(line.split()[1]) * 1024
    if available < size * BYTES_OF_MEMORY:
        return f"needs {size * BYTES_OF_MEMORY >> 20} MiB of memory, {available >> 20} are free"
    free = shutil.disk_usage(folder or tempfile.gettempdir()).free
    if free < size * BYTES_OF_DISK:
        return f"needs {size * BYTES_OF_DISK >> 20} MiB of disk, {free >> 20} are free"
    return ""


def table(rows: Sequence[Row]) -> str:
    columns = ("size", "measure", "engine", "callers", "p50_ms", "p99_ms", "per_second", "recall_at_1", "s")
    known = {*columns}
    lines = [[*columns, "more"]]
    for row in rows:
        more = ", ".join(f"{name} {value}" for name, value in row.items() if name not in known)
        lines.append([*(str(row.get(name, "")) for name in columns), more])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="templates")
    parser.add_argument("--million", action="store_true", help="also a million (minutes, 6 GB of memory)")
    parser.add_argument("--queries", type=int, default=QUERIES)
    parser.add_argument("--folder", type=Path, help="where the galleries are made (default: the temporary folder)")
    parser.add_argument("--json", type=Path, help="write the rows there too")
    options = parser.parse_args()
    sizes = [*options.sizes, *([MILLION] if options.million else [])]
    rows = run(sizes, folder=options.folder, queries=options.queries)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}")
    print(table(rows))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
