"""What failures, health and facts answer."""

from __future__ import annotations

from typing import Any

from edgeface.api.answers import Answer


class ErrorBody(Answer):
    """An entry of the closed catalogue (docs/errors.md)."""

    code: str
    message: str
    retryable: bool
    request_id: str
    details: dict[str, Any] | None = None


class ErrorAnswer(Answer):
    """Every failure."""

    error: ErrorBody


class LiveAnswer(Answer):
    """The process answers."""

    live: bool


class ReadyAnswer(Answer):
    """Whether calls will be computed, and why not."""

    ready: bool
    reasons: list[str]


class LimitsAnswer(Answer):
    """The configured limits that a caller meets."""

    max_image_bytes: int
    max_request_bytes: int
    max_faces: int
    max_groups: int
    max_users_per_group: int
    max_faces_per_user: int
    max_user_info_bytes: int
    max_groups_per_search: int
    max_top: int
    max_page: int
    deadline_s: float


class InfoAnswer(Answer):
    """What this device is. ``missing``: features for which the active pack has no model."""

    version: str
    api: str
    pack: str
    contract_id: str
    dimension: int
    features: list[str]
    missing: list[str]
    decision_fmr: float
    decision_score: float
    role: str
    limits: LimitsAnswer
