"""The contract tables: one row for each call, parameter, field, limit, error and example of a document."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parent
KINDS = ("call", "parameter", "field", "limit", "error", "example")


@dataclass(frozen=True, slots=True)
class Row:
    """``call``: the path it belongs to, empty for the whole document. One of ``test`` and ``declined`` is set."""

    kind: str
    call: str
    name: str
    says: str
    test: str = ""
    declined: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One document's contract."""

    name: str
    title: str
    document: str
    rows: tuple[Row, ...]


def tables() -> tuple[Table, ...]:
    """Every table, by name."""
    found = []
    for file in sorted(FOLDER.glob("*.toml")):
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        rows = tuple(Row(**row) for row in data["row"])
        found.append(Table(file.stem, data["title"], data["document"], rows))
    return tuple(found)
