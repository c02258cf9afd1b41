"""What was worked out from the gallery, kept until the gallery changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

MOST = 32
"""Values kept at once: lists of groups, and a table for each of the groups that are in use."""


class Derived:
    """Thread-safe. Values of one revision of the gallery by name; whichever was not asked for longest goes first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._revision = -1
        self._values: OrderedDict[str, Any] = OrderedDict()

    def get(self, name: str, revision: int, make: Callable[[], T]) -> T:
        """The value of that name, made unless it was made at this revision.

        ``revision``: the gallery's before anything is read. What two callers make at the same time is made twice.
        """
        with self._lock:
            if revision == self._revision and name in self._values:
                self._values.move_to_end(name)
                found: T = self._values[name]
                return found
        made = make()
        with self._lock:
            if revision > self._revision:
                self._values.clear()
                self._revision = revision
            if revision == self._revision:
                self._values[name] = made
                self._values.move_to_end(name)
                while len(self._values) > self._most:
                    self._values.popitem(last=False)
        return made

    def clear(self, revision: int) -> None:
        """Forget all, also what is just being made: this is the gallery's revision from now on."""
        with self._lock:
            self._values.clear()
            self._revision = revision
