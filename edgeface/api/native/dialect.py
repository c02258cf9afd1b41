"""The native dialect: the table of its endpoints, and its form of a failure."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from edgeface.api.failures import native_failure
from edgeface.api.native import archive, camera, decisions, events, faces, gallery, pictures, register, system
from edgeface.api.native.endpoint import Call, Report
from edgeface.api.openapi import document_bytes
from edgeface.api.services import Services
from edgeface.errors import EdgeFaceError


def endpoints() -> tuple[Call | Report, ...]:
    """Every endpoint, in the order of the documentation."""
    return (
        *system.REPORTS,
        system.openapi_report(lambda: document_bytes(endpoint.endpoint for endpoint in endpoints())),
        *pictures.CALLS,
        *decisions.CALLS,
        *gallery.CALLS,
        *faces.CALLS,
        *register.CALLS,
        *camera.REPORTS,
        *events.REPORTS,
        *archive.ARCHIVES,
        *archive.CALLS,
    )


class NativeDialect:
    """``/v1`` and ``/metrics``; also answers for paths that are nobody's."""

    name = "native"
    prefixes: tuple[str, ...] = ("/v1/", "/metrics")

    def routes(self, services: Services) -> Iterable[web.RouteDef]:
        """The table as routes."""
        for item in endpoints():
            yield web.RouteDef(item.endpoint.method, item.endpoint.path, item.handler(services), {})

    def failure(self, error: EdgeFaceError, request_id: str) -> web.Response:
        """``{"error": {...}}``."""
        return native_failure(error, request_id)
