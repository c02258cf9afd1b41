"""The sealed index file by itself: what ties it to one state of one group of one gallery."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gallery_samples import CONTRACT, DIMENSION, unit_vectors

from edgeface.config import IndexConfig
from edgeface.gallery.crypto import Vault
from edgeface.gallery.hnsw_index import HnswIndex
from edgeface.gallery.index_file import IndexFileError, IndexFiles, SavedFile, anonymous_file, take_snapshot
from edgeface.gallery.mirror import Mirror
from edgeface.similarity import TemplateSpace

KEY = bytes(range(32))


def files(folder: Path, key: bytes = KEY, contract: str = CONTRACT, **config: int) -> IndexFiles:
    return IndexFiles(folder, Vault(key, contract), contract, TemplateSpace(DIMENSION), IndexConfig(**config))


@pytest.fixture
def saved(tmp_path: Path) -> SavedFile:
    """Group 3 at revision 7 with faces 1 to 200, of which number 5 was removed."""
    mirror = Mirror(HnswIndex(DIMENSION, IndexConfig(), 200))
    mirror.catch_up(np.arange(200), np.arange(1, 201), unit_vectors(200))
    mirror.catch_up(np.array([4]), np.array([0]), np.zeros((1, DIMENSION), dtype=np.float32))
    assert isinstance(mirror.index, HnswIndex)
    with anonymous_file() as image:
        saved = files(tmp_path).save(3, 7, take_snapshot(mirror, mirror.index, image))
    assert not saved.final.exists()
    saved.publish()
    return saved


def test_what_was_saved_comes_back(saved: SavedFile, tmp_path: Path) -> None:
    mirror = files(tmp_path).load(3, 9, saved.stamp, 300)
    assert mirror.held[:200].tolist() == [*range(1, 5), 0, *range(6, 201)]
    vectors = unit_vectors(200)
    for slot in (0, 3, 5, 199):
        assert mirror.index.candidates(vectors[slot], 1).tolist() == [slot]
    assert 4 not in mirror.index.candidates(vectors[4], 150)
    assert [path.name for path in (tmp_path / "index").iterdir()] == ["3.hnsw"]


def test_whatever_does_not_fit_is_refused(saved: SavedFile, tmp_path: Path) -> None:
    good = files(tmp_path)
    (tmp_path / "index" / "4.hnsw").write_bytes(saved.final.read_bytes())
    attempts = {
        "another group": lambda: good.load(4, 7, saved.stamp, 200),
        "an older database": lambda: good.load(3, 6, saved.stamp, 200),
        "another stamp": lambda: good.load(3, 7, bytes(16), 200),
        "no stamp": lambda: good.load(3, 7, b"", 200),
        "another key": lambda: files(tmp_path, key=bytes(32)).load(3, 7, saved.stamp, 200),
        "another contract": lambda: files(tmp_path, contract="x").load(3, 7, saved.stamp, 200),
        "other parameters": lambda: files(tmp_path, m=8).load(3, 7, saved.stamp, 200),
        "missing": lambda: good.load(5, 7, saved.stamp, 200),
    }
    for name, attempt in attempts.items():
        with pytest.raises(IndexFileError):
            pytest.fail(f"{name}: {attempt()}")


def test_no_flipped_bit_and_no_cut_gets_through(saved: SavedFile, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(HnswIndex, "load", lambda *_: pytest.fail("the native loader was reached"))
    data = saved.final.read_bytes()
    rng = np.random.default_rng(1)
    # The first positions are the header's, where each byte matters by itself.
    for position in [*range(0, 400, 3), *rng.integers(0, len(data), 100)]:
        flipped = bytearray(data)
        flipped[position] ^= 1 << int(rng.integers(8))
        saved.final.write_bytes(flipped)
        with pytest.raises(IndexFileError):
            files(tmp_path).load(3, 7, saved.stamp, 200)
    for length in (0, 1, 15, 19, 100, 400, len(data) - 17, len(data) - 1):
        saved.final.write_bytes(data[:length])
        with pytest.raises(IndexFileError):
            files(tmp_path).load(3, 7, saved.stamp, 200)


def test_foreign_and_half_files_are_swept(saved: SavedFile, tmp_path: Path) -> None:
    for name in ("9.hnsw", "3.new", "notes.txt"):
        (tmp_path / "index" / name).write_bytes(b"x")
    files(tmp_path).keep_only({3})
    assert [path.name for path in (tmp_path / "index").iterdir()] == ["3.hnsw"]
