"""Where the gallery key comes from, how it is made and how it is destroyed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.gallery.crypto import KEY_BYTES
from edgeface.storage.failures import os_failure
from edgeface.storage.files import sync_folder

CREDENTIAL_NAME = "edgeface.key"
KEY_NAME = "gallery.key"


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """The key's file. ``ours``: we made it, or may make and destroy it; a systemd credential is not ours."""

    file: Path
    ours: bool


def key_place(state_dir: Path, key_file: Path | None, environ: Mapping[str, str]) -> KeyPlace:
    """The configured file; else ``$CREDENTIALS_DIRECTORY/edgeface.key`` where it exists; else ``gallery.key``."""
    if key_file is not None:
        return KeyPlace(key_file, ours=True)
    credentials = environ.get("CREDENTIALS_DIRECTORY")
    if credentials and (Path(credentials) / CREDENTIAL_NAME).is_file():
        return KeyPlace(Path(credentials) / CREDENTIAL_NAME, ours=False)
    return KeyPlace(state_dir / KEY_NAME, ours=True)


def read_key(place: KeyPlace) -> bytes | None:
    """The 32 bytes, or ``None`` where there is no file.

    Raises ``GALLERY_KEY`` when the file cannot be read, has another length, or is open to others.
    """
    try:
        descriptor = os.open(place.file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EdgeFaceError(ErrorCode.GALLERY_KEY, f"{place.file}: {error.strerror}.") from error
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        # systemd guards its credentials itself, with modes of its own.
        if place.ours and mode & 0o027:
            raise EdgeFaceError(
                ErrorCode.GALLERY_KEY, f"{place.file} has mode {mode & 0o777:o}, it must be 600 (chmod 600)."
            )
        try:
            key = file.read(KEY_BYTES + 1)
        except OSError as error:
            raise EdgeFaceError(ErrorCode.GALLERY_KEY, f"{place.file}: {error.strerror}.") from error
    if len(key) != KEY_BYTES:
        raise EdgeFaceError(ErrorCode.GALLERY_KEY, f"{place.file} must have {KEY_BYTES} bytes.")
    return key


def make_key(place: KeyPlace) -> bytes:
    """Make a random key, mode 0600, on the disk for good before it is used. Never replaces a key."""
    if not place.ours:
        raise EdgeFaceError(ErrorCode.GALLERY_KEY, f"{place.file} is missing.")
    key = os.urandom(KEY_BYTES)
    # Written beside and renamed: a power cut leaves a whole key or none. The caller holds the state lock, so
    # nobody else makes a key meanwhile.
    fresh = place.file.with_name(place.file.name + ".new")
    try:
        place.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        if place.file.exists():
            raise EdgeFaceError(ErrorCode.GALLERY_KEY, f"{place.file} appeared meanwhile.")
        fresh.rename(place.file)
        sync_folder(place.file.parent)
    except OSError as error:
        raise os_failure(error) from error
    return key


def destroy_key(place: KeyPlace) -> bool:
    """Overwrite and remove the key's file; ``False`` when the key is not ours or there is none."""
    if not place.ours:
        return False
    try:
        with place.file.open("r+b") as file:
            file.write(os.urandom(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        place.file.unlink()
        sync_folder(place.file.parent)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise os_failure(error) from error
    return True
