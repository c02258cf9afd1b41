"""Signatures of single use that were used, remembered until they would be refused for their age anyway."""

from __future__ import annotations

from collections.abc import Hashable

from edgeface.errors import EdgeFaceError, ErrorCode

MOST_REMEMBERED = 50_000
"""About 10 MB. Only signatures that are genuine are remembered, so that strangers cannot fill it."""


class Replays:
    """In memory: a restart forgets. What that costs stands in docs/tcp-and-keys.md."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._used: dict[Hashable, float] = {}

    def use(self, signature: Hashable, *, until: float, now: float) -> None:
        """Note the use of a signature that is good until then.

        Raises ``SIGNATURE_REPLAYED`` the second time; ``BUSY`` when no more can be remembered.
        """
        if signature in self._used:
            raise EdgeFaceError(ErrorCode.SIGNATURE_REPLAYED)
        if len(self._used) >= self._most:
            self._used = {other: end for other, end in self._used.items() if end >= now}
            if len(self._used) >= self._most:
                raise EdgeFaceError(ErrorCode.BUSY, "Too many signatures of single use.")
        self._used[signature] = until
