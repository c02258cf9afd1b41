"""Attributes in the Baidu documents: which word asks for which of them, and what of it a face has.

Versions 2 and 3 ask in the same way and answer in different forms; each has a table of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from edgeface.attributes import LIVENESS, Attributes
from edgeface.engine import Engine
from edgeface.types import Face

Form: TypeAlias = Callable[[Any], dict[str, Any]]
"""An attribute's value as the fields of an answer."""


@dataclass(frozen=True, slots=True)
class AttributeField:
    """``attribute``: a field of :class:`edgeface.attributes.Attributes`; ``form``: how the document writes it."""

    attribute: str
    form: Form


def written(field: AttributeField, face: Face) -> dict[str, Any] | None:
    """What an answer says of a face; ``None`` where it was not measured."""
    value = measured(face, field.attribute)
    return None if value is None else field.form(value)


def measured(face: Face, attribute: str) -> Any:
    """One attribute; ``None`` where the pack has no model for it, or the face is known by its template only."""
    return getattr(face.attributes or Attributes(), attribute)


def tells_liveness(engine: Engine) -> bool:
    """Whether the active pack has a model for liveness."""
    return LIVENESS in engine.analyzer.features
