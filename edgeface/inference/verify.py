"""A deeper look at a pack than loading takes: every file is opened and run once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeface.attributes import ATTRIBUTES
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.inference.cohort import space_of
from edgeface.inference.pack import ModelPack, Precision, RoleSpec
from edgeface.inference.precision import example_input
from edgeface.inference.roles import KNOWN_ROLES
from edgeface.inference.session import ModelSession

_WHOLE_PICTURE = (96, 160)  # height, width; different, so that a model that mixes them up shows itself
_CROPS = 2


@dataclass(frozen=True, slots=True)
class VariantReport:
    """A file that was opened and run; ``used`` is False for a role that this version does not know."""

    role: str
    precision: Precision
    file: str
    bytes: int
    used: bool


def verify_pack(pack: ModelPack) -> tuple[VariantReport, ...]:
    """Open and run every file of the roles that EdgeFace knows, and the cohort network.

    Raises ``PACK_INVALID`` for the first that fails.
    """
    reports = []
    for role in pack.roles.values():
        for precision, variant in role.variants.items():
            known = role.name in KNOWN_ROLES or role.name in ATTRIBUTES
            if known:
                _run(role, ModelSession(role, variant, threads=1), variant.path.name)
            size = variant.path.stat().st_size
            reports.append(VariantReport(role.name, precision, variant.path.name, size, known))
    if pack.cohort is not None:
        space_of(pack)
    return tuple(reports)


def _run(role: RoleSpec, session: ModelSession, file: str) -> None:
    if role.crop.kind == "whole":
        tensor = example_input(*_WHOLE_PICTURE)
    else:
        tensor = np.repeat(example_input(role.input.height, role.input.width), _CROPS, axis=0)
    try:
        outputs = session.run(tensor)
    except Exception as error:  # ONNX Runtime's own exception types are not public
        raise EdgeFaceError(ErrorCode.PACK_INVALID, f"{file}: it does not run ({type(error).__name__}).") from error
    if not all(np.isfinite(output).all() for output in outputs):
        raise EdgeFaceError(ErrorCode.PACK_INVALID, f"{file}: it computes values that are no numbers.")
    if role.width is not None and outputs[0].size != _CROPS * role.width:
        raise EdgeFaceError(ErrorCode.PACK_INVALID, f"{file}: it has not {role.width} numbers for each face.")
