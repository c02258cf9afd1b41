"""What ``doctor`` reports: one finding a line, with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Status(str, Enum):
    """How a finding weighs. Only ``FAIL`` makes ``doctor`` fail."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    area: str
    name: str
    status: Status
    detail: str
    advice: str = ""


def ok(area: str, name: str, detail: str) -> Finding:
    """Nothing to do."""
    return Finding(area, name, Status.OK, detail)


def warn(area: str, name: str, detail: str, advice: str) -> Finding:
    """It works, but somebody should look."""
    return Finding(area, name, Status.WARN, detail, advice)


def fail(area: str, name: str, detail: str, advice: str) -> Finding:
    """It will not work."""
    return Finding(area, name, Status.FAIL, detail, advice)
