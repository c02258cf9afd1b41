"""The dialect: the table of its calls, who may make them, and its form of a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aiohttp import web

from edgeface.api.auth.admission import over_tcp
from edgeface.api.auth.caller import Caller
from edgeface.api.dialects.pictures import Pictures
from edgeface.api.dialects.tencent_v1 import answers, calls_persons, calls_pictures
from edgeface.api.dialects.tencent_v1.errors import missing
from edgeface.api.dialects.tencent_v1.parameters import Fields, app_id_of, fields_of
from edgeface.api.dialects.vendor import Reply, VendorCall, handler
from edgeface.api.services import Services
from edgeface.api.submissions import Message
from edgeface.api.workers import Priority
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError
from edgeface.types import Role

Use = Callable[[Engine, Fields, Pictures], Reply]

MOST_BYTES = 3 * 1024 * 1024 // 2  # "每个请求的包体大小限制为1.5MB"
MOST_BYTES_OF_ID_CARD = 6 * 1024 * 1024  # Tencent's page of idcardcompare: 6 MB


def calls() -> tuple[VendorCall, ...]:
    """Every call, in the order of the document, then those of its client."""
    admin, bulk, listing = Role.ADMIN, Priority.BULK, Priority.ORDINARY
    return (
        _call("newperson", calls_persons.new_person, admin, bulk),
        _call("delperson", calls_persons.delete_person, admin, bulk),
        _call("addface", calls_persons.add_face, admin, bulk),
        _call("delface", calls_persons.delete_face, admin, bulk),
        _call("setinfo", calls_persons.set_info, admin, bulk),
        _call("getinfo", calls_persons.get_info, admin, listing),
        _call("getgroupids", calls_persons.get_group_ids, admin, listing),
        _call("getpersonids", calls_persons.get_person_ids, admin, listing),
        _call("getfaceids", calls_persons.get_face_ids, admin, listing),
        _call("getfaceinfo", calls_persons.get_face_info, admin, listing),
        _call("verify", calls_pictures.verify, Role.MATCHER, Priority.DECISION),
        _call("identify", calls_pictures.identify, Role.MATCHER, Priority.DECISION),
        _call("compare", calls_pictures.compare, Role.MATCHER, Priority.DECISION),
        _call("detect", calls_pictures.detect, Role.MATCHER, Priority.ORDINARY),
        _call(
            "idcardcompare",
            calls_pictures.id_card_compare,
            Role.MATCHER,
            Priority.DECISION,
            most_bytes=MOST_BYTES_OF_ID_CARD,
        ),
    )


class TencentV1Dialect:
    """``/face/<call>``; also answers for paths below ``/face/`` that are nobody's."""

    name = "tencent-v1"
    prefixes: tuple[str, ...] = ("/face/",)

    def routes(self, services: Services) -> Iterable[web.RouteDef]:
        """The table as routes."""

        def admit(request: web.Request, message: Message) -> Caller:
            # Only a signature is compared with it, and the Unix socket knows its peers without one.
            return services.admission.tencent(request, app_id_of(message) if over_tcp(request) else "")

        for call in calls():
            handle = handler(services, call, admit=admit, write=answers.success)
            for method in call.methods:
                yield web.RouteDef(method, call.path, handle, {})

    def failure(self, error: EdgeFaceError, request_id: str) -> web.Response:  # noqa: ARG002 - it is in the header
        """``code``, ``message`` and ``data``."""
        return answers.failure(error)


def _call(name: str, use: Use, role: Role, priority: Priority, *, most_bytes: int = MOST_BYTES) -> VendorCall:
    def read(engine: Engine, message: Message, pictures: Pictures) -> Reply:
        fields = fields_of(message)
        if not fields.optional_text("appid"):
            raise missing("appid")
        return use(engine, fields, pictures)

    return VendorCall(f"/face/{name}", role, priority, read, most_bytes=most_bytes)
