"""The subsets in the code are those of the documented layout."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from edgeface.api.dialects.landmark_subsets import LANDMARK_4, LANDMARK_68, LANDMARK_72, Subset, points_of
from edgeface.types import Landmarks

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LAYOUT = Path(__file__).resolve().parents[2] / "models" / "default" / "landmark_layout.toml"


@pytest.mark.parametrize(
    ("name", "subset"), [("landmark4", LANDMARK_4), ("landmark68", LANDMARK_68), ("landmark72", LANDMARK_72)]
)
def test_the_subsets_are_those_of_the_layout(name: str, subset: Subset) -> None:
    layout = tomllib.loads(LAYOUT.read_text(encoding="utf-8"))
    assert [list(group) for group in subset] == layout["subsets"][name]


def test_a_point_is_the_mean_of_its_group() -> None:
    points = np.stack([np.arange(150), np.arange(150) * 2], axis=1).astype(np.float32)
    found = points_of(Landmarks(points), ((3,), (10, 20)))
    assert found.tolist() == [[3, 6], [15, 30]]
    assert found.dtype == np.float32
