"""The whole suite: ``python -m benchmarks [--json FILE] [--sizes N...] [--million] [--only PART,...]``.

Parts: stages, api, dialects, gallery, live; and soak, which runs for ``--minutes`` and only when it is named.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks import bench_api, bench_dialects, bench_gallery, bench_live, bench_soak, bench_stages


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write all rows here")
    parser.add_argument("--repeat", type=int, default=100, help="runs per measurement")
    parser.add_argument("--million", action="store_true", help="also a gallery of one million templates (several GB)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="gallery sizes")
    parser.add_argument("--only", default="stages,api,dialects,gallery,live", help="comma-separated parts")
    parser.add_argument("--minutes", type=float, default=60.0, help="length of the soak")
    arguments = parser.parse_args()
    parts = arguments.only.split(",")
    sizes = arguments.sizes + ([1_000_000] if arguments.million else [])
    results: dict[str, list[dict[str, Any]]] = {}
    # Into a file or a pipe the tables keep their width.
    console = Console(width=None if sys.stdout.isatty() else 170)
    if "stages" in parts:
        results["stages"] = bench_stages.run(arguments.repeat)
        console.print(_table("Stages", results["stages"]))
    if "api" in parts:
        results["api"] = bench_api.run()
        console.print(_table("Whole call through the socket", results["api"]))
    if "dialects" in parts:
        results["dialects"] = bench_dialects.run(arguments.repeat)
        console.print(_table("Vendors' calls against the native call of the same work", results["dialects"]))
    if "gallery" in parts:
        results["gallery"] = bench_gallery.run(sizes)
        console.print(_table("Gallery", results["gallery"]))
    if "live" in parts:
        results["live"] = bench_live.run(max(2, arguments.repeat // 10))
        console.print(_table("Live loop", results["live"]))
    if "soak" in parts:
        results["soak"] = bench_soak.run(arguments.minutes)
        console.print(_table("Soak", results["soak"]))
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        machine = {"processor": _processor(), "cores": os.cpu_count(), "python": platform.python_version()}
        when = datetime.now(timezone.utc).isoformat(timespec="seconds")
        arguments.json.write_text(json.dumps({"when": when, "machine": machine, **results}, indent=1) + "\n")
        console.print(f"wrote {arguments.json}")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.lower().startswith(("model name", "model\t")):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def _table(title: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(title=title)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*(escape(str(row.get(column, ""))) for column in columns))
    return table


if __name__ == "__main__":
    main()
