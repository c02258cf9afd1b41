"""An attendance gate: who passed, in which direction, once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from edgeface.config import AttendanceConfig
from edgeface.events.event import EventKind, NewEvent
from edgeface.live.outcome import Advice, Conclusion, Outcome
from edgeface.live.policy.facts import advice_event, facts_of, outcome_event
from edgeface.live.policy.policy import Scene


@dataclass(frozen=True, slots=True)
class Passage:
    """The last passage of one person."""

    user_id: str
    direction: str
    at: datetime


class AttendancePolicy:
    """``passage`` events for people who are recognised, everything else as it is.

    The same person within ``debounce_s`` of the last read is the same passage (the field's commonest wish for
    attendance). With direction ``both`` passages of a working day alternate, beginning with ``in``.
    """

    def __init__(self, config: AttendanceConfig, source: str, earlier: Iterable[Passage] = ()) -> None:
        self._config = config
        self._source = source
        self._last = {passage.user_id: passage for passage in earlier}
        self._read_at: dict[str, float] = {}

    def on_outcome(self, outcome: Outcome, scene: Scene) -> tuple[NewEvent, ...]:
        """A passage, or the plain event of somebody who was not recognised."""
        match = outcome.match
        if outcome.conclusion is not Conclusion.RECOGNISED or match is None:
            return (outcome_event(outcome, self._source),)
        double = self._is_double(match.user_id, scene)
        # From the last read, not from the passage: who stays about is not counted out after a minute.
        self._read_at[match.user_id] = scene.now
        if double:
            return ()
        direction = self._direction(match.user_id, scene.local)
        self._last[match.user_id] = Passage(match.user_id, direction, scene.local)
        facts: dict[str, Any] = {**facts_of(outcome), "direction": direction}
        return (NewEvent(EventKind.PASSAGE, facts, self._source),)

    def on_advice(self, advice: Advice, scene: Scene) -> tuple[NewEvent, ...]:  # noqa: ARG002 - the Protocol's
        """The plain hint."""
        return (advice_event(advice, self._source),)

    def on_scene(self, scene: Scene) -> tuple[NewEvent, ...]:  # noqa: ARG002 - the Protocol's
        """Nothing waits for anything here."""
        return ()

    def _is_double(self, user_id: str, scene: Scene) -> bool:
        """Monotonic time where this process saw the last read; wall time for one that an earlier process saw."""
        if (read_at := self._read_at.get(user_id)) is not None:
            return scene.now - read_at < self._config.debounce_s
        last = self._last.get(user_id)
        return last is not None and timedelta(0) <= scene.local - last.at < timedelta(seconds=self._config.debounce_s)

    def _direction(self, user_id: str, local: datetime) -> str:
        if self._config.direction != "both":
            return self._config.direction
        last = self._last.get(user_id)
        if last is None or self._day(last.at) != self._day(local):
            return "in"
        return "out" if last.direction == "in" else "in"

    def _day(self, local: datetime) -> Any:
        hours, minutes = (int(part) for part in self._config.day_starts.split(":"))
        return (local - timedelta(hours=hours, minutes=minutes)).date()
