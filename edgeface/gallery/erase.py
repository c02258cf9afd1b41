"""Erasing everything: the key first, so that whatever the storage still keeps cannot be opened any more."""

from __future__ import annotations

from pathlib import Path

from edgeface.gallery.index_file import FOLDER_NAME
from edgeface.gallery.key_file import KeyPlace, destroy_key
from edgeface.gallery.storage_errors import storage_errors
from edgeface.gallery.store import DATABASE_NAME
from edgeface.storage.files import database_files, remove_for_good, sync_folder

MARKER_NAME = "erasing"


def is_unfinished(state_dir: Path) -> bool:
    """Whether an erase was begun and cut off; it has to be finished before anything else."""
    return (state_dir / MARKER_NAME).exists()


def erase_files(state_dir: Path, place: KeyPlace | None) -> bool:
    """Destroy the key, then remove the database and the index files; whether the key was destroyed.

    ``place=None``: the key is kept by somebody else. Then sealed rows are all there is between a thief and the
    templates, so the files are overwritten before they are removed. Can be cut off and run again.
    Raises ``STORAGE_*``.
    """
    with storage_errors(state_dir):
        marker = state_dir / MARKER_NAME
        marker.touch(mode=0o600)
        sync_folder(state_dir)
        destroyed = place is not None and destroy_key(place)
        files = [state_dir / name for name in database_files(DATABASE_NAME)]
        folder = state_dir / FOLDER_NAME
        if folder.is_dir():
            files += [path for path in folder.iterdir() if path.is_file()]
        for file in files:
            if file.exists():
                remove_for_good(file, overwrite=not destroyed)
        if folder.is_dir():
            folder.rmdir()
        sync_folder(state_dir)
        marker.unlink()
        sync_folder(state_dir)
    return destroyed
