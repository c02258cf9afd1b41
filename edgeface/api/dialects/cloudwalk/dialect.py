"""The dialect: the table of its calls, who may make them, and its form of a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aiohttp import web

from edgeface.api.auth.admission import over_tcp
from edgeface.api.auth.caller import Caller
from edgeface.api.dialects.cloudwalk import answers, calls_library, calls_recognition, calls_tool
from edgeface.api.dialects.cloudwalk.errors import Own, own, renumbered
from edgeface.api.dialects.cloudwalk.parameters import Fields, credentials, fields_of
from edgeface.api.dialects.pictures import Pictures
from edgeface.api.dialects.vendor import Reply, VendorCall, handler
from edgeface.api.services import Services
from edgeface.api.submissions import Message
from edgeface.api.workers import Priority
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import Role

Use = Callable[[Engine, Fields, Pictures], Reply]

# A GET changes nothing, whoever prefetches or repeats it.
_READING, _CHANGING = ("GET", "POST"), ("POST",)


def calls() -> tuple[VendorCall, ...]:
    """Every call, in the order of the manual."""
    creating = {**own(storage=12352), ErrorCode.FORBIDDEN: 12352}
    return (
        _tool("detect", calls_tool.detect, own(models=4105)),
        _tool("attribute", calls_tool.attribute, own(models=4105)),
        _tool("keypt", calls_tool.key_points, own(models=8512)),
        _tool("compare", calls_tool.compare, own(models=8517), Priority.DECISION),
        _tool("compare/ext1", calls_tool.compare_all, own(models=8517), Priority.DECISION),
        _tool("removeWater", calls_tool.remove_water, {}, Priority.BULK),
        _tool("feature", calls_tool.feature, own(models=8513)),
        _tool("similarityByFeature", calls_tool.similarity_by_feature, {}, Priority.DECISION),
        _library("group/create", calls_library.create_group, creating),
        _library("group/delete", calls_library.delete_group, own(storage=12354)),
        _library("group/query", calls_library.query_group, own(storage=12359), _READING),
        _library("face/create", calls_library.create_face, own(models=12370, storage=12289)),
        _library("face/delete", calls_library.delete_face, own(storage=12291)),
        _library("face/edit", calls_library.edit_face, own(models=12370, storage=12290)),
        _library("face/query", calls_library.query_face, own(storage=12293), _READING),
        _recognition("group/identify", calls_recognition.identify, own(models=8516, storage=8516)),
        _recognition("group/identify/ext1", calls_recognition.identify_all, own(models=8516, storage=8516)),
        _recognition("group/compare", calls_recognition.compare, own(models=8517, storage=8517)),
    )


class CloudWalkDialect:
    """``/face/tool/*``, ``/face/clustering/*`` and ``/face/recog/*``."""

    name = "cloudwalk"
    prefixes: tuple[str, ...] = ("/face/tool/", "/face/clustering/", "/face/recog/")

    def routes(self, services: Services) -> Iterable[web.RouteDef]:
        """The table as routes."""

        def admit(request: web.Request, message: Message) -> Caller:
            # The Unix socket knows its peers: a large body need not be read on the event loop for their names.
            shown = credentials(request.headers, message) if over_tcp(request) else ("", "")
            return services.admission.cloudwalk(request, *shown)

        for call in calls():
            handle = handler(services, call, admit=admit, write=answers.success)
            for method in call.methods:
                yield web.RouteDef(method, call.path, handle, {})

    def failure(self, error: EdgeFaceError, request_id: str) -> web.Response:  # noqa: ARG002 - it is in the header
        """``result`` and ``info``, with HTTP status 200."""
        return answers.failure(error)


def _tool(name: str, use: Use, numbers: Own, priority: Priority = Priority.ORDINARY) -> VendorCall:
    return _call(f"tool/{name}", use, numbers, Role.MATCHER, priority, _READING)


def _library(name: str, use: Use, numbers: Own, methods: tuple[str, ...] = _CHANGING) -> VendorCall:
    priority = Priority.BULK if methods is _CHANGING else Priority.ORDINARY
    return _call(f"clustering/{name}", use, numbers, Role.ADMIN, priority, methods)


def _recognition(name: str, use: Use, numbers: Own) -> VendorCall:
    return _call(f"recog/{name}", use, numbers, Role.MATCHER, Priority.DECISION, _READING)


def _call(name: str, use: Use, numbers: Own, role: Role, priority: Priority, methods: tuple[str, ...]) -> VendorCall:
    def read(engine: Engine, message: Message, pictures: Pictures) -> Reply:
        try:
            return use(engine, fields_of(message), pictures)
        except EdgeFaceError as error:
            raise renumbered(error, numbers) from error

    return VendorCall(f"/face/{name}", role, priority, read, methods=methods)
