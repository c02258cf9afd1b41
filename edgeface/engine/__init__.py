"""The use cases. Everything a caller can do is a method of :class:`Engine`; every API, the CLI and the live
loop are thin doors onto it.

The engine is synchronous and thread-safe; doors bound its concurrency.
"""

from edgeface.engine.engine import Engine
from edgeface.engine.probe import Gate, Picture

__all__ = ["Engine", "Gate", "Picture"]
