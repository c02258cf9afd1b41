"""What the client returns about the daemon itself; answers about faces are :mod:`edgeface.results`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the daemon computes calls, and why not."""

    ready: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Info:
    """What the device is. ``missing``: roles for which the active pack has no model; ``role``: this caller's."""

    version: str
    api: str
    pack: str
    contract_id: str
    dimension: int
    features: tuple[str, ...]
    missing: tuple[str, ...]
    decision_fmr: float
    decision_score: float
    role: str
    limits: Mapping[str, float]
