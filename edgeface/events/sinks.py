"""What acts on events: a relay; later a broker or a webhook, each a new file."""

from __future__ import annotations

from typing import Protocol

from edgeface.events.event import Event


class SinkAway(Exception):  # noqa: N818 - a state of the world outside, answered by waiting
    """The sink cannot take the event now; it will be offered again. ``reason``: one sentence, names nobody."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Sink(Protocol):
    """Takes events, one at a time, in order, from a thread of its own.

    After a crash an event may come twice; :attr:`Event.event_id` tells. Expired events do not come.
    """

    @property
    def name(self) -> str:
        """Under which its place in the log is kept; unique, and never changed."""

    def deliver(self, event: Event) -> None:
        """Take the event, or leave it: kinds that are not this sink's are taken by doing nothing.

        Raises :class:`SinkAway`; the event is then offered again, with growing pauses, until it expires.
        """
