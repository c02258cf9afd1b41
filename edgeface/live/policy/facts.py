"""The data of an event about a face: the same names in every event."""

from __future__ import annotations

from typing import Any

from edgeface.events.event import EventKind, NewEvent
from edgeface.live.outcome import Advice, Conclusion, Outcome

_KINDS = {
    Conclusion.RECOGNISED: EventKind.RECOGNISED,
    Conclusion.UNKNOWN: EventKind.UNKNOWN,
    Conclusion.UNDECIDED: EventKind.UNDECIDED,
}


def facts_of(outcome: Outcome) -> dict[str, Any]:
    """JSON-ready facts of an outcome. Scores are the documented 0-100; no template and no picture."""
    facts: dict[str, Any] = {
        "track": outcome.track,
        "shots": outcome.shots,
        "seconds": round(outcome.concluded_at - outcome.began_at, 3),
    }
    if outcome.match is not None:
        facts |= {
            "group_id": outcome.match.group_id,
            "user_id": outcome.match.user_id,
            "score": round(outcome.match.score, 2),
        }
    if outcome.distance_m is not None:
        facts["distance_m"] = round(outcome.distance_m, 2)
    if outcome.reasons:
        facts["reasons"] = list(outcome.reasons)
    return facts


def outcome_event(outcome: Outcome, source: str, **more: Any) -> NewEvent:
    """The plain event of an outcome."""
    return NewEvent(_KINDS[outcome.conclusion], {**facts_of(outcome), **more}, source)


def advice_event(advice: Advice, source: str) -> NewEvent:
    """The event of a hint."""
    facts: dict[str, Any] = {"track": advice.track, "hint": advice.hint.value}
    if advice.distance_m is not None:
        facts["distance_m"] = round(advice.distance_m, 2)
    return NewEvent(EventKind.HINT, facts, source)
