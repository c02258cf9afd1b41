"""The state directory of a gallery: its lock, its key, and what is done before and after the database is open."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from edgeface.config import GalleryConfig
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery.crypto import Vault
from edgeface.gallery.erase import erase_files, is_unfinished
from edgeface.gallery.key_file import key_place, make_key, read_key
from edgeface.gallery.ledger import Ledger
from edgeface.gallery.lock import StateLock
from edgeface.gallery.store import DATABASE_NAME
from edgeface.similarity import TemplateSpace
from edgeface.storage.failures import os_failure


class Home:
    """Holds the directory for this process until :meth:`leave`."""

    def __init__(
        self,
        state_dir: Path,
        *,
        contract_id: str,
        space: TemplateSpace,
        config: GalleryConfig,
        key: bytes | None,
        read_only_ok: bool,
        environ: Mapping[str, str],
    ) -> None:
        """Take the directory (made with mode 0700 where it is missing) and finish an erase that was cut off.

        Raises ``GALLERY_LOCKED``, ``STORAGE_FULL``, ``STORAGE_READ_ONLY``.
        """
        self._state_dir = state_dir
        self._contract_id = contract_id
        self._space = space
        self._config = config
        self._key = key
        self._place = None if key is not None else key_place(state_dir, config.key_file, environ)
        try:
            state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise os_failure(error) from error
        self._lock = StateLock(state_dir)
        try:
            self._read_only = not os.access(state_dir, os.W_OK | os.X_OK)
            if self._read_only and not read_only_ok:
                raise EdgeFaceError(ErrorCode.STORAGE_READ_ONLY)
            if not self._read_only and is_unfinished(state_dir):
                erase_files(state_dir, self._place)
        except BaseException:
            self._lock.release()
            raise

    def open_ledger(self) -> Ledger:
        """Open the database, or begin one. Raises what :class:`~edgeface.gallery.store.Store` and the key raise."""
        vault = Vault(self._find_key(), self._contract_id)
        return Ledger(self._state_dir, vault, self._contract_id, self._space, self._config, read_only=self._read_only)

    def erase(self) -> bool:
        """Destroy the key where it is ours, and all files; whether the key was destroyed."""
        return erase_files(self._state_dir, self._place)

    def leave(self) -> None:
        """Let another process in."""
        self._lock.release()

    def _find_key(self) -> bytes:
        if self._place is None:
            return self._key or b""
        key = read_key(self._place)
        if key is not None:
            return key
        # A new key only where there is no gallery yet: it could not open one.
        database = self._state_dir / DATABASE_NAME
        if self._read_only or (database.exists() and database.stat().st_size):
            raise EdgeFaceError(ErrorCode.GALLERY_KEY, f"{self._place.file} is missing.")
        return make_key(self._place)
