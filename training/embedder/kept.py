"""Samples that were drawn once and kept on disk, since drawing one costs a sixth of learning from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CHUNK = 512  # samples in a file


@dataclass(frozen=True, slots=True)
class Kept:
    """The canvases of samples in `folder`/NNNNN.npy, chunk by chunk; a folder that is not there holds none."""

    folder: Path

    def holds(self, samples: range) -> bool:
        """Whether all of `samples`, which are of one chunk, are there."""
        try:
            return len(_opened(self._file(samples.start))) > (samples.stop - 1) % CHUNK
        except FileNotFoundError:
            return False

    def write(self, samples: range, canvases: NDArray[np.uint8]) -> None:
        """Keep the canvases (Nx128x128x3) of `samples`, a chunk from its beginning."""
        self.folder.mkdir(exist_ok=True)
        path = self._file(samples.start)
        partial = path.with_suffix(".partial")
        with partial.open("wb") as stream:
            np.save(stream, canvases)
        partial.rename(path)
        _opened.cache_clear()

    def canvas(self, index: int) -> NDArray[np.uint8] | None:
        """The 128x128x3 picture of a sample, None when it was not kept."""
        try:
            return np.asarray(_opened(self._file(index))[index % CHUNK])
        except (FileNotFoundError, IndexError):
            return None

    def _file(self, index: int) -> Path:
        return self.folder / f"{index // CHUNK:05d}.npy"


@lru_cache(maxsize=4096)
def _opened(path: Path) -> NDArray[np.uint8]:
    canvases: NDArray[np.uint8] = np.load(path, mmap_mode="r")
    return canvases
