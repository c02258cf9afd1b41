"""A door: one face, alive where that is asked for, recognised, allowed by a rule. Everything else stays outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from edgeface.attributes import LIVENESS
from edgeface.config import DoorConfig
from edgeface.events.event import EventKind, NewEvent
from edgeface.live.hints import Hint
from edgeface.live.outcome import Advice, Conclusion, Outcome
from edgeface.live.policy.facts import advice_event, facts_of
from edgeface.live.policy.lockout import Lockout
from edgeface.live.policy.policy import Scene
from edgeface.live.policy.rules import refusal

GroupsOf = Callable[[str], Iterable[str]]
"""Every group that a user is in."""
_HOLD_S = 5.0  # a recognition is of a face seen just now; later it must be made anew


class DoorPolicy:
    """``door_opened`` or ``refused`` with its reason; the relay listens to the first. Fails secure.

    ``expires_s``: seconds after which the relay must not act on a ``door_opened`` any more.
    """

    def __init__(
        self, config: DoorConfig, lockout: Lockout, groups_of: GroupsOf, *, expires_s: float, source: str
    ) -> None:
        self._config = config
        self._lockout = lockout
        self._groups_of = groups_of
        self._expires_s = expires_s
        self._source = source
        self._opened: dict[str, float] = {}
        self._held: dict[int, Outcome] = {}

    def on_outcome(self, outcome: Outcome, scene: Scene) -> tuple[NewEvent, ...]:
        """Open, or refuse with the reason."""
        facts = {**facts_of(outcome), "door": self._config.name}
        if left := self._lockout.left_s(scene.now):
            return (self._refused(facts, "locked_out", left_s=round(left, 1)),)
        if outcome.conclusion is Conclusion.UNDECIDED and LIVENESS in outcome.reasons:
            # Whoever holds up a photograph tries again: it counts towards the lockout.
            return self._failed(facts, "not_live", scene)
        if outcome.conclusion is Conclusion.UNDECIDED:
            return (self._refused(facts, "undecided"),)
        if outcome.conclusion is Conclusion.UNKNOWN or outcome.match is None:
            return self._failed(facts, "unknown_person", scene)
        if scene.people > 1:
            # Who of them walks through cannot be told: nobody is let in behind somebody else's face.
            self._held[outcome.track] = outcome
            return (self._refused(facts, "several_faces"),)
        return self._recognised(outcome.match.user_id, facts, scene)

    def on_scene(self, scene: Scene) -> tuple[NewEvent, ...]:
        """Somebody who was recognised among several and now stands there alone need not come again."""
        for track, outcome in tuple(self._held.items()):
            if track not in scene.tracks or scene.now - outcome.concluded_at > _HOLD_S:
                del self._held[track]
        if scene.people > 1 or not self._held:
            return ()
        _, held = self._held.popitem()
        return self.on_outcome(held, scene)

    def on_advice(self, advice: Advice, scene: Scene) -> tuple[NewEvent, ...]:
        """The hint, or that only one person may stand there."""
        if scene.people > 1:
            advice = Advice(advice.track, Hint.ONE_PERSON, advice.given_at, advice.distance_m)
        return (advice_event(advice, self._source),)

    def _recognised(self, user_id: str, facts: dict[str, Any], scene: Scene) -> tuple[NewEvent, ...]:
        opened = self._opened.get(user_id)
        if opened is not None and scene.now - opened < self._config.reopen_after_s:
            return ()
        why = refusal(self._config.rules, self._groups_of(user_id), scene.local, clock_trusted=scene.clock_trusted)
        if why is not None:
            return self._failed(facts, why, scene)
        self._lockout.passed()
        self._opened = {user_id: scene.now}
        return (NewEvent(EventKind.DOOR_OPENED, facts, self._source, expires_s=self._expires_s),)

    def _failed(self, facts: dict[str, Any], reason: str, scene: Scene) -> tuple[NewEvent, ...]:
        refused = self._refused(facts, reason)
        if not self._lockout.failed(scene.now):
            return (refused,)
        locked = {"door": self._config.name, "seconds": self._config.lockout_s, "failures": self._config.failures}
        return (refused, NewEvent(EventKind.LOCKOUT, locked, self._source))

    def _refused(self, facts: dict[str, Any], reason: str, **more: Any) -> NewEvent:
        return NewEvent(EventKind.REFUSED, {**facts, "reason": reason, **more}, self._source)
