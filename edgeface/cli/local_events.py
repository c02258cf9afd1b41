"""The event log of a state directory that no daemon uses."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date

from edgeface.client.event_calls import EventPage
from edgeface.config import AttendanceConfig
from edgeface.engine import Engine
from edgeface.events.attendance import AttendanceDay
from edgeface.events.attendance_csv import attendance_csv
from edgeface.events.event import EventKind
from edgeface.events.log import EventLog
from edgeface.events.timesheet import timesheet, working_days


class LocalEvents:
    """Answers as the client does."""

    def __init__(self, log: EventLog, config: AttendanceConfig) -> None:
        self._log = log
        self._config = config

    def events(self, since: int = 0, limit: int = 100, kinds: Collection[EventKind] | None = None) -> EventPage:
        found = self._log.since(since, limit, kinds)
        facts = self._log.facts()
        return EventPage(found, facts.oldest, facts.last)

    def attendance(self, first: date, last: date) -> tuple[AttendanceDay, ...]:
        return timesheet(self._log, self._config, first, last)

    def attendance_csv(self, first: date, last: date, *, bom: bool = False) -> bytes:
        return attendance_csv(self.attendance(first, last), working_days(self._config), bom=bom)


@contextmanager
def local_events(engine: Engine) -> Iterator[LocalEvents]:
    """The log of the engine's state directory, whose lock the engine holds."""
    config = engine.config
    with EventLog.open(config.state_dir, config.events, key=engine.gallery.subkey("events")) as log:
        yield LocalEvents(log, config.attendance)
