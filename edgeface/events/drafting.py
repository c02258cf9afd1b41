"""From what somebody wants written down to an event: number, id, times, seal."""

from __future__ import annotations

import json
import uuid
from typing import Any

from edgeface.events.clock import JumpWatch
from edgeface.events.event import Event, EventKind, NewEvent
from edgeface.events.moment import Moment
from edgeface.events.rows import SealedEvent
from edgeface.events.sequence import Numbers
from edgeface.events.vault import Vault
from edgeface.storage.failures import os_failure


class Drafting:
    """Makes events. The log's lock is held around each call."""

    def __init__(self, numbers: Numbers, *, trusted: bool) -> None:
        """``trusted``: whether the clock was believed at the last event."""
        self.numbers = numbers
        self._trusted = trusted
        self._jumps = JumpWatch()
        self._jump_s = 0.0

    def drafts(self, new: NewEvent, moment: Moment) -> tuple[NewEvent, ...]:
        """The event, behind one that says what became of the clock where something did."""
        self._jump_s += self._jumps.jump_s(moment.wall, moment.monotonic)
        if not self._jump_s and moment.trusted is self._trusted:
            return (new,)
        facts: dict[str, Any] = {"trusted": moment.trusted, "evidence": moment.evidence}
        if self._jump_s:
            facts["jump_s"] = round(self._jump_s, 3)
        return (NewEvent(EventKind.CLOCK, facts, "clock"), new)

    def written(self, moment: Moment) -> None:
        """What :meth:`drafts` said about the clock is on the disk and need not be said again."""
        self._trusted = moment.trusted
        self._jump_s = 0.0

    def made(self, new: NewEvent, moment: Moment, vault: Vault) -> SealedEvent:
        """The event, ready to be written. Raises ``STORAGE_*``; ``TypeError``, ``ValueError``: not JSON."""
        # A copy, so that what readers see is what is on the disk, whatever becomes of the caller's own.
        data = json.loads(json.dumps(new.data, allow_nan=False))
        try:
            sequence = self.numbers.take()
        except OSError as error:
            raise os_failure(error) from error
        event = Event(
            sequence=sequence,
            event_id=uuid.uuid4().hex,
            kind=new.kind,
            source=new.source,
            wall_at=moment.wall,
            monotonic_at=moment.monotonic,
            boot_id=moment.boot_id,
            clock_trusted=moment.trusted,
            expires_at_monotonic=None if new.expires_s is None else moment.monotonic + new.expires_s,
            data=data,
        )
        return SealedEvent.of(event, vault)
