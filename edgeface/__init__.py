"""EdgeFace: an offline face engine for edge devices.

``import edgeface`` is light: models, cameras and native libraries are loaded by what needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeface.client import Client
    from edgeface.config import Config, load_config
    from edgeface.engine import Engine, Gate
    from edgeface.errors import EdgeFaceError, ErrorCode

__version__ = "0.1.0"
__all__ = ["Client", "Config", "EdgeFaceError", "Engine", "ErrorCode", "Gate", "__version__", "load_config"]

_HOMES = {
    "Client": "edgeface.client",
    "Config": "edgeface.config",
    "EdgeFaceError": "edgeface.errors",
    "Engine": "edgeface.engine",
    "ErrorCode": "edgeface.errors",
    "Gate": "edgeface.engine",
    "load_config": "edgeface.config",
}


def __getattr__(name: str) -> Any:
    if home := _HOMES.get(name):
        import importlib  # noqa: PLC0415 - only when a public name is first used

        return getattr(importlib.import_module(home), name)
    raise AttributeError(f"module 'edgeface' has no attribute '{name}'")
