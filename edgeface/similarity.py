"""How alike two templates are: their cosine, less how alike each of them is to strangers anyway.

Where a model's space is crowded (children, people whom training saw little of, blurred faces), strangers reach
cosines that elsewhere only one person's pictures reach: one threshold then means a much higher false match rate
there. The cohort offset of a template says how crowded it is around it; taking off both templates' offsets makes one
threshold mean about the same everywhere. This is adaptive symmetric score normalisation by the mean alone (Matejka
et al., Interspeech 2017), with the cohort learnt by a small network instead of kept on the device: see
docs/adr/0010-similarity-less-cohort-offsets.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from edgeface.types import FloatArray

Offsets: TypeAlias = Callable[[FloatArray], FloatArray]
"""Templates (n, dimension) of norm 1 -> how much each takes off every cosine with it, float32 (n,)."""

# So few at once that the network's session keeps little memory for good.
_BLOCK = 256


@dataclass(frozen=True, slots=True)
class TemplateSpace:
    """How templates of one model are compared, and the vectors whose inner products say it.

    Without ``offsets`` the similarity is the cosine. ``name`` tells the offsets of one space from another's.
    """

    dimension: int
    offsets: Offsets | None = None
    name: str = ""

    @property
    def width(self) -> int:
        """Components of a stored vector: a template's, and one more where there are offsets."""
        return self.dimension if self.offsets is None else self.dimension + 1

    def similarity(self, first: FloatArray, second: FloatArray) -> float:
        """Of two templates (dimension,) of norm 1; about -1 to 1, a little beyond where both stand alone."""
        return float(self.of_pairs(first[None], second[None])[0])

    def of_pairs(self, first: FloatArray, second: FloatArray) -> FloatArray:
        """The similarity (n,) of each row of ``first`` (n, dimension) and the same row of ``second``."""
        cosines: FloatArray = np.einsum("ij,ij->i", first, second)
        return cosines if self.offsets is None else cosines - self.offsets(first) - self.offsets(second)

    def of_all(self, probes: FloatArray, vectors: FloatArray) -> FloatArray:
        """Similarities (p, n) of templates (p, dimension) and stored vectors (n, width)."""
        if self.offsets is None:
            return probes @ vectors.T
        cosines = probes @ vectors[:, : self.dimension].T
        similarities: FloatArray = cosines + vectors[:, self.dimension] - self.offsets(probes)[:, None]
        return similarities

    def stored(self, templates: FloatArray) -> FloatArray:
        """Templates (n, dimension) as vectors (n, width) to be compared with probes."""
        vectors: FloatArray = np.empty((len(templates), self.width), dtype=np.float32)
        vectors[:, : self.dimension] = templates
        self.complete(vectors)
        return vectors

    def complete(self, vectors: FloatArray) -> None:
        """Make stored vectors, in place, of (n, width) whose first ``dimension`` columns hold templates."""
        if self.offsets is None:
            return
        for start in range(0, len(vectors), _BLOCK):
            block = vectors[start : start + _BLOCK]
            templates = block[:, : self.dimension].copy()
            block[:, self.dimension] = -self.offsets(templates)
            templates.fill(0.0)  # a freed block of memory keeps no faces

    def probe(self, template: FloatArray) -> tuple[FloatArray, float]:
        """A vector (width,) and a number, which added to its inner product with a stored vector is the similarity."""
        if self.offsets is None:
            return template, 0.0
        return np.append(template, np.float32(1)), -float(self.offsets(template[None])[0])

    def cosine_probe(self, template: FloatArray) -> FloatArray:
        """A vector (width,) whose inner product with a stored vector is the cosine."""
        return template if self.offsets is None else np.append(template, np.float32(0))
