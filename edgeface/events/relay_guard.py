"""The process that holds the relay's GPIO line: ``python -m edgeface.events.relay_guard CHIP LINE low|high``.

A process of its own, because what the kernel does with a line whose holder died is the driver's affair: some boards
keep the output as it was, and a daemon that crashed in the middle of a pulse would leave the door open. Here the
pulse ends by this process's own clock whatever becomes of the daemon, and at once when its pipe is closed.

It reads ``pulse SECONDS`` lines and answers ``ready``, ``on``, ``off``, or ``error TEXT`` as its last word.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from typing import Protocol

LONGEST_PULSE_S = 60.0
"""The configuration's own limit; a garbled line must not hold a door open."""


class Line(Protocol):
    """An output line."""

    def set(self, *, active: bool) -> None:
        """Switch it. Raises ``OSError``."""


class GpioLine:
    """A line of a GPIO chip, held through libgpiod and inactive to begin with."""

    def __init__(self, chip: str, offset: int, *, active_low: bool) -> None:
        """Raises ``ImportError`` without the gpiod package, ``OSError`` where the line cannot be had."""
        import gpiod  # noqa: PLC0415 - an optional package, which only this process needs
        from gpiod.line import Direction, Value  # noqa: PLC0415

        self._offset = offset
        self._values = {True: Value.ACTIVE, False: Value.INACTIVE}
        settings = gpiod.LineSettings(direction=Direction.OUTPUT, active_low=active_low, output_value=Value.INACTIVE)
        self._request = gpiod.request_lines(chip, consumer="edgeface-relay", config={offset: settings})

    def set(self, *, active: bool) -> None:
        """Switch the line."""
        self._request.set_value(self._offset, self._values[active])

    def release(self) -> None:
        """Give the line back."""
        self._request.release()


class Pulses:
    """Switches a line on for a while; a pulse during another makes it longer, it does not add to it."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._ends_at: float | None = None

    def left_s(self, now: float) -> float | None:
        """Seconds until the line goes off; ``None`` while it is off."""
        return None if self._ends_at is None else max(0.0, self._ends_at - now)

    def begin(self, seconds: float, now: float) -> None:
        """On, until at least ``seconds`` from now."""
        ends_at = now + min(max(seconds, 0.0), LONGEST_PULSE_S)
        self._ends_at = max(ends_at, self._ends_at or ends_at)
        self._line.set(active=True)

    def end_due(self, now: float) -> bool:
        """Off, when it is time; whether it was."""
        if self._ends_at is None or now < self._ends_at:
            return False
        self._ends_at = None
        self._line.set(active=False)
        return True


def serve(pulses: Pulses) -> None:
    """Follow the orders on stdin until it is closed."""
    rest = b""
    while True:
        now = time.monotonic()
        if pulses.end_due(now):
            say("off")
        readable, _, _ = select.select([0], [], [], pulses.left_s(now))
        if not readable:
            continue
        got = os.read(0, 4096)
        if not got:
            return
        *orders, rest = (rest + got).split(b"\n")
        for order in orders:
            verb, _, seconds = order.partition(b" ")
            if verb != b"pulse":
                raise ValueError("an order that is none")
            pulses.begin(float(seconds), time.monotonic())
            say("on")


def say(text: str) -> None:
    """One line to the daemon; a daemon that is gone is noticed on stdin."""
    with contextlib.suppress(OSError):
        os.write(1, text.replace("\n", " ").encode() + b"\n")


def main(arguments: Sequence[str]) -> int:
    """Hold the line until stdin is closed or a signal comes; leave it off."""
    chip, offset, level = arguments
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        line = GpioLine(chip, int(offset), active_low=level == "low")
    except ImportError:
        say("error The gpiod package is not installed (pip install 'edgeface[gpio]').")
        return 1
    except OSError as error:
        say(f"error {chip} line {offset}: {error.strerror or error}.")
        return 1
    try:
        say("ready")
        serve(Pulses(line))
    except (OSError, ValueError) as error:
        say(f"error {chip} line {offset}: {error}.")
        return 1
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        with contextlib.suppress(OSError):
            line.set(active=False)
        line.release()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
