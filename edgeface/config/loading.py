"""Reading the TOML file and the environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from edgeface.config.schema import Config
from edgeface.errors import EdgeFaceError, ErrorCode

if sys.version_info >= (3, 11):
    import tomllib
else:  # JetPack 6 has Python 3.10
    import tomli as tomllib

DEFAULT_CONFIG_FILE = Path("/etc/edgeface/edgeface.toml")


def load_config(file: Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Read the TOML file (if given or at its default place) and the environment.

    Raises ``CONFIG_INVALID`` naming each wrong field.
    """
    environ = os.environ if environ is None else environ
    named = file or (Path(environ["EDGEFACE_CONFIG"]) if environ.get("EDGEFACE_CONFIG") else None)
    path = named or DEFAULT_CONFIG_FILE
    data: dict[str, Any] = {}
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if named:
            raise EdgeFaceError(ErrorCode.CONFIG_INVALID, f"{path} does not exist.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        if named or not isinstance(error, PermissionError):
            raise EdgeFaceError(ErrorCode.CONFIG_INVALID, f"{path}: {error}") from error
    _overlay_environment(data, environ)
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        fields = "; ".join(f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors())
        raise EdgeFaceError(ErrorCode.CONFIG_INVALID, fields) from error


def _overlay_environment(data: dict[str, Any], environ: Mapping[str, str]) -> None:
    if pack := environ.get("EDGEFACE_MODEL_PACK"):
        data.setdefault("models", {})["pack"] = pack
    if state := environ.get("EDGEFACE_STATE_DIR"):
        data["state_dir"] = state
    for name, value in sorted(environ.items(), key=_table_order):
        if not name.startswith("EDGEFACE_") or "__" not in name:
            continue
        _place(data, name, name.removeprefix("EDGEFACE_").lower().split("__"), value)


def _table_order(item: tuple[str, str]) -> list[tuple[int, str]]:
    # Numbers as numbers, so that table 10 comes after table 9.
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in item[0].split("__")]


def _place(data: dict[str, Any], name: str, path: list[str], value: str) -> None:
    """Put a variable's value where its name says; a number in the name is a place in a list of tables."""
    node: Any = data
    for part, following in zip(path, [*path[1:], None], strict=True):
        last = following is None
        fresh: Any = value if following is None else [] if following.isdecimal() else {}
        if isinstance(node, dict):
            if last:
                node[part] = value
            node = node.setdefault(part, fresh)
        elif isinstance(node, list) and part.isdecimal() and int(part) <= len(node):
            place = int(part)
            if place == len(node):
                node.append(fresh)
            elif last:
                node[place] = value
            node = node[place]
        else:
            raise EdgeFaceError(ErrorCode.CONFIG_INVALID, f"{name} names no section, or leaves out a number.")
