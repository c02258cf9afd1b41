"""The Protocol of a policy, and what it is told about the moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from edgeface.events.event import NewEvent
from edgeface.live.outcome import Advice, Outcome


@dataclass(frozen=True, slots=True)
class Scene:
    """The moment of a conclusion.

    ``now``: monotonic seconds. ``local``: local wall time with its zone. ``clock_trusted``: whether that time can
    be believed. ``tracks``: numbers of the tracks in view that are people, not passing finds. ``largest``: the
    number of the track with the largest face, 0 when nobody is in view.
    """

    now: float
    local: datetime
    clock_trusted: bool
    tracks: frozenset[int]
    largest: int

    @property
    def people(self) -> int:
        """How many people are in view."""
        return len(self.tracks)


class Policy(Protocol):
    """Turns conclusions into events; the events act (a relay listens to them). Called from one thread."""

    def on_outcome(self, outcome: Outcome, scene: Scene) -> tuple[NewEvent, ...]:
        """A track was concluded."""

    def on_advice(self, advice: Advice, scene: Scene) -> tuple[NewEvent, ...]:
        """A person could do something."""

    def on_scene(self, scene: Scene) -> tuple[NewEvent, ...]:
        """A frame went by in which nothing was concluded."""
