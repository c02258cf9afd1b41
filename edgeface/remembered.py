"""Faces that were looked at a while ago, by token: what makes a token of ``detect`` searchable and enrollable.

In memory only, bounded in number and time, and never a picture: a face is kept as its measures and its template.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

from edgeface.types import Face


class RememberedFaces:
    """Thread-safe. ``most`` faces, each for ``lifetime_s`` seconds after it was last seen."""

    def __init__(self, *, most: int, lifetime_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._lock = threading.Lock()
        self._faces: OrderedDict[str, tuple[float, Face]] = OrderedDict()

    def __len__(self) -> int:
        with self._lock:
            self._expire()
            return len(self._faces)

    def add(self, faces: Iterable[Face]) -> None:
        """Remember faces that have a token and a template; others cannot stand for their picture."""
        if not self._lifetime_s:
            return
        with self._lock:
            self._expire()
            for face in faces:
                if not face.token or face.template is None:
                    continue
                self._faces.pop(face.token, None)
                self._faces[face.token] = (self._clock() + self._lifetime_s, face)
            while len(self._faces) > self._most:
                self._faces.popitem(last=False)

    def get(self, token: str) -> Face | None:
        """The face, or ``None`` when it was never seen, is too long ago, or was forgotten."""
        with self._lock:
            self._expire()
            found = self._faces.get(token)
            return found[1] if found else None

    def forget(self, tokens: Iterable[str]) -> None:
        """Forget some faces: they were erased."""
        with self._lock:
            for token in tokens:
                self._faces.pop(token, None)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._faces.clear()

    def _expire(self) -> None:
        # Every face lives equally long, so the first to be added is the first to go.
        now = self._clock()
        while self._faces and next(iter(self._faces.values()))[0] <= now:
            self._faces.popitem(last=False)
