"""The default pack for tests, whole or copied and changed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from edgeface.errors import EdgeFaceError
from edgeface.inference.locate import default_pack
from edgeface.inference.pack import ModelPack


def default_folder(*roles: str) -> Path:
    """The default pack's folder; skips the test where it lacks one of `roles`."""
    try:
        folder = default_pack()
    except EdgeFaceError:
        pytest.skip("there is no default pack")
    missing = set(roles) & set(ModelPack.load(folder).missing)
    if missing:
        pytest.skip(f"the default pack has no {', '.join(sorted(missing))} model")
    return folder


def active_folder(*roles: str) -> Path:
    """The pack named by EDGEFACE_MODEL_PACK, else the default one; skips where it lacks one of `roles`."""
    named = os.environ.get("EDGEFACE_MODEL_PACK")
    folder = Path(named) if named else default_folder()
    missing = set(roles) & set(ModelPack.load(folder).missing)
    if missing:
        pytest.skip(f"the pack has no {', '.join(sorted(missing))} model")
    return folder


def copied_pack(target: Path, *roles: str) -> Path:
    """A copy of the default pack to spoil."""
    source = default_folder(*roles)
    shutil.copytree(source, target)
    return target


def edit_manifest(folder: Path, old: str, new: str) -> None:
    """Replace a text that must occur in the manifest, everywhere."""
    path = folder / "manifest.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def without_role(folder: Path, role: str) -> None:
    """Cut a role's tables out of the manifest."""
    path = folder / "manifest.toml"
    kept, inside = [], False
    for line in path.read_text().splitlines():
        if line.startswith("["):
            inside = line.startswith((f"[roles.{role}]", f"[roles.{role}."))
        if not inside:
            kept.append(line)
    path.write_text("\n".join(kept) + "\n")
