"""A number for every user, and the way back.

An API whose faces are numbered (CloudWalk ``faceId``, a JSON integer) meets a gallery whose users have ids of
letters, digits and underscores. A face is a user here, and its number follows from the user's id alone:

- an id that is a number below 2^52, written without leading zeros, is its own number ("10021" is 10021, and faces
  that were added through such an API have ids like that);
- any other id ("ada", "007") has 2^52 plus the first 52 bits of its SHA-256.

Both halves are disjoint and end at 2^53, up to which every JSON reader is exact. A number stays the same when the
face is replaced, is the same in each group that has the user, and survives an archive that is carried to another
device. New numbers are random, not counted: two devices whose archives are merged have not used the same one for
two people, and the number of somebody who was deleted does not come back as somebody else's.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

_BITS = 52
_HASHED = 1 << _BITS
NUMBERS = range(1, 2 * _HASHED)
"""All there are."""
_WRITTEN = re.compile(r"[1-9][0-9]{0,15}")


def number_of(user_id: str) -> int:
    """The number of a user."""
    if _WRITTEN.fullmatch(user_id) and int(user_id) < _HASHED:
        return int(user_id)
    digest = hashlib.sha256(user_id.encode("utf-8")).digest()
    return _HASHED + (int.from_bytes(digest[:8], "big") >> (64 - _BITS))


class HashedNumbers:
    """The users of a group whose numbers are hashed, to be found by them. Immutable.

    Compact, because it is kept: 16 bytes a user and the ids themselves.
    """

    __slots__ = ("_ends", "_ids", "_numbers")

    def __init__(self, user_ids: Iterable[str]) -> None:
        numbered = [(number, user_id) for user_id in user_ids if (number := number_of(user_id)) >= _HASHED]
        self._numbers: NDArray[np.uint64] = np.array([number for number, _ in numbered], dtype=np.uint64)
        self._ids = "".join(user_id for _, user_id in numbered)
        self._ends: NDArray[np.int64] = np.cumsum([len(user_id) for _, user_id in numbered], dtype=np.int64)

    def user_id(self, number: int) -> str | None:
        """The id behind a number; ``None`` where nobody has it, and where two have."""
        (places,) = np.nonzero(self._numbers == np.uint64(number))
        if len(places) != 1:
            return None
        place = int(places[0])
        start = int(self._ends[place - 1]) if place else 0
        return self._ids[start : int(self._ends[place])]


def user_id_of(number: int, hashed: Callable[[], HashedNumbers]) -> str | None:
    """The id behind a number: a written one at once, a hashed one by looking it up.

    ``None`` where nobody has the number, and where two have (once in some hundred million galleries of 10,000
    users): better nobody than the wrong one.
    """
    if number not in NUMBERS:
        return None
    return str(number) if number < _HASHED else hashed().user_id(number)


def new_number() -> int:
    """A random number with a written id, too large to be an operator's own (employees are not numbered so high)."""
    return _HASHED // 2 + secrets.randbelow(_HASHED // 2)
