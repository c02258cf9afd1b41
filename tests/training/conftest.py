"""Fixtures of the training tests. Nothing here imports PyTorch before a test that needs it asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def one_thread() -> Iterator[None]:
    """These networks are so small that more threads only wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Ten gathered drawings of five people, and made-up teachers' templates of 40 samples."""
    from embedder_samples import gathered

    return gathered(tmp_path)
