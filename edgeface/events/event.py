"""An event: what happened, when by two clocks, and how long it may be acted upon."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from edgeface.events.moment import Moment

# What says nothing about who it was. A list of what may be shown, not of what may not: a new fact is hidden until
# somebody has thought about it. Scores are missing on purpose (whoever sees them can climb towards a match).
_NAMELESS = frozenset(
    {
        "active",
        "camera",
        "direction",
        "distance_m",
        "door",
        "enrolling",
        "events",
        "evidence",
        "faces",
        "failures",
        "file",
        "hint",
        "jump_s",
        "kind",
        "left_s",
        "profile",
        "reason",
        "reasons",
        "restarts",
        "seconds",
        "shots",
        "state",
        "track",
        "trusted",
        "version",
        "what",
    }
)
_WORD = re.compile(r"[A-Za-z0-9_.\-]{1,64}")


class EventKind(str, Enum):
    """What happened. ``refused``: a known or unknown face that may not pass, with its reason."""

    RECOGNISED = "recognised"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    UNDECIDED = "undecided"
    HINT = "hint"
    PASSAGE = "passage"
    DOOR_OPENED = "door_opened"
    LOCKOUT = "lockout"
    ENROLLED = "enrolled"
    CAMERA = "camera"
    CLOCK = "clock"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What somebody wants written down.

    ``data``: JSON-ready facts; a person stands under ``user_id`` (and ``group_id``), at any depth, so that erasing
    the person finds the event. ``source``: camera, door or part that says so. ``expires_s``: seconds after which
    nobody may act on it any more; ``None``: it is a report, which may be delivered late.
    """

    kind: EventKind
    data: Mapping[str, Any]
    source: str
    expires_s: float | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """What was written down.

    ``sequence`` grows and is never used twice on a device, but has gaps; ``event_id``: 32 hexadecimal digits, for
    receivers that must not act twice. ``wall_at``: seconds since 1970, UTC, to be believed where
    ``clock_trusted``; ``monotonic_at`` and ``expires_at_monotonic``: CLOCK_MONOTONIC seconds of the boot
    ``boot_id``.
    """

    sequence: int
    event_id: str
    kind: EventKind
    source: str
    wall_at: float
    monotonic_at: float
    boot_id: str
    clock_trusted: bool
    expires_at_monotonic: float | None
    data: Mapping[str, Any]

    def expired(self, now: Moment) -> bool:
        """Whether nobody may act on it any more: by either clock, and in any other boot than its own.

        CLOCK_MONOTONIC stands still while a machine sleeps, so a step of the wall clock beyond the event's life
        counts too; the price is that setting the clock at that instant costs one opening.
        """
        if self.expires_at_monotonic is None:
            return False
        life = self.expires_at_monotonic - self.monotonic_at
        return (
            now.boot_id != self.boot_id
            or now.monotonic >= self.expires_at_monotonic
            or now.wall - self.wall_at >= life
        )

    def nameless(self) -> Event:
        """The same event without anything that says who it was, and without scores.

        Of texts only single words are shown: a sentence may quote the address of a camera with its password.
        """
        shown = {name: value for name, value in self.data.items() if name in _NAMELESS and _is_plain(value)}
        return replace(self, data=shown)


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_WORD.fullmatch(value))
    if isinstance(value, (list, tuple)):
        return all(_is_plain(item) for item in value)
    return not isinstance(value, Mapping)
