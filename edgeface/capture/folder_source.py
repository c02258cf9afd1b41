"""A folder of pictures in the order of their names, as if a camera had taken them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edgeface.capture.source import RawFrame, SourceInfo
from edgeface.config import ImageLimits
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.image import decode
from edgeface.types import ImageArray

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})


class FolderSource:
    """Pictures directly in ``folder``, ``fps`` a second. ``loop``: at the end begin again with what is there then."""

    def __init__(self, folder: Path, *, fps: float, loop: bool) -> None:
        self._folder = folder
        self._fps = fps
        self._loop = loop
        self._number = 0
        self._files: Iterator[Path] = iter(())
        self._first: ImageArray | None = None

    def open(self) -> SourceInfo:
        self._files = iter(self._listed())
        self._first = self._decoded(next(self._files))
        height, width = self._first.shape[:2]
        return SourceInfo(f"pictures in {self._folder}", width, height, self._fps, live=False)

    def read(self) -> RawFrame | None:
        image, self._first = self._first, None
        if image is None:
            file = next(self._files, None)
            if file is None and self._loop:
                self._files = iter(self._listed())
                file = next(self._files)
            if file is None:
                return None
            image = self._decoded(file)
        self._number += 1
        return RawFrame(image, due_s=(self._number - 1) / self._fps)

    def close(self) -> None:
        self._files = iter(())

    def _listed(self) -> list[Path]:
        try:
            files = sorted(file for file in self._folder.iterdir() if file.suffix.lower() in SUFFIXES)
        except OSError as error:
            raise _unavailable(self._folder, error.strerror or str(error)) from error
        if not files:
            raise _unavailable(self._folder, "there is no picture in it")
        return files

    def _decoded(self, file: Path) -> ImageArray:
        try:
            return decode(file.read_bytes(), ImageLimits())
        except OSError as error:
            raise _unavailable(file, error.strerror or str(error)) from error
        except EdgeFaceError as error:
            raise _unavailable(file, error.message) from error


def _unavailable(path: Path, why: str) -> EdgeFaceError:
    return EdgeFaceError(ErrorCode.CAMERA_UNAVAILABLE, f"{path}: {why.rstrip('.')}.")
