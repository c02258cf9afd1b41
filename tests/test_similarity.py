"""Similarities: whichever way they are computed, they are the cosine less both offsets."""

from __future__ import annotations

import numpy as np
import pytest

from edgeface.similarity import TemplateSpace
from edgeface.types import FloatArray


def _templates(count: int, seed: int) -> FloatArray:
    rows = np.random.default_rng(seed).normal(size=(count, 16)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _offsets(templates: FloatArray) -> FloatArray:
    return np.abs(templates[:, 0]) - np.float32(0.1)


@pytest.mark.parametrize(("space", "width"), [(TemplateSpace(16), 16), (TemplateSpace(16, _offsets, "test"), 17)])
def test_all_ways_give_one_similarity(space: TemplateSpace, width: int) -> None:
    enrolled, probes = _templates(7, 1), _templates(5, 2)
    true = probes.astype(np.float64) @ enrolled.T.astype(np.float64)
    if space.offsets is not None:
        true -= _offsets(probes)[:, None] + _offsets(enrolled)[None]
    vectors = space.stored(enrolled)
    assert vectors.shape == (7, width)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(space.of_all(probes, vectors), true, atol=1e-6)
    np.testing.assert_allclose(space.of_pairs(probes, enrolled[:5]), np.diag(true), atol=1e-6)
    for row, probe in enumerate(probes):
        vector, base = space.probe(probe)
        assert vector.dtype == np.float32
        np.testing.assert_allclose(vectors @ vector + base, true[row], atol=1e-6)
        np.testing.assert_allclose(vectors @ space.cosine_probe(probe), enrolled @ probe, atol=1e-6)
        assert space.similarity(probe, enrolled[3]) == pytest.approx(true[row, 3], abs=1e-6)


def test_many_templates_get_their_own_offsets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeface.similarity._BLOCK", 3)
    enrolled = _templates(8, 1)
    vectors = TemplateSpace(16, _offsets, "test").stored(enrolled)
    np.testing.assert_array_equal(vectors[:, :16], enrolled)
    np.testing.assert_allclose(vectors[:, 16], -_offsets(enrolled), atol=1e-7)
