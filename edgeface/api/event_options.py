"""What calls on events and attendance may be told."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from edgeface.api.options import Options
from edgeface.events.event import EventKind

MOST_EVENTS = 1000
"""Events in one answer: about 300 kB."""
_LAST_NUMBER = 2**53 - 1  # what every JSON reader still tells from its neighbours


def _split(value: Any) -> Any:
    return [item.strip() for item in value.split(",")] if isinstance(value, str) else value


KindList = Annotated[tuple[EventKind, ...], BeforeValidator(_split), Field(strict=False, min_length=1)]
_KINDS = "Only these kinds; separated by commas. Default: all."


class EventsOptions(Options):
    """Which events."""

    since: int = Field(0, ge=0, le=_LAST_NUMBER, description="Events with greater sequence numbers.")
    limit: int = Field(100, ge=1, le=MOST_EVENTS, description="Events at most.")
    kinds: KindList | None = Field(None, description=_KINDS)


class StreamOptions(Options):
    """Which events, and from where on."""

    since: int | None = Field(
        None,
        ge=0,
        le=_LAST_NUMBER,
        description="Begin with the events behind this number; the header Last-Event-ID goes before it. Default: "
        "what happens from now on.",
    )
    kinds: KindList | None = Field(None, description=_KINDS)


class AttendanceOptions(Options):
    """Which working days."""

    first: date = Field(alias="from", description="First working day, YYYY-MM-DD, local.")
    last: date = Field(alias="to", description="Last working day; at most 366 in all.")


class AttendanceCsvOptions(AttendanceOptions):
    """Which working days, and how the file begins."""

    bom: bool = Field(False, description="Begin with a byte order mark, by which Excel knows UTF-8.")
