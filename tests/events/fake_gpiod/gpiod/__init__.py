"""A stand-in for libgpiod's Python binding, version 2: the calls that the relay's guard makes, written to a file.

``FAKE_GPIO`` names the file; each line is the line's physical level. A request of ``/dev/broken`` fails.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from gpiod.line import Direction, Value


@dataclass
class LineSettings:
    direction: Direction = Direction.AS_IS
    active_low: bool = False
    output_value: Value = Value.INACTIVE


class LineRequest:
    def __init__(self, offset: int, settings: LineSettings) -> None:
        self._offset = offset
        self._settings = settings
        self._released = False
        self.set_value(offset, settings.output_value)

    def set_value(self, offset: int, value: Value) -> None:
        assert offset == self._offset
        assert not self._released
        level = int((value is Value.ACTIVE) != self._settings.active_low)
        _write(f"{offset}={level}")

    def release(self) -> None:
        self._released = True
        _write(f"{self._offset} released")


def request_lines(path: str, config: dict[int, LineSettings], consumer: str | None = None) -> LineRequest:
    if path == "/dev/broken":
        raise OSError(16, "Device or resource busy")
    ((offset, settings),) = config.items()
    assert settings.direction is Direction.OUTPUT
    assert consumer
    _write(f"{offset} requested")
    return LineRequest(offset, settings)


def _write(text: str) -> None:
    with Path(os.environ["FAKE_GPIO"]).open("a") as file:
        file.write(text + "\n")
