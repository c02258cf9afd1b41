"""The database behind the log, with what belongs to it: retention, the sinks' places, and beginning anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from edgeface.config import EventsConfig
from edgeface.events import erasing, files, rows
from edgeface.events.event import Event, EventKind
from edgeface.events.moment import Moment
from edgeface.events.retention import Retention
from edgeface.events.rows import SealedEvent
from edgeface.events.store import Store
from edgeface.events.vault import Vault
from edgeface.storage.failures import Damaged

T = TypeVar("T")

Statement = Callable[[sqlite3.Connection, Vault], T]


class Journal:
    """What is on the disk. Writes come from the holder of the log's lock; reads from anybody.

    Every method may raise :class:`Damaged` (then :meth:`begin_anew` is due) and ``STORAGE_*``.
    """

    def __init__(self, folder: Path, config: EventsConfig, key: bytes) -> None:
        """Open or create the database; where it is damaged, :attr:`damage` says how, and nothing else works yet."""
        self._folder = folder
        self._config = config
        self.vault = Vault(key)
        self.generation = 0
        """Grows whenever another database takes the place of this one."""
        self.set_aside = 0
        self.cursors: dict[str, int] = {}
        self.moved: set[str] = set()
        """Sinks whose place is not written yet."""
        self.newest: Event | None = None
        """The newest event when the database was opened."""
        self.damage: Damaged | None = None
        if files.is_erasing(folder):
            files.erase_files(folder)
        self._store: Store | None = None
        try:
            self._open()
        except Damaged as damage:
            self.damage = damage

    @property
    def store(self) -> Store:
        """The open database."""
        if self._store is None:
            raise self.damage or Damaged("It is not open.")
        return self._store

    @property
    def needs_keeping(self) -> bool:
        """Whether there is something that may wait to be done."""
        return self.store.log_is_long or self.retention.is_over

    def read(self, statement: Statement[T]) -> T:
        """The answer of a statement to the last committed state."""
        with self.store.reading() as connection:
            return statement(connection, self.vault)

    def commit(self, items: Sequence[SealedEvent], *, durable: bool) -> None:
        """Write events and the sinks' places: everything or nothing."""
        with self.store.transaction(durable=durable) as connection:
            rows.insert(connection, items)
            rows.put_cursors(connection, {name: self.cursors[name] for name in self.moved})
        self.moved.clear()
        self.retention.added(len(items), sum(item.event.kind is EventKind.HINT for item in items))

    def keep(self, now: Moment) -> int:
        """Empty a long write-ahead log and remove one chunk of what must go; how many events that were."""
        if self.store.log_is_long:
            self.store.empty_log()
        return self.retention.trim(now)

    def erase_person(self, user_id: str, group_id: str | None) -> int:
        """Remove the events that name a user; how many they were."""
        erased = erasing.erase_person(self.store, self.vault, self.retention, user_id, group_id)
        files.erase_set_aside(self._folder)
        return erased

    def erase(self, rekey: Callable[[], bytes] | None) -> None:
        """Remove everything; ``rekey`` may answer with another key, or raise, and then nothing is removed."""
        files.mark_erasing(self._folder)
        try:
            vault = Vault(rekey()) if rekey else self.vault
        except BaseException:
            files.unmark_erasing(self._folder)
            raise
        same_key = vault.opens_check(self.vault.seal_check())
        self.store.abandon()
        files.erase_files(self._folder, overwrite=same_key)
        self.vault = vault
        self._open()

    def begin_anew(self) -> str:
        """Set a damaged database aside and begin another; the file's new name. The sinks are where they were."""
        if self._store is not None:
            self._store.abandon()
        name = files.set_aside(self._folder)
        self.set_aside += 1
        self._open()
        self.damage = None
        return name

    def close(self) -> None:
        """Close the database."""
        self.store.close()

    def _open(self) -> None:
        self._store = Store(self._folder, self.vault)
        self.generation += 1
        self.retention = Retention(self._store, self.vault, self._config)
        self.cursors = self.read(lambda connection, _: rows.cursors(connection)) | self.cursors
        self.newest = self.read(rows.newest)
        self.moved = set(self.cursors) if self.generation > 1 else set()  # a new database does not know them yet
