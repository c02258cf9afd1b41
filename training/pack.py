"""Write a model pack's manifest: the description, the hashes of the files that are there, the calibration table.

    python -m training.pack models/default

A role takes part when `<role>.fp32.onnx` or `<role>.int8.onnx` lies in the folder (or the files that the
description names). The result is checked by loading it exactly as the engine does.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import sys
from pathlib import Path
from typing import Any

from edgeface.errors import EdgeFaceError
from edgeface.inference.manifest import FORMAT_VERSION, MANIFEST_NAME
from edgeface.inference.pack import ModelPack

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DESCRIPTION = Path(__file__).with_name("pack.toml")
CALIBRATION_NAME = "calibration.toml"
PRECISIONS = ("fp32", "int8")


def build_manifest(folder: Path, description: dict[str, Any]) -> dict[str, Any]:
    """The manifest of the pack in `folder` as nested tables."""
    manifest: dict[str, Any] = {"format": FORMAT_VERSION}
    manifest.update({key: value for key, value in description.items() if key not in ("roles", "calibration")})
    manifest["roles"] = {}
    calibration = description.get("calibration") or read_calibration(folder / CALIBRATION_NAME)
    for name, role in description["roles"].items():
        files = role.get("files") or {precision: f"{name}.{precision}.onnx" for precision in PRECISIONS}
        variants = {
            precision: {"file": file, "sha256": hashlib.sha256((folder / file).read_bytes()).hexdigest()}
            for precision, file in files.items()
            if (folder / file).is_file()
        }
        if not variants:
            continue
        if "contract" in role and not calibration:
            print(f"{name} is left out: there is no {CALIBRATION_NAME} beside it", file=sys.stderr)
            continue
        table = {key: value for key, value in role.items() if key != "files"}
        if "card" in table and not (folder / table["card"]).is_file():
            del table["card"]
        if "contract" in table and table["contract"]["reference"] not in variants:
            table["contract"] = {**table["contract"], "reference": next(iter(variants))}
        manifest["roles"][name] = {**table, "variants": variants}
    if calibration:
        manifest["calibration"] = calibration
    return manifest


def read_calibration(path: Path) -> dict[str, Any] | None:
    """`source`, `points` (pairs of similarity and FMR) and `cohort` of a calibration file, None where there is none.

    Points may be pairs or tables with `similarity` (or `cosine`) and `fmr`. The hash of the cohort network is the one
    that was measured with: loading the pack fails where the file is another. Without a `source` the comment at the
    file's head is it.
    """
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    table = tomllib.loads(text)
    head = itertools.takewhile(lambda line: line.startswith("#"), text.splitlines())
    remark = " ".join(line.lstrip("# ") for line in head)
    points = table.get("points") or table.get("point") or []
    pairs = [
        [row.get("similarity", row.get("cosine")), row["fmr"]] if isinstance(row, dict) else list(row[:2])
        for row in points
    ]
    calibration: dict[str, Any] = {"source": str(table.get("source") or remark or path.name), "points": pairs}
    if "cohort" in table:
        calibration["cohort"] = {"file": table["cohort"], "sha256": table["cohort_sha256"]}
    return calibration


def to_toml(table: dict[str, Any], prefix: str = "") -> str:
    """Tables as TOML text; lists and the innermost tables are written inline."""
    lines = [f"{key} = {_value(value)}" for key, value in table.items() if not _is_section(value)]
    text = "\n".join(lines) + "\n" if lines else ""
    for key, value in table.items():
        if _is_section(value):
            name = f"{prefix}{key}"
            body = to_toml(value, f"{name}.")
            text += (f"\n[{name}]\n" if any(not _is_section(item) for item in value.values()) else "") + body
    return text


def _is_section(value: Any) -> bool:
    """Whether a table gets a heading of its own: it holds tables that hold tables, or more than a line can show."""
    if not isinstance(value, dict):
        return False
    return any(isinstance(item, dict) for item in value.values()) or "source" in value


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        items = [_value(item) for item in value]
        if items and isinstance(value[0], list | tuple) and len(items) > 5:
            return "[\n" + "".join(f"  {item},\n" for item in items) + "]"
        return "[" + ", ".join(items) + "]"
    # JSON writes strings, booleans and numbers as TOML does.
    return json.dumps(value, ensure_ascii=False)


def write_pack(folder: Path, description: dict[str, Any]) -> ModelPack:
    """Write the manifest and load the pack. Raises ``PACK_INVALID``; the folder is then as it was before."""
    target = folder / MANIFEST_NAME
    earlier = target.read_bytes() if target.is_file() else None
    head = "# Written by `python -m training.pack`; change training/pack.toml instead.\n\n"
    temporary = target.with_name(f".{MANIFEST_NAME}.partial")
    temporary.write_text(head + to_toml(build_manifest(folder, description)), encoding="utf-8")
    temporary.replace(target)
    try:
        return ModelPack.load(folder)
    except EdgeFaceError:
        if earlier is None:
            target.unlink()
        else:
            target.write_bytes(earlier)
        raise


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the pack's folder")
    parser.add_argument("--describe", type=Path, default=DESCRIPTION, help="TOML file that describes the roles")
    arguments = parser.parse_args()
    description = tomllib.loads(arguments.describe.read_text(encoding="utf-8"))
    try:
        pack = write_pack(arguments.folder, description)
    except EdgeFaceError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{pack.name} {pack.version}: {', '.join(pack.roles) or 'no roles'}")
    for name, meaning in pack.missing_features.items():
        print(f"  without {name}: {meaning}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
