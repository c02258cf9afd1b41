"""The pair lists of the LFW verification protocol.

Format (http://vis-www.cs.umass.edu/lfw/README.txt): a header ``folds pairs``, then for every fold ``pairs`` lines
``name n1 n2`` (same person) and ``pairs`` lines ``name1 n1 name2 n2`` (two people), separated by tabs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgeface.errors import EdgeFaceError, ErrorCode


@dataclass(frozen=True, slots=True)
class Pair:
    """Two picture names (``name/name_0001``, no suffix) and whether they show one person."""

    first: str
    second: str
    same: bool


@dataclass(frozen=True, slots=True)
class PairList:
    """The pairs of every fold, in the file's order."""

    folds: tuple[tuple[Pair, ...], ...]

    def __iter__(self) -> Iterator[Pair]:
        return (pair for fold in self.folds for pair in fold)

    def __len__(self) -> int:
        return sum(len(fold) for fold in self.folds)

    @property
    def fold_numbers(self) -> tuple[int, ...]:
        """For every pair of the iteration order, the number of its fold from 0."""
        return tuple(number for number, fold in enumerate(self.folds) for _ in fold)

    @property
    def pictures(self) -> tuple[str, ...]:
        """Every picture that a pair names, once, sorted."""
        return tuple(sorted({name for pair in self for name in (pair.first, pair.second)}))


def picture_name(person: str, number: int) -> str:
    """The LFW layout's name of a picture: ``name/name_0001``."""
    return f"{person}/{person}_{number:04d}"


def parse_pairs(text: str) -> PairList:
    """Read a pair list. Raises ``INVALID_REQUEST`` naming the wrong line."""
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line]
    if not lines:
        raise _wrong(1, "the file is empty")
    try:
        folds, pairs = (int(part) for part in lines[0].split())
    except ValueError:
        raise _wrong(1, "the header must be two numbers: folds and pairs, e.g. '10 300'") from None
    if folds < 2 or pairs < 1:
        raise _wrong(1, "the protocol needs at least 2 folds and 1 pair of each kind")
    expected = 1 + folds * pairs * 2
    if len(lines) != expected:
        raise _wrong(len(lines), f"{expected} lines were announced, {len(lines)} are there")
    read = [_pair(number, line) for number, line in enumerate(lines[1:], start=2)]
    size = pairs * 2
    return PairList(tuple(tuple(read[start : start + size]) for start in range(0, len(read), size)))


def _pair(number: int, line: str) -> Pair:
    # Names hold no blanks in LFW, but other collections separate by tabs for a reason.
    parts = line.split("\t") if "\t" in line else line.split()
    try:
        if len(parts) == 3:
            person, first, second = parts[0], int(parts[1]), int(parts[2])
            return Pair(picture_name(person, first), picture_name(person, second), same=True)
        if len(parts) == 4:
            return Pair(picture_name(parts[0], int(parts[1])), picture_name(parts[2], int(parts[3])), same=False)
    except ValueError:
        pass
    raise _wrong(number, "expected 'name n1 n2' or 'name1 n1 name2 n2'")


def _wrong(line: int, what: str) -> EdgeFaceError:
    return EdgeFaceError(ErrorCode.INVALID_REQUEST, f"Pair list, line {line}: {what}.")
