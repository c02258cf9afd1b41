"""The network that says how much strangers look like a template (edgeface.similarity), and the space it makes."""

from __future__ import annotations

import numpy as np

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.inference.pack import COHORT_INPUT, COHORT_OUTPUT, ModelPack, VariantSpec
from edgeface.inference.session import open_session
from edgeface.similarity import TemplateSpace
from edgeface.types import FloatArray


def space_of(pack: ModelPack) -> TemplateSpace:
    """How the pack's templates are compared. Raises ``PACK_INVALID``."""
    return TemplateSpace(pack.dimension) if pack.cohort is None else space_with(pack.cohort, pack.dimension)


def space_with(cohort: VariantSpec, dimension: int) -> TemplateSpace:
    """How templates are compared by a cohort network's offsets; the space's name is the file's sha256.

    Raises ``PACK_INVALID``.
    """
    session = open_session(cohort, threads=1)

    def offsets(templates: FloatArray) -> FloatArray:
        found: FloatArray = session.run([COHORT_OUTPUT], {COHORT_INPUT: templates})[0].reshape(-1)
        return found

    trial = offsets(np.eye(2, dimension, dtype=np.float32))
    if trial.shape != (2,) or not np.isfinite(trial).all():
        raise EdgeFaceError(ErrorCode.PACK_INVALID, f"{cohort.path.name}: it does not give one number a template.")
    return TemplateSpace(dimension, offsets, cohort.sha256)
