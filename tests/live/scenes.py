"""Moments and outcomes for policies."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from edgeface.events.event import NewEvent
from edgeface.live.outcome import Conclusion, Outcome
from edgeface.live.policy.policy import Scene
from tests.live.faces import face, match

MONDAY = datetime(2026, 11, 2, 12, 0, tzinfo=timezone.utc)


def scene(now: float, *tracks: int, trusted: bool = True) -> Scene:
    """``now`` seconds after Monday noon; the first track has the largest face."""
    return Scene(now, MONDAY + timedelta(seconds=now), trusted, frozenset(tracks), tracks[0] if tracks else 0)


def known(user_id: str, track: int = 1, at: float = 0.0) -> Outcome:
    return Outcome(Conclusion.RECOGNISED, track, face(), 3, at, at - 1, match=match(user_id))


def stranger(track: int = 1, at: float = 0.0) -> Outcome:
    return Outcome(Conclusion.UNKNOWN, track, face(), 3, at, at - 1)


def undecided(track: int = 1, at: float = 0.0) -> Outcome:
    return Outcome(Conclusion.UNDECIDED, track, face(), 0, at, at - 1, reasons=("illumination",))


def said(events: tuple[NewEvent, ...]) -> list[str]:
    """``refused no_rule``, ``passage in`` and so on."""
    words = []
    for event in events:
        about = event.data.get("reason") or event.data.get("direction") or event.data.get("hint") or ""
        words.append(f"{event.kind.value} {about}".strip())
    return words
