from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from event_samples import KEY, HandClock, OpenLog

from edgeface.config import EventsConfig
from edgeface.events.log import EventLog


@pytest.fixture
def hand_clock() -> HandClock:
    return HandClock()


@pytest.fixture
def open_log(tmp_path: Path, hand_clock: HandClock) -> Iterator[OpenLog]:
    """``open_log(most=1000, key=..., folder=..., clock=...)``; closed at the end. Hints wait until they are asked
    for (``flush_s`` 300), because nothing here may depend on the time."""
    opened: list[EventLog] = []

    def make(
        folder: Path | None = None, *, key: bytes = KEY, clock: HandClock | None = None, **config: object
    ) -> EventLog:
        settings = EventsConfig.model_validate({"flush_s": 300, **config})
        opened.append(EventLog.open(folder or tmp_path / "state", settings, key=key, clock=clock or hand_clock))
        return opened[-1]

    yield make
    for log in opened:
        log.close()


@pytest.fixture
def log(open_log: OpenLog) -> EventLog:
    return open_log()
