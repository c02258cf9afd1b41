"""What belongs to numbered samples, on disk in files of 512: their templates, and pictures that were drawn once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.whole_file import whole_file

CHUNK = 512  # samples in a file


@dataclass(frozen=True, slots=True)
class Chunks:
    """`folder`/NNNNN.npy, a row for each sample; a folder that is not there holds none."""

    folder: Path

    def file(self, index: int) -> Path:
        """Where the row of sample `index` is, or would be."""
        return self.folder / f"{index // CHUNK:05d}.npy"

    def hold(self, samples: range) -> bool:
        """Whether all of `samples`, a chunk from its beginning, are there."""
        path = self.file(samples.start)
        return path.is_file() and len(np.load(path, mmap_mode="r")) >= len(samples)

    def write(self, samples: range, rows: NDArray[Any]) -> None:
        """Write the rows of `samples`, a chunk from its beginning: all of them, or none when it is stopped."""
        self.folder.mkdir(exist_ok=True)
        with whole_file(self.file(samples.start)) as partial, partial.open("wb") as stream:
            np.save(stream, rows)
        _opened.cache_clear()

    def row(self, index: int) -> NDArray[Any] | None:
        """The row of one sample, None when it is not there."""
        try:
            return np.asarray(_opened(self.file(index))[index % CHUNK])
        except (FileNotFoundError, IndexError):
            return None


@lru_cache(maxsize=4096)
def _opened(path: Path) -> NDArray[Any]:
    rows: NDArray[Any] = np.load(path, mmap_mode="r")
    return rows
