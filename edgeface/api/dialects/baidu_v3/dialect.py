"""The calls of the document, and the dialects that they make: one for each form of the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import web

from edgeface.api.auth.caller import Caller
from edgeface.api.dialect import Dialect
from edgeface.api.dialects.baidu_v3 import calls_faces, calls_groups, calls_identity, calls_search, calls_users
from edgeface.api.dialects.baidu_v3.envelopes import Envelope, Liveness4, Version3, Version4, VoiceCode
from edgeface.api.dialects.baidu_v3.portraits import MOST_BYTES
from edgeface.api.dialects.pictures import Pictures
from edgeface.api.dialects.vendor import Reply, VendorCall, handler
from edgeface.api.services import Services
from edgeface.api.submissions import Message
from edgeface.api.workers import Priority
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError
from edgeface.types import Role

Use: TypeAlias = Callable[[Engine, Message, Pictures], Reply]

_V3 = "/rest/2.0/face/v3/"
_V4 = "/rest/2.0/face/v4/"
_LIVENESS_4 = "/rest/2.0/face/v4/faceverify"
_VOICE = "/rest/2.0/face/v1/faceliveness/"
_ANY = "/rest/2.0/"
"""What no other dialect has: 3, "Unsupported openapi method"."""

_MATCH = (Role.MATCHER, Priority.DECISION)
_LOOK = (Role.MATCHER, Priority.ORDINARY)
_LIST = (Role.ADMIN, Priority.ORDINARY)
_CHANGE = (Role.ADMIN, Priority.BULK)

_CALLS_3 = (
    ("detect", calls_faces.detect, _LOOK),
    ("faceverify", calls_faces.liveness, _LOOK),
    ("match", calls_faces.match, _MATCH),
    ("search", calls_search.search, _MATCH),
    ("multi-search", calls_search.multi_search, _MATCH),
    ("person/verify", calls_identity.person_verify, _MATCH),
    ("faceset/user/add", calls_users.add_user, _CHANGE),
    ("faceset/user/update", calls_users.update_user, _CHANGE),
    ("faceset/user/get", calls_users.get_user, _LIST),
    ("faceset/user/copy", calls_users.copy_user, _CHANGE),
    ("faceset/user/delete", calls_users.delete_user, _CHANGE),
    ("faceset/face/delete", calls_users.delete_face, _CHANGE),
    ("faceset/face/getlist", calls_users.list_faces, _LIST),
    ("faceset/group/add", calls_groups.add_group, _CHANGE),
    ("faceset/group/delete", calls_groups.delete_group, _CHANGE),
    ("faceset/group/getlist", calls_groups.list_groups, _LIST),
    ("faceset/group/getusers", calls_groups.list_users, _LIST),
)
_CALLS_4 = (
    ("mingjing/verify", calls_identity.person_verify_v4, _MATCH),
    ("mingjing/match", calls_faces.match_v4, _MATCH),
)


@dataclass(frozen=True, slots=True)
class BaiduV3Dialect:
    """Some calls of the document with one form of answer."""

    name: str
    prefixes: tuple[str, ...]
    calls: tuple[VendorCall, ...]
    envelope: Envelope

    def routes(self, services: Services) -> Iterable[web.RouteDef]:
        """Every call of this form."""

        def admit(request: web.Request, message: Message) -> Caller:  # noqa: ARG001 - a key stands in the head
            return services.admission.baidu(request)

        for call in self.calls:
            handle = handler(services, call, admit=admit, write=self.envelope.success)
            for method in call.methods:
                yield web.route(method, call.path, handle)

    def failure(self, error: EdgeFaceError, request_id: str) -> web.Response:  # noqa: ARG002 - a header has it
        """An entry of the catalogue in this form."""
        return self.envelope.failure(error)


def baidu_v3_dialects() -> tuple[Dialect, ...]:
    """Version 3, version 4, and the two calls that are wrapped in ways of their own."""
    return (
        BaiduV3Dialect(
            "baidu-v3", (_V3, _ANY), tuple(_call(_V3 + path, use, how) for path, use, how in _CALLS_3), Version3()
        ),
        BaiduV3Dialect(
            "baidu-v4", (_V4,), tuple(_call(_V4 + path, use, how) for path, use, how in _CALLS_4), Version4()
        ),
        BaiduV3Dialect(
            "baidu-v4-liveness", (_LIVENESS_4,), (_call(_LIVENESS_4, calls_faces.liveness_v4, _LOOK),), Liveness4()
        ),
        BaiduV3Dialect(
            "baidu-v1-voice",
            (_VOICE,),
            (_call(_VOICE + "sessioncode", calls_identity.session_code, _LOOK),),
            VoiceCode(),
        ),
    )


def _call(path: str, use: Use, how: tuple[Role, Priority]) -> VendorCall:
    role, priority = how
    return VendorCall(path, role, priority, use, most_bytes=MOST_BYTES)
