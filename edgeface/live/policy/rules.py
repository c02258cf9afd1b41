"""Access rules: group x weekday x time window. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from edgeface.config import AccessRule

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def always(rule: AccessRule) -> bool:
    """Whether a rule holds at any time, so that no clock is needed for it."""
    return set(rule.days) == set(_DAYS) and rule.start == "00:00" and rule.end == "24:00"


def holds(rule: AccessRule, local: datetime) -> bool:
    """Whether a rule holds at a local time. A window whose end is not after its start goes over midnight and
    belongs to the weekday on which it begins."""
    now = local.hour * 60 + local.minute + local.second / 60
    start, end = _minutes(rule.start), _minutes(rule.end)
    if end > start:
        return _day(local) in rule.days and start <= now < end
    if now >= start:
        return _day(local) in rule.days
    return now < end and _day(local - timedelta(days=1)) in rule.days


def refusal(
    rules: Iterable[AccessRule], groups: Iterable[str], local: datetime, *, clock_trusted: bool
) -> str | None:
    """Why a member of these groups may not pass now; ``None`` when some rule lets them pass."""
    mine = [rule for rule in rules if rule.group in set(groups)]
    if not mine:
        return "no_rule"
    if any(always(rule) for rule in mine):
        return None
    if not clock_trusted:
        return "clock_not_trusted"
    return None if any(holds(rule, local) for rule in mine) else "outside_hours"


def _day(local: datetime) -> str:
    return _DAYS[local.weekday()]


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
