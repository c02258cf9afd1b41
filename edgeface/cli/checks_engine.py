"""The engine's own ground: model pack, precisions, state directory, key, gallery, socket."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from edgeface.cli.checks import Finding, fail, ok, warn
from edgeface.errors import EdgeFaceError, ErrorCode

if TYPE_CHECKING:
    from edgeface.config import Config

_MIB = 1024 * 1024
_LITTLE_SPACE_MIB = 500
_NO_SPACE_MIB = 50


def model_findings(config: Config) -> Iterator[Finding]:
    """The active pack, what it lacks, and which precision each model uses here."""
    from edgeface.analysis import Analyzer
    from edgeface.inference.locate import locate_pack
    from edgeface.inference.pack import ModelPack

    try:
        pack = ModelPack.load(locate_pack(config.models.pack, config.state_dir))
    except EdgeFaceError as error:
        yield fail("models", "pack", error.message, "edgeface models list, edgeface models use NAME")
        return
    yield ok("models", "pack", f"{pack.name} {pack.version} in {pack.folder}, every sha256 as in its manifest")
    for role, consequence in pack.missing_features.items():
        if role in ("detector", "embedder"):
            yield fail("models", role, f"missing: {consequence}", "use a pack that has one")
        else:
            yield warn("models", role, f"missing: {consequence}", "use a pack that has one")
    cache = config.state_dir if os.access(config.state_dir, os.W_OK) else None
    analyzer = Analyzer.open(pack, config, cache_dir=cache)
    try:
        analyzer.warm()
    except EdgeFaceError as error:
        yield fail("models", "open", error.message, "edgeface models verify")
        return
    finally:
        choices = analyzer.precisions
        analyzer.close()
    for choice in choices:
        times = ""
        if choice.fp32_ms is not None and choice.int8_ms is not None:
            times = f" (FP32 {choice.fp32_ms:.2f} ms, INT8 {choice.int8_ms:.2f} ms)"
        yield ok("models", choice.role, f"{choice.precision.upper()}, {choice.reason}{times}")


def state_findings(config: Config, *, daemon_runs: bool) -> Iterator[Finding]:
    """The state directory, its space, the key and the gallery."""
    state_dir = config.state_dir
    if not state_dir.exists():
        yield from _missing_state(state_dir)
        return
    mode = stat.S_IMODE(state_dir.stat().st_mode)
    if not os.access(state_dir, os.W_OK | os.X_OK):
        yield fail(
            "state",
            "directory",
            f"{state_dir} is not writable for this user",
            "use --state-dir, or the daemon's user",
        )
    elif mode & 0o007:
        yield warn(
            "state", "directory", f"{state_dir} has mode {mode:o}: others may look in", f"chmod 750 {state_dir}"
        )
    else:
        yield ok("state", "directory", f"{state_dir}, mode {mode:o}")
    yield _space(state_dir)
    yield from _key(config, daemon_runs=daemon_runs)
    if daemon_runs:
        yield ok("state", "gallery", "in use by the daemon, which checked it at its start")
    else:
        yield from _gallery(config)


def socket_findings(config: Config, *, daemon_runs: bool) -> Iterator[Finding]:
    """Whether the daemon answers, and who may ask it."""
    path = config.server.socket
    if not daemon_runs:
        if path.exists():
            yield warn(
                "daemon",
                "socket",
                f"{path} is there, but nobody answers",
                "systemctl start edgeface, or edgeface serve",
            )
        else:
            yield warn("daemon", "socket", f"no daemon at {path}", "systemctl start edgeface, or edgeface serve")
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o007:
        yield warn("daemon", "socket", f"{path} answers; mode {mode:o} lets every user in", "set server.socket_mode")
    else:
        yield ok("daemon", "socket", f"{path} answers, mode {mode:o}")


def _missing_state(state_dir: Path) -> Iterator[Finding]:
    parent = next(folder for folder in state_dir.parents if folder.exists())
    if os.access(parent, os.W_OK | os.X_OK):
        yield ok("state", "directory", f"{state_dir} will be made at the first start")
    else:
        yield fail(
            "state",
            "directory",
            f"{state_dir} does not exist and this user cannot make it",
            "name another with --state-dir DIR or EDGEFACE_STATE_DIR, or start the daemon",
        )


def _space(state_dir: Path) -> Finding:
    usage = shutil.disk_usage(state_dir)
    free = usage.free // _MIB
    detail = f"{free} MiB free of {usage.total // _MIB} MiB"
    if free < _NO_SPACE_MIB:
        return fail("state", "space", detail, "free some: enrolments will be refused")
    if free < _LITTLE_SPACE_MIB:
        return warn("state", "space", detail, "free some before it runs full")
    return ok("state", "space", detail)


def _key(config: Config, *, daemon_runs: bool) -> Iterator[Finding]:
    from edgeface.gallery.key_file import key_place, read_key

    place = key_place(config.state_dir, config.gallery.key_file, os.environ)
    try:
        key = read_key(place)
    except EdgeFaceError as error:
        if daemon_runs:  # it has a key, or it would not run; whoever asks may not read it
            yield ok("state", "key", "in use by the daemon; not readable here")
            return
        yield fail("state", "key", error.message, "restore the key file, mode 600, owner the daemon's user")
        return
    if key is None and daemon_runs:
        yield ok("state", "key", "in use by the daemon, which has it as a systemd credential")
    elif key is None:
        yield ok("state", "key", f"{place.file} will be made at the first start")
    elif place.ours:
        yield ok("state", "key", f"{place.file}, mode {stat.S_IMODE(place.file.stat().st_mode):o}")
    else:
        yield ok("state", "key", f"{place.file}, a systemd credential")


def _gallery(config: Config) -> Iterator[Finding]:
    from edgeface.gallery.gallery import Gallery
    from edgeface.gallery.store import DATABASE_NAME
    from edgeface.inference.cohort import space_of
    from edgeface.inference.locate import locate_pack
    from edgeface.inference.pack import ModelPack

    if not (config.state_dir / DATABASE_NAME).exists():
        yield ok("state", "gallery", "empty; made at the first start")
        return
    try:
        pack = ModelPack.load(locate_pack(config.models.pack, config.state_dir))
        with Gallery.open(
            config.state_dir, contract_id=pack.contract_id, space=space_of(pack), config=config.gallery
        ) as gallery:
            stats = gallery.stats()
    except EdgeFaceError as error:
        advice = {
            ErrorCode.CONTRACT_MISMATCH: "use the pack it was enrolled with, or erase it and enrol again",
            ErrorCode.GALLERY_LOCKED: "another process uses it; that is fine while it works",
            ErrorCode.GALLERY_CORRUPT: "restore it from an export",
        }.get(error.code, "see docs/errors.md")
        if error.code is ErrorCode.GALLERY_LOCKED:
            yield warn("state", "gallery", error.message, advice)
        else:
            yield fail("state", "gallery", error.message, advice)
        return
    detail = f"{stats.groups} groups, {stats.users} users, {stats.faces} faces, revision {stats.revision}"
    if stats.damaged_faces:
        yield fail("state", "gallery", f"{detail}; {stats.damaged_faces} damaged", "enrol those users again")
    else:
        yield ok("state", "gallery", f"{detail}, integrity checked")
