"""The generated reference pages say what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeface.reference import pages

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.mark.parametrize("name", sorted(pages()))
def test_committed_page_equals_generated(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == pages()[name], "run: make docs"
