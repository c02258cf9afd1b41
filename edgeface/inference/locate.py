"""Where model packs are: the configured one, those installed in the state directory, the one that came along.

Installed packs lie in ``<state_dir>/models/<name>``; ``<state_dir>/models/active`` holds the name of the chosen one.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.inference.manifest import MANIFEST_NAME
from edgeface.inference.pack import ModelPack
from edgeface.inference.verify import verify_pack
from edgeface.storage.failures import os_failure

_ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class PackPlace:
    """A pack that can be used. ``problem``: why it cannot, empty where it can."""

    name: str
    version: str
    folder: Path
    active: bool
    problem: str = ""


def locate_pack(pack: Path | None = None, state_dir: Path | None = None) -> Path:
    """The folder of the pack to load: `pack` if given, else the chosen installed one, else the default one.

    Raises ``PACK_INVALID`` where there is none.
    """
    if pack is not None:
        return pack
    if state_dir is not None and (chosen := _chosen(state_dir)) is not None:
        return chosen
    return default_pack()


def default_pack() -> Path:
    """The pack that came with EdgeFace: beside the package in a checkout, under ``share`` when installed."""
    places = (
        Path(__file__).resolve().parents[2] / "models" / "default",
        Path(sys.prefix) / "share" / "edgeface" / "models" / "default",
    )
    for place in places:
        if (place / MANIFEST_NAME).is_file():
            return place
    raise EdgeFaceError(
        ErrorCode.PACK_INVALID, f"There is no model pack in {' or '.join(str(place) for place in places)}."
    )


def list_packs(pack: Path | None, state_dir: Path) -> tuple[PackPlace, ...]:
    """Every pack on this machine, the active one marked. `pack`: the configured folder."""
    folders: list[Path] = [pack] if pack is not None else []
    models = state_dir / "models"
    if models.is_dir():
        folders += sorted(path for path in models.iterdir() if (path / MANIFEST_NAME).is_file())
    try:
        folders.append(default_pack())
        active = locate_pack(pack, state_dir)
    except EdgeFaceError:
        active = None
    return tuple(_place(folder, active=folder == active) for folder in dict.fromkeys(folders))


def import_pack(source: Path, state_dir: Path, *, replace: bool = False) -> ModelPack:
    """Copy a pack into the state directory and return it; only files that its manifest names are taken.

    Every model is opened and run once before and hashed again after copying. An installed pack of that name is
    replaced only on demand. Raises ``PACK_INVALID``, ``INVALID_PARAMETER``, ``STORAGE_FULL``, ``STORAGE_READ_ONLY``.
    """
    pack = ModelPack.load(source)
    verify_pack(pack)
    target = state_dir / "models" / pack.name
    if target.exists() and not replace:
        raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"A pack named '{pack.name}' is installed already.")
    with _storage_errors():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".import-") as holder:
            copy = Path(holder) / "new"
            _copy(pack, copy)
            ModelPack.load(copy)
            if target.exists():
                target.rename(Path(holder) / "old")
            copy.rename(target)
    return ModelPack.load(target)


def use_pack(name: str, state_dir: Path) -> Path:
    """Choose the pack of that name (installed, or the default one) for later starts; returns its folder.

    Raises ``INVALID_PARAMETER`` for an unknown name and ``PACK_INVALID`` for a damaged pack.
    """
    for place in list_packs(None, state_dir):
        if place.name != name:
            continue
        ModelPack.load(place.folder)
        mark = state_dir / "models" / _ACTIVE
        with _storage_errors():
            if place.folder.parent == mark.parent:
                temporary = mark.with_name(f".{_ACTIVE}.partial")
                temporary.write_text(place.folder.name + "\n", encoding="utf-8")
                temporary.replace(mark)
            else:
                mark.unlink(missing_ok=True)
        return place.folder
    raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"There is no pack named '{name}'.")


def _chosen(state_dir: Path) -> Path | None:
    """The installed pack that was chosen; None where none was, or where it is gone."""
    models = state_dir / "models"
    try:
        name = (models / _ACTIVE).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    folder = models / name
    return folder if folder.parent == models and (folder / MANIFEST_NAME).is_file() else None


def _place(folder: Path, *, active: bool) -> PackPlace:
    try:
        pack = ModelPack.load(folder)
    except EdgeFaceError as error:
        return PackPlace(folder.name, "", folder, active, error.detail)
    return PackPlace(pack.name, pack.version, folder, active)


def _copy(pack: ModelPack, target: Path) -> None:
    files = [Path(MANIFEST_NAME)]
    for role in pack.roles.values():
        files += [variant.path.relative_to(pack.folder) for variant in role.variants.values()]
        if role.card is not None and role.card.is_file():
            files.append(role.card.relative_to(pack.folder))
    if pack.cohort is not None:
        files.append(pack.cohort.path.relative_to(pack.folder))
    for file in files:
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(pack.folder / file, target / file)


@contextmanager
def _storage_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise os_failure(error) from error
