"""A row without a proof fails here, and so does a page that does not follow from the table."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.contract.render import page
from tests.contract.rows import KINDS, Table, tables

ROOT = Path(__file__).resolve().parents[2]


@cache
def _tests_in(file: str) -> frozenset[str]:
    found: set[str] = set()
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{item.name}" for item in node.body if isinstance(item, ast.FunctionDef)}
    return frozenset(name for name in found if "test_" in name)


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.name)
def test_every_row_names_its_test_or_its_reason(table: Table) -> None:
    for row in table.rows:
        where = f"{table.name}: {row.kind} {row.call} {row.name}"
        assert row.kind in KINDS, where
        assert row.says.strip(), where
        assert bool(row.test) != bool(row.declined.strip()), f"{where}: a test, or a reason"
        if row.test:
            file, _, name = row.test.partition("::")
            assert (ROOT / file).is_file(), f"{where}: no file {file}"
            assert name in _tests_in(file), f"{where}: no test {name} in {file}"


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.name)
def test_no_row_is_there_twice(table: Table) -> None:
    keys = [(row.kind, row.call, row.name) for row in table.rows]
    assert sorted({key for key in keys if keys.count(key) > 1}) == []


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.name)
def test_the_reference_follows_from_the_table(table: Table) -> None:
    written = (ROOT / "docs" / "dialects" / f"{table.name}.md").read_text(encoding="utf-8")
    assert written == page(table), "make docs"
