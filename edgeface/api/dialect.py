"""What a dialect of the API is: the native one, and every vendor's document version.

A dialect owns the paths below its prefixes. It parses, calls the engine through :class:`Services`, and formats;
it decides nothing. Body limits, deadlines, roles, request ids, metrics and logs come from the server around it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from aiohttp import web

from edgeface.api.services import Services
from edgeface.errors import EdgeFaceError


class Dialect(Protocol):
    """One way to speak to the engine over HTTP."""

    @property
    def name(self) -> str:
        """For logs, e.g. ``native``."""

    @property
    def prefixes(self) -> tuple[str, ...]:
        """Path prefixes that are this dialect's, e.g. ``("/v1/",)``; the longest that fits wins."""

    def routes(self, services: Services) -> Iterable[web.RouteDef]:
        """Its routes. A handler raises :class:`EdgeFaceError` for whatever fails."""

    def failure(self, error: EdgeFaceError, request_id: str) -> web.Response:
        """An entry of the catalogue in this dialect's own form."""


def dialect_for(path: str, dialects: Iterable[Dialect], default: Dialect) -> Dialect:
    """Whose path this is."""
    best, longest = default, -1
    for dialect in dialects:
        for prefix in dialect.prefixes:
            if path.startswith(prefix) and len(prefix) > longest:
                best, longest = dialect, len(prefix)
    return best
