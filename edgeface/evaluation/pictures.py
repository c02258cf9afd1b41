"""Folders of pictures turned into templates: the protocols' only contact with files and models."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edgeface.config import Config
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.image import decode
from edgeface.inference.crop import cut
from edgeface.inference.detections import Detections
from edgeface.inference.embedder import Embedder
from edgeface.inference.model_set import ModelSet
from edgeface.inference.pack import ModelPack
from edgeface.inference.roles import EMBEDDER
from edgeface.types import FloatArray, ImageArray

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})

# Where the detector finds nobody, this square about the picture's centre stands in. In LFW's layout (250 x 250,
# face in the middle) the aligned 112-pixel crop spans about 0.53 of the side and hangs a little above the centre.
_FALLBACK_SIDE = 0.53
_FALLBACK_LIFT = 0.03
# The crop that --aligned pictures are taken for (112 x 112, the usual five-point template of the field).
_ALIGNED_TEMPLATE = (
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
)
_ALIGNED_SIZE = 112


@dataclass(frozen=True, slots=True, eq=False)
class TemplateTable:
    """Templates of a collection: ``names`` (n,) relative paths without suffix, ``vectors`` float32 (n, d) of
    L2 norm 1, ``people`` (n,) the folder of each, ``without_face`` the names that needed the centred crop."""

    names: tuple[str, ...]
    people: tuple[str, ...]
    vectors: FloatArray
    without_face: tuple[str, ...]

    def rows(self) -> Mapping[str, int]:
        """The row of each name."""
        return {name: row for row, name in enumerate(self.names)}


class TemplateMaker:
    """Makes one template per picture: of the most central face, or of the centred crop where there is none."""

    def __init__(self, config: Config, pack: ModelPack, *, aligned: bool, cache_dir: Path | None = None) -> None:
        """aligned: the pictures are aligned crops already; nothing is detected."""
        self._config = config
        self._aligned = aligned
        self._models = ModelSet(pack, config, cache_dir)
        if pack.role(EMBEDDER) is None:
            raise EdgeFaceError(ErrorCode.FEATURE_UNAVAILABLE, f"The pack '{pack.name}' has no embedder.")
        self._embedder: Embedder = self._models.embedder()

    def make(self, data: bytes) -> tuple[FloatArray, bool]:
        """The template (d,) of an encoded picture, and whether a face was found. Raises ``IMAGE_*``."""
        image = decode(data, self._config.image)
        faces, found = self._faces(image)
        return self._embedder.embed(cut(image, faces, self._embedder.session.spec))[0], found

    def _faces(self, image: ImageArray) -> tuple[Detections, bool]:
        height, width = image.shape[:2]
        if self._aligned:
            return _placed(0.0, 0.0, float(width), float(height)), True
        settings = self._config.detection
        found = self._models.detector().detect(
            image, input_size=settings.input_size, turned=False, min_face=settings.min_face
        )
        if len(found):
            # Pictures of these collections show their person in the middle; others stand behind.
            centres = found.boxes.reshape(-1, 2, 2).mean(axis=1)
            away = np.linalg.norm(centres - np.asarray((width / 2, height / 2), np.float32), axis=1)
            return found.select(np.asarray([int(away.argmin())])), True
        side = _FALLBACK_SIDE * min(width, height)
        left, top = (width - side) / 2, (height - side) / 2 - _FALLBACK_LIFT * height
        return _placed(left, top, side, side), False

    def close(self) -> None:
        """Forget the models."""
        self._models.close()


def picture_files(folder: Path) -> list[Path]:
    """Every picture below the folder, sorted. Raises ``IMAGE_MISSING`` for none."""
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
    if not files:
        raise EdgeFaceError(ErrorCode.IMAGE_MISSING, f"There is no picture below {folder}.")
    return files


def embed_folder(
    folder: Path,
    maker: TemplateMaker,
    *,
    only: Sequence[str] | None = None,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> TemplateTable:
    """Templates of a ``person/picture.jpg`` folder, each picture once, on every core.

    only: these names (``person/picture``, no suffix) instead of all. Raises ``IMAGE_MISSING`` naming a missing one,
    and ``IMAGE_*`` naming a picture that cannot be read.
    """
    files = {file.relative_to(folder).with_suffix("").as_posix(): file for file in picture_files(folder)}
    if only is not None:
        if missing := [name for name in only if name not in files]:
            raise EdgeFaceError(
                ErrorCode.IMAGE_MISSING,
                f"{folder} lacks {len(missing)} pictures of the pair list, e.g. {missing[0]}.",
            )
        files = {name: files[name] for name in only}

    def work(file: Path) -> tuple[FloatArray, bool]:
        try:
            made = maker.make(file.read_bytes())
        except EdgeFaceError as error:
            raise EdgeFaceError(error.code, f"{file}: {error.detail}") from error
        if progress is not None:
            progress(1)
        return made

    # ONNX Runtime and OpenCV let go of the interpreter's lock: threads use every core without copying models.
    inner = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with ThreadPoolExecutor(workers or len(os.sched_getaffinity(0))) as pool:
            made = list(pool.map(work, files.values()))
    finally:
        cv2.setNumThreads(inner)
    names = tuple(files)
    return TemplateTable(
        names=names,
        people=tuple(name.rpartition("/")[0] or name for name in names),
        vectors=np.stack([vector for vector, _ in made]),
        without_face=tuple(name for name, (_, found) in zip(names, made, strict=True) if not found),
    )


def _placed(left: float, top: float, width: float, height: float) -> Detections:
    """One face whose five points lie where an aligned crop of that rectangle has them."""
    scale = np.asarray((width, height), np.float32) / _ALIGNED_SIZE
    points = np.asarray(_ALIGNED_TEMPLATE, np.float32) * scale + np.asarray((left, top), np.float32)
    return Detections(
        boxes=np.asarray([[left, top, left + width, top + height]], np.float32),
        scores=np.ones(1, np.float32),
        points=points[None].astype(np.float32),
    )
