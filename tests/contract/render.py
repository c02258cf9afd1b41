"""The API reference of the vendor dialects, from the contract: ``python -m tests.contract.render docs/dialects``."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.contract.rows import KINDS, Row, Table, tables

_HEADINGS = {
    "call": "Calls",
    "parameter": "Parameters",
    "field": "Answer",
    "limit": "Limits",
    "error": "Errors",
    "example": "Examples of the document",
}


def page(table: Table) -> str:
    """One dialect's page as Markdown."""
    lines = [
        f"# {table.title}",
        "",
        f"Made from the contract table `tests/contract/{table.name}.toml`, which follows {table.document}. "
        "Every row names the test that proves it, or why it is declined.",
    ]
    for call in dict.fromkeys(row.call for row in table.rows):
        lines += ["", f"## {f'`{call}`' if call else 'The whole document'}"]
        for kind in KINDS:
            rows = [row for row in table.rows if row.call == call and row.kind == kind]
            if rows:
                lines += ["", f"### {_HEADINGS[kind]}", "", "| name | what it says | proof |", "|---|---|---|"]
                lines += [_line(row) for row in rows]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    proof = f"`{row.test.removeprefix('tests/')}`" if row.test else f"**declined**: {_cell(row.declined)}"
    return f"| `{_cell(row.name)}` | {_cell(row.says)} | {proof} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    """Write every page."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for table in tables():
        (folder / f"{table.name}.md").write_text(page(table), encoding="utf-8")


if __name__ == "__main__":
    main()
