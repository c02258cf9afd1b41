"""Collections of pictures: a folder or a tar file, with labels from a CSV file if there is one."""

from __future__ import annotations

import csv
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})


class NoPictures(FileNotFoundError):
    """A collection holds no picture that could be used."""


@dataclass(frozen=True, slots=True)
class Label:
    """What is known about one picture; "" where nothing is.

    name: the picture's path inside its collection, with forward slashes. split: `train` unless the table
    says otherwise. The other fields are the columns of the table.
    """

    name: str
    source: str = ""
    split: str = "train"
    identity: str = ""
    age: str = ""
    gender: str = ""


class Pictures(Protocol):
    """A collection of pictures that are read by name."""

    def names(self) -> list[str]:
        """All names, sorted, so that a seed means the same on any machine."""
        ...

    def read(self, name: str) -> NDArray[np.uint8]:
        """One picture, HxWx3 uint8 BGR. Raises FileNotFoundError or ValueError."""
        ...


def decoded(data: bytes, name: str) -> NDArray[np.uint8]:
    """A picture file's content as HxWx3 uint8 BGR. Raises ValueError for anything else."""
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if picture is None:
        raise ValueError(f"not a picture: {name}")
    return np.asarray(picture, np.uint8)


def _is_picture(name: str) -> bool:
    return Path(name).suffix.lower() in SUFFIXES


class FolderPictures:
    """All pictures below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        paths = (path for path in self._folder.rglob("*") if _is_picture(path.name))
        return sorted(path.relative_to(self._folder).as_posix() for path in paths)

    def read(self, name: str) -> NDArray[np.uint8]:
        return decoded((self._folder / name).read_bytes(), name)


class TarPictures:
    """All pictures of an uncompressed tar file, read in place."""

    def __init__(self, archive: Path) -> None:
        self._tar = tarfile.open(archive)  # noqa: SIM115 - kept open: pictures are read in place
        self._members = {
            member.name.removeprefix("./"): member
            for member in self._tar.getmembers()
            if member.isfile() and _is_picture(member.name)
        }

    def names(self) -> list[str]:
        return sorted(self._members)

    def read(self, name: str) -> NDArray[np.uint8]:
        if name not in self._members:
            raise FileNotFoundError(name)
        stream = self._tar.extractfile(self._members[name])
        return decoded(stream.read() if stream else b"", name)


def open_pictures(place: Path) -> Pictures:
    """The collection at `place`: a tar file, a folder, or `place`.tar. Raises NoPictures when it is empty."""
    archive = place if place.suffix == ".tar" else place.with_name(place.name + ".tar")
    if not place.is_dir() and not archive.is_file():
        raise NoPictures(f"no pictures at {place}")
    found: Pictures = FolderPictures(place) if place.is_dir() else TarPictures(archive)
    if not found.names():
        raise NoPictures(f"no pictures at {place}")
    return found


def read_labels(table: Path) -> list[Label]:
    """The rows of a CSV file with the column `file` and, if there, `source, split, identity, age, gender`."""
    with table.open(newline="") as stream:
        return [
            Label(
                name=row["file"],
                source=row.get("source") or "",
                split=row.get("split") or "train",
                identity=row.get("identity") or "",
                age=row.get("age") or "",
                gender=row.get("gender") or "",
            )
            for row in csv.DictReader(stream)
        ]


def labels_of(pictures: Pictures, table: Path | None = None) -> list[Label]:
    """One label per picture, by the table, or by the folders when there is none.

    Without a table the sub-folder that a picture lies in names the person, the layout in which most people
    keep their own pictures. Rows of the table whose picture is missing are left out.
    """
    names = pictures.names()
    if table is not None and table.is_file():
        there = set(names)
        return [label for label in read_labels(table) if label.name in there]
    return [Label(name=name, identity=name.rpartition("/")[0]) for name in names]


def resized(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """A square crop of `side` pixels from a square crop of any size."""
    if picture.shape[:2] == (side, side):
        return picture
    method = cv2.INTER_AREA if min(picture.shape[:2]) > side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (side, side), interpolation=method), np.uint8)
