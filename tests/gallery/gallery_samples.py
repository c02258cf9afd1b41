"""What the gallery's tests share: constants, types of the fixtures, and the check for a documented error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery.gallery import Gallery
from edgeface.gallery.records import NewFace
from edgeface.similarity import TemplateSpace
from edgeface.types import FloatArray, Template

CONTRACT = "contract-of-the-tests"
DIMENSION = 64

COSINES = TemplateSpace(DIMENSION)
# Offsets as large as a real model's: about a tenth, other for every template.
LESS_OFFSETS = TemplateSpace(DIMENSION, lambda templates: np.abs(templates[:, 0]) - np.float32(0.1), "test")

OpenGallery = Callable[..., Gallery]
Pick = Callable[[int], Template]


def unit_vectors(count: int, seed: int = 0, dimension: int = DIMENSION) -> FloatArray:
    """Random directions, float32 (count, dimension)."""
    values = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def new_faces(vectors: FloatArray, group: str = "staff", per_user: int = 1) -> list[NewFace]:
    """Face i has token ``t<i>`` and belongs to user ``u<i // per_user>``."""
    return [NewFace(group, f"u{i // per_user}", f"t{i}", vector) for i, vector in enumerate(vectors)]


@contextmanager
def refused(code: ErrorCode) -> Iterator[pytest.ExceptionInfo[EdgeFaceError]]:
    """The block must raise this error of the catalogue."""
    with pytest.raises(EdgeFaceError) as caught:
        yield caught
    assert caught.value.code is code, caught.value


def bytes_on_disk(folder: Path) -> bytes:
    """All bytes of all files below a folder."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
