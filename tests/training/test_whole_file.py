"""A file that training writes is there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.whole_file import whole_file


def test_what_cannot_be_written_to_its_end_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "drawn.json"
    with whole_file(path) as partial:
        partial.write_text("first")
        assert not path.exists()
    with pytest.raises(OSError, match="disk"), whole_file(path) as partial:
        partial.write_text("sec")
        raise OSError("disk full")
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]
