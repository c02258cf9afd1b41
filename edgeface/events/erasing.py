"""Erasing a person from the log: found by the keyed mark, overwritten, gone from the write-ahead log."""

from __future__ import annotations

from edgeface.events import rows
from edgeface.events.event import Event, EventKind
from edgeface.events.retention import CHUNK, Retention
from edgeface.events.store import Store
from edgeface.events.vault import Vault, people


def erase_person(store: Store, vault: Vault, retention: Retention, user_id: str, group_id: str | None) -> int:
    """Remove the stored events that name the user (as a member of one group, where given); how many they were.

    Raises ``STORAGE_*``; then some of them may be gone, and asking again finishes the work.
    """
    mark = vault.mark(user_id)
    erased, reached = 0, 0
    with store.overwriting():
        while True:
            with store.reading() as connection:
                found = rows.of_person(connection, vault, mark, reached, CHUNK)
            if not found:
                break
            reached = found[-1].sequence
            # Without a group everything under the mark goes, also what does not open any more.
            doomed = [event for event in found if group_id is None or names(event, user_id, group_id)]
            with store.transaction(durable=True) as connection:
                rows.delete(connection, doomed, vault, mark)
            erased += len(doomed)
            retention.added(-len(doomed), -sum(event.kind is EventKind.HINT for event in doomed))
    return erased


def names(event: Event, user_id: str, group_id: str | None) -> bool:
    """Whether an event names the user, as a member of the group or of none in particular."""
    return any(
        user == user_id and (group_id is None or group in (None, group_id)) for user, group in people(event.data)
    )
