"""Saved HNSW graphs: sealed files that are worth nothing unless everything about them is right.

hnswlib's loader believes every byte it reads, so it only sees what opened under a key derived from the gallery's.
A file is: magic, header length, header (JSON), then a sealed stream of notes, face ids by slot and the graph. The
graph is opened into anonymous memory and loaded from there: nothing can change it between check and use, and no
template stands on the disk in the clear.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from edgeface.config import IndexConfig
from edgeface.gallery.crypto import Vault
from edgeface.gallery.hnsw_index import HnswIndex
from edgeface.gallery.index import IntArray
from edgeface.gallery.mirror import Mirror
from edgeface.gallery.sealed_stream import PIECE_BYTES, SealBrokenError, SealedReader, SealedWriter
from edgeface.similarity import TemplateSpace
from edgeface.storage.files import sync_folder

FOLDER_NAME = "index"
STAMP_BYTES = 16
_MAGIC = b"EdgeFace index\n"
_VERSION = 1
_LENGTH = struct.Struct(">I")
_SIZES = struct.Struct(">QQ")
_LONGEST_HEADER = 4096
_PURPOSE = "index file"


class IndexFileError(Exception):
    """The file is missing, foreign, stale or damaged: build from SQLite."""


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A complete file under a temporary name, until it is published or discarded."""

    temporary: Path
    final: Path
    stamp: bytes

    def publish(self) -> None:
        """Give it its name."""
        self.temporary.replace(self.final)
        sync_folder(self.final.parent)

    def discard(self) -> None:
        self.temporary.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A graph's bytes at one moment, in anonymous memory: ``held`` are its face ids by slot."""

    held: IntArray
    notes: bytes
    image: BinaryIO


@contextmanager
def anonymous_file() -> Iterator[BinaryIO]:
    """A file without a name that lives in memory."""
    with os.fdopen(os.memfd_create("edgeface-index", os.MFD_CLOEXEC), "w+b") as file:
        yield file


def take_snapshot(mirror: Mirror, graph: HnswIndex, image: BinaryIO) -> Snapshot:
    """Copy a graph into an anonymous file. The caller sees to it that it does not change meanwhile."""
    graph.save(image.fileno())
    return Snapshot(mirror.held.copy(), graph.notes(), image)


class IndexFiles:
    """The folder of index files, one per large group, named by the group's row number."""

    def __init__(
        self, state_dir: Path, vault: Vault, contract_id: str, space: TemplateSpace, config: IndexConfig
    ) -> None:
        self._folder = state_dir / FOLDER_NAME
        self._vault = vault
        self._width = space.width
        self._config = config
        # A graph of other parameters is not the one that was asked for.
        self._facts = {
            "version": _VERSION,
            "contract": contract_id,
            "dimension": space.width,
            "m": config.m,
            "ef_construction": config.ef_construction,
        }
        if space.name:
            self._facts["space"] = space.name

    def save(self, group: int, revision: int, snapshot: Snapshot) -> SavedFile:
        """Write a group's graph under a temporary name, on the disk for good. Raises ``OSError``."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        stamp, salt = os.urandom(STAMP_BYTES), os.urandom(STAMP_BYTES)
        temporary = self._folder / f"{group}.new"
        header = self._header(group, revision, stamp, salt)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(header)
                writer = SealedWriter(file, self._vault.file_key(_PURPOSE, salt), header)
                writer.write(_SIZES.pack(len(snapshot.notes), len(snapshot.held)))
                writer.write(snapshot.notes)
                writer.write(snapshot.held.astype("<i8").tobytes())
                snapshot.image.seek(0)
                while piece := snapshot.image.read(PIECE_BYTES):
                    writer.write(piece)
                writer.finish()
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return SavedFile(temporary, self._path(group), stamp)

    def load(self, group: int, revision: int, stamp: bytes, capacity: int) -> Mirror:
        """A group's saved graph. ``revision`` and ``stamp`` are SQLite's.

        The stamp ties the file to this very database: after an older copy of the database was put back, a file
        from the discarded future does not fit. Raises :class:`IndexFileError` for whatever is not right.
        """
        try:
            with self._path(group).open("rb") as file, anonymous_file() as image:
                header, facts = _read_header(file)
                expected = {**self._facts, "group": group, "stamp": stamp.hex()}
                if len(stamp) != STAMP_BYTES or any(facts.get(name) != value for name, value in expected.items()):
                    raise IndexFileError("It belongs to another state of the gallery.")
                if facts["revision"] > revision:
                    raise IndexFileError("It is newer than the database.")
                key = self._vault.file_key(_PURPOSE, bytes.fromhex(facts["salt"]))
                reader = SealedReader(file, key, header)
                notes_size, slots = _SIZES.unpack(reader.read(_SIZES.size))
                notes = reader.read(notes_size)
                held = np.frombuffer(reader.read(slots * 8), dtype="<i8").astype(np.int64)
                reader.read_to_end(image)
                image.flush()
                graph = HnswIndex.load(self._width, self._config, capacity, image.fileno(), notes)
                return Mirror(graph, held)
        except (OSError, SealBrokenError, KeyError, ValueError, TypeError, struct.error, RuntimeError) as error:
            raise IndexFileError(str(error) or "It is damaged.") from error

    def exists(self, group: int) -> bool:
        return self._path(group).exists()

    def remove(self, group: int) -> None:
        """Remove a group's file, for good before this returns. Raises ``OSError``."""
        path = self._path(group)
        if path.exists():
            path.unlink()
            sync_folder(self._folder)

    def keep_only(self, groups: set[int]) -> None:
        """Remove files of groups that are gone, and what an interrupted save left."""
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                if path.suffix != ".hnsw" or not path.stem.isdigit() or int(path.stem) not in groups:
                    path.unlink(missing_ok=True)

    def _path(self, group: int) -> Path:
        return self._folder / f"{group}.hnsw"

    def _header(self, group: int, revision: int, stamp: bytes, salt: bytes) -> bytes:
        facts = {**self._facts, "group": group, "revision": revision, "stamp": stamp.hex(), "salt": salt.hex()}
        text = json.dumps(facts).encode("ascii")
        return _MAGIC + _LENGTH.pack(len(text)) + text


def _read_header(file: BinaryIO) -> tuple[bytes, dict[str, Any]]:
    start = file.read(len(_MAGIC) + _LENGTH.size)
    if not start.startswith(_MAGIC) or len(start) != len(_MAGIC) + _LENGTH.size:
        raise IndexFileError("It is not an index file.")
    (length,) = _LENGTH.unpack(start[len(_MAGIC) :])
    if length > _LONGEST_HEADER:
        raise IndexFileError("Its header is too long.")
    text = file.read(length)
    facts = json.loads(text)
    if not isinstance(facts, dict):
        raise IndexFileError("Its header is not an object.")
    return start + text, facts
