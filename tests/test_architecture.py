"""Imports point downwards only, and ``import edgeface`` stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "edgeface"

# Each room may import the rooms of earlier floors, and itself; rooms of one floor do not know each other.
FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"attributes", "errors", "telemetry", "native_threads"}),
    frozenset({"types"}),
    frozenset({"config", "formats", "geometry", "machine", "simulation", "storage"}),
    frozenset({"image", "scoring", "similarity", "reference", "demesh"}),
    frozenset({"inference", "quality", "gallery", "capture", "events"}),
    frozenset({"analysis", "results", "remembered"}),
    frozenset({"engine"}),
    frozenset({"register", "people", "live", "numbered"}),
    frozenset({"api", "client", "evaluation"}),
    frozenset({"cli"}),
)


def _floor(room: str) -> int:
    for number, rooms in enumerate(FLOORS):
        if room in rooms:
            return number
    raise AssertionError(f"edgeface/{room} has no floor: put it in FLOORS, and in docs/adr/0008")


def _rooms_imported(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module] if node.module != "edgeface" else [f"edgeface.{item.name}" for item in node.names]
        elif isinstance(node, ast.Import):
            names = [item.name for item in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("edgeface.")}
    return found


def _modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("file", _modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_downwards(file: Path) -> None:
    room = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for other in _rooms_imported(file) - {room, "__version__"}:
        assert _floor(other) < _floor(room), f"{room} imports {other}"


def test_import_edgeface_loads_no_native_library() -> None:
    heavy = "{'cv2', 'onnxruntime', 'numpy', 'hnswlib', 'aiohttp', 'pydantic', 'cryptography'}"
    code = f"import sys, edgeface; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
