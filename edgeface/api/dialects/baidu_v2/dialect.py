"""The dialect: paths of the documents' version 2, and the v1 path that the REST chapter gives for detect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from aiohttp import web

from edgeface.api.auth.caller import Caller
from edgeface.api.dialects.baidu_common import error_body, json_response, new_log_id
from edgeface.api.dialects.baidu_v2 import calls_decisions, calls_faces, calls_faceset, calls_person
from edgeface.api.dialects.baidu_v2.errors import ADDING, DELETING, UPDATING, number_and_text, renumbered
from edgeface.api.dialects.pictures import Pictures
from edgeface.api.dialects.vendor import Reply, VendorCall, handler
from edgeface.api.services import Services
from edgeface.api.submissions import Message
from edgeface.api.workers import Priority
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.types import Role

V1_DETECT = "/rest/2.0/face/v1/detect"
V2 = "/rest/2.0/face/v2/"
_UINT32 = 0xFFFFFFFF

Use = Callable[[Engine, Message, Pictures], Reply]


@dataclass(frozen=True, slots=True)
class _Path:
    """``numbers``: failures that this call numbers differently. ``short_log_id``: its table says uint32."""

    call: VendorCall
    numbers: Mapping[ErrorCode, int] = field(default_factory=dict)
    short_log_id: bool = False


def _decision(path: str, use: Use) -> VendorCall:
    return VendorCall(V2 + path, Role.MATCHER, Priority.DECISION, use)


def _change(path: str, use: Use) -> VendorCall:
    return VendorCall(V2 + path, Role.ADMIN, Priority.BULK, use)


def _look(path: str, use: Use) -> VendorCall:
    # The REST chapter asks with GET, every SDK with POST.
    return VendorCall(V2 + path, Role.ADMIN, Priority.ORDINARY, use, methods=("GET", "POST"))


_PATHS: tuple[_Path, ...] = (
    _Path(VendorCall(V1_DETECT, Role.MATCHER, Priority.ORDINARY, calls_faces.detect)),
    _Path(VendorCall(V2 + "detect", Role.MATCHER, Priority.ORDINARY, calls_faces.detect)),
    _Path(VendorCall(V2 + "faceverify", Role.MATCHER, Priority.ORDINARY, calls_faces.faceverify)),
    _Path(_decision("match", calls_faces.match)),
    _Path(_decision("identify", calls_decisions.identify)),
    _Path(_decision("multi-identify", calls_decisions.multi_identify), short_log_id=True),
    _Path(_decision("verify", calls_decisions.verify)),
    _Path(_decision("person/verify", calls_person.person_verify)),
    _Path(_change("faceset/user/add", calls_faceset.add_user), ADDING),
    _Path(_change("faceset/user/update", calls_faceset.update_user), UPDATING),
    _Path(_change("faceset/user/delete", calls_faceset.delete_user), DELETING),
    _Path(_look("faceset/user/get", calls_faceset.get_user)),
    _Path(_look("faceset/group/getlist", calls_faceset.list_groups)),
    _Path(_look("faceset/group/getusers", calls_faceset.list_users)),
    _Path(_change("faceset/group/adduser", calls_faceset.copy_user)),
    _Path(_change("faceset/group/deleteuser", calls_faceset.leave_groups)),
)


class BaiduV2:
    """Baidu's face API of version 2."""

    @property
    def name(self) -> str:
        return "baidu-v2"

    @property
    def prefixes(self) -> tuple[str, ...]:
        return (V2, V1_DETECT)

    def routes(self, services: Services) -> Iterable[web.RouteDef]:
        """Every call of the documents."""

        def admit(request: web.Request, message: Message) -> Caller:  # noqa: ARG001 - nothing in the body admits
            return services.admission.baidu(request)

        for path in _PATHS:
            call = replace(path.call, use=_numbered(path.call.use, path.numbers))
            handle = handler(services, call, admit=admit, write=_writer(short_log_id=path.short_log_id))
            for method in call.methods:
                yield web.route(method, call.path, handle)

    def failure(self, error: EdgeFaceError, request_id: str) -> web.Response:  # noqa: ARG002 - the header has it
        """``{"error_code", "error_msg", "log_id"}``."""
        number, text = number_and_text(error)
        return json_response(error_body(number, text, new_log_id()))


def _numbered(use: Use, numbers: Mapping[ErrorCode, int]) -> Use:
    def called(engine: Engine, message: Message, pictures: Pictures) -> Reply:
        try:
            return use(engine, message, pictures)
        except EdgeFaceError as error:
            raise renumbered(error, numbers) from error

    return called


def _writer(*, short_log_id: bool) -> Callable[[Reply], web.Response]:
    def write(reply: Reply) -> web.Response:
        log_id = new_log_id()
        return json_response({"log_id": log_id & _UINT32 if short_log_id else log_id, **reply.result}, reply.withheld)

    return write
