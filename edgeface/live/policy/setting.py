"""From the configuration to its policy, and what must not be started."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import datetime

from edgeface.attributes import LIVENESS
from edgeface.config import Config
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.event import EventKind
from edgeface.events.log import EventLog
from edgeface.live.policy.attendance import AttendancePolicy, Passage
from edgeface.live.policy.door import DoorPolicy
from edgeface.live.policy.kiosk import KioskPolicy
from edgeface.live.policy.lockout import Lockout
from edgeface.live.policy.policy import Policy
from edgeface.live.policy.watch import WatchPolicy
from edgeface.types import QualityLevel

_PAGE = 1000


def refuse_unsafe(config: Config, features: Collection[str]) -> None:
    """Raises ``CONFIG_INVALID`` for a door that could not tell a photograph and was not told to ignore that."""
    if config.live.profile == "door" and config.live.liveness == "required" and LIVENESS not in features:
        raise EdgeFaceError(
            ErrorCode.CONFIG_INVALID,
            "live.profile door needs a model pack with a liveness model; this pack has none, and a photograph held "
            'up would open the door. To run it all the same, write liveness = "none" into [live].',
        )


def liveness_level(config: Config, features: Collection[str]) -> QualityLevel:
    """What each shot must reach; NONE where it is not required, or the pack has no model for it."""
    required = config.live.liveness == "required" and LIVENESS in features
    return config.live.liveness_level if required else QualityLevel.NONE


def policy_of(config: Config, engine: Engine, events: EventLog) -> Policy:
    """The policy of the configured profile."""
    source, profile = config.camera.name, config.live.profile
    if profile == "attendance":
        return AttendancePolicy(config.attendance, source, last_passages(events))
    if profile == "kiosk":
        return KioskPolicy(config.kiosk, source)
    if profile == "door":
        return DoorPolicy(
            config.door,
            Lockout(config.door, config.state_dir, now=time.monotonic()),
            lambda user_id: groups_of(engine, user_id),
            expires_s=config.relay.expires_s,
            source=source,
        )
    return WatchPolicy(source)


def groups_of(engine: Engine, user_id: str) -> tuple[str, ...]:
    """Every group that a user is in; none for one who was erased just now."""
    try:
        return tuple(user.group_id for user in engine.gallery.user(None, user_id))
    except EdgeFaceError as error:
        if error.code is ErrorCode.USER_NOT_FOUND:
            return ()
        raise


def last_passages(events: EventLog) -> tuple[Passage, ...]:
    """The last passage of each person in the log: directions and double reads go on after a restart."""
    last: dict[str, Passage] = {}
    sequence = 0
    while page := events.since(sequence, _PAGE, [EventKind.PASSAGE]):
        for event in page:
            user_id, direction = str(event.data["user_id"]), str(event.data["direction"])
            last[user_id] = Passage(user_id, direction, datetime.fromtimestamp(event.wall_at).astimezone())
        sequence = page[-1].sequence
    return tuple(last.values())
