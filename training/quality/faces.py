"""The pictures that the quality role learns from, with what is known about each before we cover anything."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.images import Label, labels_of, open_pictures, resized
from training.landmarks.frame import SIDE
from training.quality.regions import STORED_SIDE, Masks, framed, template_regions
from training.quality.sharpness import detail
from training.teachers.attributes_glasses import GlassesDetector

# The teacher's logit: beyond these it is trusted, between them the picture counts as "not known".
_GLASSES_BELOW: Final = -2.0
_NO_GLASSES_ABOVE: Final = 2.0
# Brightness of the eyes over that of the cheeks: sunglasses below, certainly clear above. Read off a sheet
# of pictures with glasses sorted by this ratio.
_DARK_BELOW: Final = 0.45
_CLEAR_ABOVE: Final = 0.62
# A picture is called sharp when it is in the upper part of its collection by both measures of detail.
_FINE_QUANTILE: Final = 0.55
_SHARE_QUANTILE: Final = 0.4
# One picture in this many is kept out of training where the collection has no split of its own; chosen by
# the name, so that it is the same on any machine.
_KEPT_OUT_EVERY: Final = 10


class Known(IntEnum):
    """Three-valued answer of a weak label."""

    NO = 0
    YES = 1
    UNKNOWN = 2


@dataclass(frozen=True, slots=True)
class Facts:
    """One row per picture. glasses, sunglasses: `Known`. fine, share: `detail`."""

    glasses: NDArray[np.int8]
    sunglasses: NDArray[np.int8]
    fine: NDArray[np.float32]
    share: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Faces:
    """Aligned crops of one kind: pictures N x 128 x 128 x 3 uint8 BGR, their labels and facts; all masked or none."""

    pictures: NDArray[np.uint8]
    labels: tuple[Label, ...]
    facts: Facts
    masked: bool

    def __len__(self) -> int:
        return len(self.labels)

    def rows(self, *, kept_out: bool) -> NDArray[np.int64]:
        """Rows of the pictures kept out of training, or of the others."""
        out = np.array([label.split != "train" for label in self.labels], np.bool_)
        if not out.any():
            out = np.array([_is_chosen(label.name) for label in self.labels], np.bool_)
        return np.flatnonzero(out == kept_out)

    def sharp(self) -> NDArray[np.bool_]:
        """Which pictures are sharp enough that a blur laid over them is the only blur."""
        facts = self.facts
        if self.masked or not len(self):
            return np.zeros(len(self), np.bool_)
        fine, share = np.quantile(facts.fine, _FINE_QUANTILE), np.quantile(facts.share, _SHARE_QUANTILE)
        crisp_source = np.array([label.source != "celeba" for label in self.labels], np.bool_)
        return np.asarray((facts.fine >= fine) & (facts.share >= share) & crisp_source, np.bool_)


def _is_chosen(name: str) -> bool:
    return zlib.crc32(name.encode()) % _KEPT_OUT_EVERY == 0


def _darkness_of_eyes(picture: NDArray[np.uint8], masks: Masks) -> float:
    """Brightness of the eyes (80 % quantile, as pupils and lashes are dark) over that of the cheeks."""
    grey = cv2.cvtColor(framed(picture), cv2.COLOR_BGR2GRAY).astype(np.float32)
    eyes = float(np.quantile(grey[(masks[0] + masks[1]) > 0.5], 0.8))
    cheeks = float(np.median(grey[(masks[4] + masks[5]) > 0.5]))
    return (eyes + 2) / (cheeks + 2)


def gather_facts(pictures: NDArray[np.uint8], teachers: Path | None, *, masked: bool) -> Facts:
    """Weak labels of all pictures. Without a teacher glasses are not known, and nobody is taken to wear dark ones."""
    detector = GlassesDetector(teachers) if teachers is not None else None
    masks = template_regions().masks()
    glasses, sunglasses, fine, share = [], [], [], []
    for picture in pictures:
        worn, dark = Known.UNKNOWN, Known.NO
        if detector is not None:
            logit = detector.logit(picture)
            worn = _known(logit, yes_below=_GLASSES_BELOW, no_above=_NO_GLASSES_ABOVE)
            if worn is not Known.NO and not masked:  # a mask is no measure of how bright the skin is
                ratio = _darkness_of_eyes(picture, masks)
                dark = _known(ratio, yes_below=_DARK_BELOW, no_above=_CLEAR_ABOVE)
                dark = Known.UNKNOWN if dark is Known.YES and worn is Known.UNKNOWN else dark
            elif worn is not Known.NO:
                dark = Known.UNKNOWN
        glasses.append(int(worn))
        sunglasses.append(int(dark))
        measures = detail(resized(picture, SIDE))
        fine.append(measures[0])
        share.append(measures[1])
    return Facts(
        np.array(glasses, np.int8),
        np.array(sunglasses, np.int8),
        np.array(fine, np.float32),
        np.array(share, np.float32),
    )


def _known(value: float, *, yes_below: float, no_above: float) -> Known:
    if value < yes_below:
        return Known.YES
    return Known.NO if value > no_above else Known.UNKNOWN


def load_faces(data: Path, teachers: Path | None, work: Path, *, kind: str) -> Faces | None:
    """The collection `kind` ("faces" or "masks") of the data folder, decoded once into the work folder.

    None when the data folder has no such collection. A folder without sub-collections counts as faces.
    """
    place = data / kind
    if not place.is_dir() and not place.with_suffix(".tar").is_file():
        if kind != "faces" or (data / "masks").exists() or (data / "masks.tar").is_file():
            return None
        place = data
    collection = open_pictures(place)
    labels = labels_of(collection, data / f"{kind}.csv")
    kept_pictures, kept_facts = work / f"{kind}.npy", work / f"{kind}_facts.npz"
    if not kept_pictures.is_file() or np.load(kept_pictures, mmap_mode="r").shape[0] != len(labels):
        work.mkdir(parents=True, exist_ok=True)
        shape = (len(labels), STORED_SIDE, STORED_SIDE, 3)
        partial = work / f"{kind}.partial.npy"
        store = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape)
        for row, label in enumerate(labels):
            store[row] = resized(collection.read(label.name), STORED_SIDE)
        store.flush()
        partial.rename(kept_pictures)
        kept_facts.unlink(missing_ok=True)
    pictures = np.load(kept_pictures, mmap_mode="r")
    if not kept_facts.is_file():
        _save_facts(kept_facts, gather_facts(pictures, teachers, masked=kind == "masks"))
    return Faces(pictures, tuple(labels), _load_facts(kept_facts), kind == "masks")


_COLUMNS: Final[Sequence[str]] = ("glasses", "sunglasses", "fine", "share")


def _save_facts(path: Path, facts: Facts) -> None:
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, **{name: getattr(facts, name) for name in _COLUMNS})
    partial.rename(path)


def _load_facts(path: Path) -> Facts:
    with np.load(path) as stored:
        return Facts(**{name: stored[name] for name in _COLUMNS})
