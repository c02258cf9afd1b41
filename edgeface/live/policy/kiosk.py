"""A kiosk: the person right in front of it, quick hints, and one greeting."""

from __future__ import annotations

from edgeface.config import KioskConfig
from edgeface.events.event import NewEvent
from edgeface.live.outcome import Advice, Conclusion, Outcome
from edgeface.live.policy.facts import advice_event, outcome_event
from edgeface.live.policy.policy import Scene


class KioskPolicy:
    """Only the largest face counts; a person is greeted again after ``greet_after_s``.

    Who was recognised in the queue is answered when they step to the front.
    """

    def __init__(self, config: KioskConfig, source: str) -> None:
        self._config = config
        self._source = source
        self._greeted: dict[str, float] = {}
        self._behind: dict[int, Outcome] = {}

    def on_outcome(self, outcome: Outcome, scene: Scene) -> tuple[NewEvent, ...]:
        """The plain event for the person in front, unless just greeted."""
        if scene.people and outcome.track != scene.largest:
            self._behind[outcome.track] = outcome
            return ()
        self._behind.pop(outcome.track, None)
        if outcome.conclusion is Conclusion.RECOGNISED and outcome.match is not None:
            user_id = outcome.match.user_id
            last = self._greeted.get(user_id)
            self._greeted[user_id] = scene.now
            if last is not None and scene.now - last < self._config.greet_after_s:
                return ()
        return (outcome_event(outcome, self._source),)

    def on_advice(self, advice: Advice, scene: Scene) -> tuple[NewEvent, ...]:
        """Hints for the person in front only."""
        return (advice_event(advice, self._source),) if advice.track == scene.largest else ()

    def on_scene(self, scene: Scene) -> tuple[NewEvent, ...]:
        """Who came to the front is answered now."""
        for track in set(self._behind) - scene.tracks:
            del self._behind[track]
        outcome = self._behind.get(scene.largest)
        return self.on_outcome(outcome, scene) if outcome is not None else ()
