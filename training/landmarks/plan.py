"""Which pictures of a data folder are labelled, and which of them are kept out of training.

A data folder holds up to three collections, each a folder or a tar file: `faces` and `masks` (aligned 128 x
128 crops; `faces.csv` may name source and split) and `scenes` (any photographs; faces are found and aligned).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training.detector.scenes import kept_out
from training.images import Label, NoPictures, Pictures, labels_of, open_pictures

COLLECTIONS = ("faces", "masks", "scenes")
_SPLITS = {"faces_train": "train", "faces_kept_out": "dev"}


def open_collections(data: Path) -> dict[str, Pictures]:
    """The collections that the data folder has. Raises NoPictures when there is none."""
    found: dict[str, Pictures] = {}
    for name in COLLECTIONS:
        try:
            found[name] = open_pictures(data / name)
        except NoPictures:
            continue
    if not found:
        raise NoPictures(f"none of {', '.join(COLLECTIONS)} in {data}")
    return found


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _first_by_hash(names: Sequence[str], count: int) -> list[str]:
    return sorted(names, key=_hash)[:count]


def _faces(labels: Sequence[Label], settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Without a table pictures have no source, and `settings` names them ""; the hash keeps one in ten out."""
    plan = []
    for key, split in _SPLITS.items():
        for source, count in settings[key].items():
            names = [
                label.name
                for label in labels
                if label.source == source
                and (label.split if label.source else "dev" if kept_out(label.name) else "train") == split
            ]
            plan += [(f"faces/{name}", split) for name in _first_by_hash(names, int(count))]
    return plan


def planned(data: Path, settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(`collection/name`, split) of all pictures, in an order in which any beginning is a fair sample."""
    collections = open_collections(data)
    plan: list[tuple[str, str]] = []
    if "faces" in collections:
        plan += _faces(labels_of(collections["faces"], data / "faces.csv"), settings)
    for name in ("masks", "scenes"):
        pictures = collections[name].names() if name in collections else []
        chosen = _first_by_hash(pictures, int(settings[name]))
        plan += [(f"{name}/{picture}", "dev" if kept_out(picture) else "train") for picture in chosen]
    return sorted(plan, key=lambda item: _hash(item[0]))
