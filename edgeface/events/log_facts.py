"""Numbers about the log, for metrics and pages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogFacts:
    """How the log is. ``bytes_written``: by this process into the database and its write-ahead log."""

    events: int
    hints: int
    pending: int
    oldest: int
    last: int
    transactions: int
    bytes_written: int
    hints_dropped: int
    set_aside: int
