"""No policy: say who is there, act on nothing."""

from __future__ import annotations

from edgeface.events.event import NewEvent
from edgeface.live.outcome import Advice, Outcome
from edgeface.live.policy.facts import advice_event, outcome_event
from edgeface.live.policy.policy import Scene


class WatchPolicy:
    """Every outcome and hint becomes its plain event."""

    def __init__(self, source: str) -> None:
        self._source = source

    def on_outcome(self, outcome: Outcome, scene: Scene) -> tuple[NewEvent, ...]:  # noqa: ARG002 - the Protocol's
        """The plain event."""
        return (outcome_event(outcome, self._source),)

    def on_advice(self, advice: Advice, scene: Scene) -> tuple[NewEvent, ...]:  # noqa: ARG002 - the Protocol's
        """The plain hint."""
        return (advice_event(advice, self._source),)

    def on_scene(self, scene: Scene) -> tuple[NewEvent, ...]:  # noqa: ARG002 - the Protocol's
        """Nothing waits for anything here."""
        return ()
