from __future__ import annotations

from datetime import datetime

import pytest

from edgeface.config import AccessRule
from edgeface.live.policy.rules import always, holds, refusal

WORKDAYS = AccessRule(group="staff", days=("mon", "tue", "wed", "thu", "fri"), start="07:30", end="18:00")
NIGHTS = AccessRule(group="guards", days=("fri",), start="22:00", end="06:00")
EVER = AccessRule(group="owners")


def at(day: int, time: str) -> datetime:
    """A day of the week of Monday, 2 November 2026."""
    return datetime.fromisoformat(f"2026-11-{1 + day:02d}T{time}:00")


@pytest.mark.parametrize(
    ("rule", "moment", "open_"),
    [
        (WORKDAYS, at(1, "07:29"), False),
        (WORKDAYS, at(1, "07:30"), True),
        (WORKDAYS, at(5, "17:59"), True),
        (WORKDAYS, at(5, "18:00"), False),
        (WORKDAYS, at(6, "12:00"), False),
        (NIGHTS, at(5, "21:59"), False),
        (NIGHTS, at(5, "22:00"), True),
        (NIGHTS, at(6, "05:59"), True),
        (NIGHTS, at(6, "06:00"), False),
        (NIGHTS, at(6, "23:00"), False),
        (NIGHTS, at(5, "05:00"), False),
        (EVER, at(7, "03:00"), True),
    ],
)
def test_when_a_rule_holds(rule: AccessRule, moment: datetime, open_: bool) -> None:
    assert holds(rule, moment) is open_


def test_why_somebody_may_not_pass() -> None:
    rules, noon, sunday = (WORKDAYS, EVER), at(1, "12:00"), at(7, "12:00")
    assert refusal(rules, ["staff"], noon, clock_trusted=True) is None
    assert refusal(rules, ["staff"], sunday, clock_trusted=True) == "outside_hours"
    assert refusal(rules, ["visitors"], noon, clock_trusted=True) == "no_rule"
    assert refusal((), ["staff"], noon, clock_trusted=True) == "no_rule"


def test_a_clock_that_cannot_be_trusted_opens_only_what_is_always_open() -> None:
    noon = at(1, "12:00")
    assert refusal((WORKDAYS,), ["staff"], noon, clock_trusted=False) == "clock_not_trusted"
    assert always(EVER) and refusal((EVER,), ["owners"], noon, clock_trusted=False) is None
    assert refusal((WORKDAYS, EVER), ["staff", "owners"], noon, clock_trusted=False) is None
