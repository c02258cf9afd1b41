"""Age, gender, liveness and the like: one network may serve several roles, and is then run once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edgeface.attributes import CLASSES, LIVENESS, RANGES, Attributes, EyeStatus, Likelihoods
from edgeface.inference.crop import CropBatch
from edgeface.inference.pack import RoleSpec
from edgeface.inference.roles import EYE_OPENNESS, LIKELIHOODS
from edgeface.inference.session import ModelSession
from edgeface.types import FloatArray

Value = float | Likelihoods | EyeStatus


@dataclass(frozen=True, slots=True)
class AttributeGroup:
    """Roles that read different outputs of the same file for the same crop."""

    roles: tuple[RoleSpec, ...]

    @property
    def name(self) -> str:
        """The roles' names, joined."""
        return "+".join(role.name for role in self.roles)

    @property
    def spec(self) -> RoleSpec:
        """One description that has all their outputs."""
        outputs = tuple(dict.fromkeys(name for role in self.roles for name in role.outputs))
        return replace(self.roles[0], name=self.name, outputs=outputs)


def grouped(roles: Iterable[RoleSpec]) -> tuple[AttributeGroup, ...]:
    """Roles with the same files, input and crop together."""
    groups: dict[object, list[RoleSpec]] = {}
    for role in roles:
        files = tuple(sorted((precision, variant.sha256) for precision, variant in role.variants.items()))
        groups.setdefault((files, role.input, role.crop), []).append(role)
    return tuple(AttributeGroup(tuple(members)) for members in groups.values())


@dataclass(frozen=True, slots=True)
class AttributeModel:
    """The model of one group of roles. Thread-safe."""

    session: ModelSession
    group: AttributeGroup

    def predict(self, crops: CropBatch) -> list[dict[str, Value]]:
        """For each crop the value of every role of the group."""
        outputs = self.session.run(crops.tensor)
        by_name = dict(zip(self.session.spec.outputs, outputs, strict=True))
        columns = {role.name: _values(role, by_name[role.outputs[0]], len(crops)) for role in self.group.roles}
        return [{name: column[index] for name, column in columns.items()} for index in range(len(crops))]


def merged(parts: Sequence[dict[str, Value]]) -> Attributes:
    """One face's values from all groups."""
    return Attributes(**{name: value for part in parts for name, value in part.items()})  # type: ignore[arg-type]


def _values(role: RoleSpec, output: FloatArray, count: int) -> Sequence[Value]:
    rows = np.asarray(output, np.float64).reshape(count, -1)
    if role.output_format == EYE_OPENNESS:
        return [EyeStatus(float(left), float(right)) for left, right in np.clip(rows, 0.0, 1.0)]
    if role.output_format == LIKELIHOODS:
        shares = _softmax(rows) if role.logits else _normalised(rows)
        likelihoods = [
            Likelihoods(tuple((name, float(share)) for name, share in zip(role.classes, row, strict=True)))
            for row in shares
        ]
        return [item.of(CLASSES[LIVENESS][0]) for item in likelihoods] if role.name == LIVENESS else likelihoods
    least, most = RANGES[role.name]
    return [float(value) for value in np.clip(rows[:, 0] * role.factor, least, most)]


def _softmax(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    powers = np.exp(rows - rows.max(axis=1, keepdims=True))
    shares: npt.NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _normalised(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """INT8 outputs do not sum to 1 exactly; a row of zeros knows nothing of any class."""
    clipped = np.clip(rows, 0.0, 1.0)
    sums = clipped.sum(axis=1, keepdims=True)
    return np.where(sums > 0, clipped / np.where(sums > 0, sums, 1.0), 1.0 / rows.shape[1])
