"""What a running daemon takes over from a configuration that has changed, and what needs a restart."""

from __future__ import annotations

from dataclasses import dataclass

from edgeface.config import Config

_SECTIONS = ("detection", "quality", "decision", "live", "attendance", "door", "kiosk")
_CAMERA_FIELDS = ("field_of_view_deg", "preview", "mirror")


@dataclass(frozen=True, slots=True)
class Reloaded:
    """``config``: the running one with the new thresholds; ``needs_restart``: changed fields that were left."""

    config: Config
    needs_restart: tuple[str, ...]


def reloaded(running: Config, new: Config) -> Reloaded:
    """Thresholds, rules and profiles come from the new configuration; what is open (state directory, models,
    sockets, camera, relay, event log) stays."""
    camera = running.camera.model_copy(update={name: getattr(new.camera, name) for name in _CAMERA_FIELDS})
    taken = {name: getattr(new, name) for name in _SECTIONS} | {"camera": camera}
    config = running.model_copy(update=taken)
    left = [
        f"camera.{name}" for name in type(camera).model_fields if getattr(camera, name) != getattr(new.camera, name)
    ]
    others = set(Config.model_fields) - set(_SECTIONS) - {"camera"}
    left += [name for name in Config.model_fields if name in others and getattr(running, name) != getattr(new, name)]
    return Reloaded(config, tuple(left))
