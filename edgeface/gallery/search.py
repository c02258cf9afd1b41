"""One search over several groups: ask each index, merge, and let SQLite name the faces."""

from __future__ import annotations

from collections.abc import Sequence

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery import face_rows, user_rows
from edgeface.gallery.index import Hits
from edgeface.gallery.ledger import Ledger
from edgeface.gallery.records import Candidate
from edgeface.types import FloatArray

# A face that is erased between the scan and the look-up is left out; the scan is made again so that the answer is
# not one short. With writers that quick, the last answer may be.
_ATTEMPTS = 4


def search(
    ledger: Ledger, template: FloatArray, groups: Sequence[str], top: int, user_id: str | None
) -> tuple[Candidate, ...]:
    """The best face of each of the ``top`` most similar (group, user) pairs, best first.

    ``template``: float32 (dimension,), norm 1. Raises ``GROUP_NOT_FOUND``, and ``USER_NOT_FOUND`` when a ``user_id``
    is given that none of the groups knows, ``SHUTTING_DOWN`` in a closed gallery.
    """
    answer: tuple[Candidate, ...] = ()
    probe, base = ledger.space.probe(template)
    for _ in range(_ATTEMPTS):
        numbers = [ledger.number(group) for group in groups]
        if user_id is None:
            hits = [ledger.index.search(number, probe, top) for number in numbers]
        else:
            hits = _of_user(ledger, probe, numbers, user_id)
        found = _merge(hits, base)[:top]
        if not found:
            ledger.store.check_open()
            return ()
        with ledger.store.reading() as connection:
            answer = face_rows.candidates(connection, ledger.vault, found)
        if len(answer) == len(found):
            break
    return answer


def _of_user(ledger: Ledger, probe: FloatArray, numbers: Sequence[int], user_id: str) -> list[Hits]:
    with ledger.store.reading() as connection:
        rows = [row for number in numbers if (row := user_rows.find(connection, number, user_id))]
    if not rows:
        raise EdgeFaceError(ErrorCode.USER_NOT_FOUND, user_id=user_id)
    return [ledger.index.search_user(row.group, probe, row.number) for row in rows]


def _merge(hits: Sequence[Hits], base: float) -> list[tuple[int, float]]:
    """(face number, similarity), best first; equal ones in the order of enrolment.

    base: what makes a similarity of an inner product with the probe's vector.
    """
    pairs = [
        (face, score + base)
        for one in hits
        for face, score in zip(one.face_ids.tolist(), one.scores.tolist(), strict=True)
    ]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
