"""Statements on events. A row becomes an :class:`Event` here and nowhere else."""

from __future__ import annotations

import heapq
import sqlite3
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from edgeface.events.event import Event, EventKind
from edgeface.events.vault import Unopened, Vault, beside

_COLUMNS = "sequence, event_id, kind, wall_at, monotonic_at, boot_id, clock_trusted, expires_at, sealed"


@dataclass(frozen=True, slots=True)
class SealedEvent:
    """An event ready to be written: sealing may fail, writing a sealed one only for want of storage."""

    event: Event
    sealed: bytes
    marks: frozenset[bytes]

    @classmethod
    def of(cls, event: Event, vault: Vault) -> SealedEvent:
        """Raises ``TypeError`` or ``ValueError`` for data that is not JSON."""
        return cls(event, vault.seal(event), vault.marks(event.data))


def insert(connection: sqlite3.Connection, events: Iterable[SealedEvent]) -> None:
    """Write events."""
    for item in events:
        event = item.event
        connection.execute(
            f"INSERT INTO events ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
            (
                event.sequence,
                uuid.UUID(hex=event.event_id).bytes,
                event.kind.value,
                event.wall_at,
                event.monotonic_at,
                event.boot_id,
                event.clock_trusted,
                event.expires_at_monotonic,
                item.sealed,
            ),
        )
        connection.executemany("INSERT INTO people VALUES (?, ?)", [(mark, event.sequence) for mark in item.marks])


def after(
    connection: sqlite3.Connection, vault: Vault, sequence: int, limit: int, kinds: Collection[EventKind] | None
) -> tuple[Event, ...]:
    """Events with greater numbers, in order, at most ``limit``."""
    if kinds is None:
        found: Iterable[Any] = connection.execute(
            f"SELECT {_COLUMNS} FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?",  # noqa: S608
            (sequence, limit),
        )
    else:
        # One walk along the index for each kind: a common statement would sort every event of these kinds.
        walks = [
            connection.execute(
                f"SELECT {_COLUMNS} FROM events WHERE kind = ? AND sequence > ? "  # noqa: S608
                "ORDER BY sequence LIMIT ?",
                (kind.value, sequence, limit),
            )
            for kind in set(kinds)
        ]
        found = islice(heapq.merge(*walks, key=lambda row: row[0]), limit)
    return tuple(_event(row, vault) for row in found)


def between(
    connection: sqlite3.Connection, vault: Vault, start: float, end: float, kind: EventKind
) -> tuple[Event, ...]:
    """Events of a kind whose wall time is in [start, end), in the order in which they happened."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM events WHERE kind = ? AND wall_at >= ? AND wall_at < ? "  # noqa: S608
        "ORDER BY sequence",
        (kind.value, start, end),
    )
    return tuple(_event(row, vault) for row in found)


def of_person(connection: sqlite3.Connection, vault: Vault, mark: bytes, after: int, limit: int) -> tuple[Event, ...]:
    """Events that name a person, with greater numbers, in order."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM people CROSS JOIN events USING (sequence) "  # noqa: S608
        "WHERE mark = ? AND people.sequence > ? ORDER BY people.sequence LIMIT ?",
        (mark, after, limit),
    )
    return tuple(_event(row, vault) for row in found)


def delete(
    connection: sqlite3.Connection, events: Collection[Event], vault: Vault, mark: bytes | None = None
) -> None:
    """Remove these events and who is in them. ``mark``: who is also in those that do not open."""
    for event in events:
        connection.execute("DELETE FROM events WHERE sequence = ?", (event.sequence,))
        marks = vault.marks(event.data) | ({mark} if mark else set())
        connection.executemany(
            "DELETE FROM people WHERE mark = ? AND sequence = ?", [(item, event.sequence) for item in marks]
        )


def oldest(connection: sqlite3.Connection, vault: Vault, limit: int, kind: EventKind | None) -> tuple[Event, ...]:
    """The first events there are, of a kind or of all."""
    return after(connection, vault, -1, limit, None if kind is None else (kind,))


def counts(connection: sqlite3.Connection) -> tuple[int, int]:
    """How many events there are, and how many of them are hints."""
    every = connection.execute("SELECT count(*) FROM events").fetchone()[0]
    hints = connection.execute("SELECT count(*) FROM events WHERE kind = ?", (EventKind.HINT.value,)).fetchone()[0]
    return int(every), int(hints)


def first(connection: sqlite3.Connection) -> int:
    """The lowest number there is; 0 where there is none."""
    return int(connection.execute("SELECT min(sequence) FROM events").fetchone()[0] or 0)


def newest(connection: sqlite3.Connection, vault: Vault) -> Event | None:
    """The event with the highest number."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM events ORDER BY sequence DESC LIMIT 1").fetchone()  # noqa: S608
    return None if row is None else _event(row, vault)


def cursors(connection: sqlite3.Connection) -> dict[str, int]:
    """How far each sink has got."""
    return dict(connection.execute("SELECT sink, sequence FROM cursors").fetchall())


def put_cursors(connection: sqlite3.Connection, moved: Mapping[str, int]) -> None:
    """Write how far sinks have got."""
    connection.executemany("INSERT OR REPLACE INTO cursors VALUES (?, ?)", moved.items())


def _event(row: Any, vault: Vault) -> Event:
    sequence, blob, name, wall_at, monotonic_at, boot_id, trusted, expires_at, sealed = row
    event_id, trusted = blob.hex(), bool(trusted)
    try:
        kind = EventKind(name)
        clear = beside(sequence, event_id, name, wall_at, monotonic_at, boot_id, trusted, expires_at)
        source, data = vault.open(clear, sealed)
    except (Unopened, ValueError):  # ValueError: a kind that this version does not know
        # Said in its place, as a kind that nobody acts on: left out, it would be silently lost.
        kind, source, data = EventKind.SYSTEM, "log", {"what": "event_damaged", "kind": str(name)}
    return Event(sequence, event_id, kind, source, wall_at, monotonic_at, boot_id, trusted, expires_at, data)
