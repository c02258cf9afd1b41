"""Calls at the camera: enrol, identify and verify the next good face; how the camera is; what it sees.

A call that waits has a thread of its own among a few, and ends when its caller hangs up: somebody who has walked
away from the terminal is not enrolled. Pictures of the camera are for admins, and off unless configured.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from aiohttp import web

from edgeface.api.answers import Answer, FaceAnswer, IdentifyAnswer, MatchAnswer, VerifyAnswer
from edgeface.api.camera_answers import CameraAnswer, CameraEnrolAnswer
from edgeface.api.camera_options import (
    CameraEnrolOptions,
    CameraIdentifyOptions,
    CameraVerifyOptions,
    PreviewOptions,
)
from edgeface.api.mjpeg import MEDIA, stream
from edgeface.api.native.endpoint import Endpoint, Handler, Report
from edgeface.api.native.gallery import WRITTEN
from edgeface.api.options import NoOptions, Options
from edgeface.api.services import Services
from edgeface.api.submissions import Message, parse
from edgeface.api.workers import Priority
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.live.terminal import Terminal
from edgeface.live.waiting import Patience
from edgeface.types import Role

O = TypeVar("O", bound=Options)  # noqa: E741 - the options' type

MOST_VIEWERS = 2
"""Previews at once: each costs a thread's time for every picture, which decisions need more."""
_SEEN = (ErrorCode.NOBODY, ErrorCode.CAMERA_UNAVAILABLE, ErrorCode.BUSY, ErrorCode.SHUTTING_DOWN)
_PARSED = (ErrorCode.INVALID_PARAMETER, ErrorCode.UNSUPPORTED_MEDIA_TYPE, ErrorCode.REQUEST_TOO_LARGE)


def _enrol(terminal: Terminal, options: CameraEnrolOptions, gone: threading.Event) -> CameraEnrolAnswer:
    done = terminal.desk.enrol(
        options.group_id,
        options.user_id,
        Patience(options.timeout_s, gone.is_set),
        user_info=options.user_info,
        poses=options.poses,
        allow_known=options.allow_known,
        replace_faces=options.replace,
    )
    return CameraEnrolAnswer.of(done)


def _identify(terminal: Terminal, options: CameraIdentifyOptions, gone: threading.Event) -> IdentifyAnswer:
    patience = Patience(options.timeout_s, gone.is_set)
    found = terminal.calls.identify(options.groups, patience, top=options.top, threshold=options.threshold)
    return IdentifyAnswer(
        face=FaceAnswer.of(found.face),
        threshold=found.threshold,
        matches=[MatchAnswer.of(match) for match in found.matches],
    )


def _verify(terminal: Terminal, options: CameraVerifyOptions, gone: threading.Event) -> VerifyAnswer:
    patience = Patience(options.timeout_s, gone.is_set)
    found = terminal.calls.verify(options.group_id, options.user_id, patience, threshold=options.threshold)
    return VerifyAnswer(
        accepted=found.accepted,
        threshold=found.threshold,
        match=MatchAnswer.of(found.match),
        face=FaceAnswer.of(found.face),
    )


def _waiting(
    options: type[O], use: Callable[[Terminal, O, threading.Event], Answer], status: int
) -> Callable[[Services], Handler]:
    def make(services: Services) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            async with services.bodies.read(request) as body:
                kind = request.headers.get("Content-Type", "")
                given = parse(Message(kind, tuple(request.query.items()), body), options).options
            terminal = services.terminal
            gone = threading.Event()
            try:
                answer = await services.at_camera.run(lambda: use(terminal, given, gone), Priority.DECISION)
            finally:
                gone.set()  # a caller that hung up: this handler is cancelled then
            return web.Response(status=status, body=answer.as_json(), content_type="application/json")

        return handle

    return make


def _state(services: Services) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:  # noqa: ARG001 - aiohttp's signature
        terminal = services.terminal
        answer = CameraAnswer.of(terminal.camera.facts, terminal.loop, services.engine.config)
        return web.Response(body=answer.as_json(), content_type="application/json")

    return handle


def _snapshot(services: Services) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:  # noqa: ARG001 - aiohttp's signature
        preview = services.terminal.preview
        _, picture = await asyncio.get_running_loop().run_in_executor(None, preview.snapshot)
        return web.Response(body=picture, content_type="image/jpeg")

    return handle


def _preview(services: Services) -> Handler:
    viewers = 0

    async def handle(request: web.Request) -> web.StreamResponse:
        nonlocal viewers
        options = parse(Message(query=tuple(request.query.items())), PreviewOptions).options
        preview = services.terminal.preview
        if viewers >= MOST_VIEWERS:
            raise EdgeFaceError(ErrorCode.BUSY, f"There are {MOST_VIEWERS} viewers already.")
        viewers += 1
        try:
            return await stream(request, preview, every_s=1 / options.fps, ending=services.ending)
        finally:
            viewers -= 1

    return handle


def _waits(
    path: str,
    name: str,
    summary: str,
    role: Role,
    options: type[O],
    use: Callable[[Terminal, O, threading.Event], Answer],
    answer: type[Answer],
    failures: tuple[ErrorCode, ...],
    status: int = 200,
) -> Report:
    endpoint = Endpoint(
        "POST",
        path,
        name,
        summary,
        role,
        answer,
        options=options,
        status=status,
        failures=(*_PARSED, *_SEEN, *failures),
    )
    return Report(endpoint, _waiting(options, use, status))


def _shows(
    path: str,
    name: str,
    summary: str,
    *,
    role: Role = Role.ADMIN,
    answer: type[Answer] | None = None,
    options: type[Options] = NoOptions,
    media: str = "application/json",
    failures: tuple[ErrorCode, ...] = (),
) -> Endpoint:
    common = (ErrorCode.CAMERA_UNAVAILABLE, ErrorCode.BUSY, ErrorCode.SHUTTING_DOWN)
    return Endpoint(
        "GET", path, name, summary, role, answer, options=options, media=media, failures=(*common, *failures)
    )


REPORTS = (
    _waits(
        "/v1/enrol/camera",
        "enrol_camera",
        "Enrol the person before the camera, guided by hints.",
        Role.ADMIN,
        CameraEnrolOptions,
        _enrol,
        CameraEnrolAnswer,
        (
            ErrorCode.INVALID_ID,
            ErrorCode.MULTIPLE_FACES,
            ErrorCode.PERSON_KNOWN,
            ErrorCode.FACE_NEARLY_IDENTICAL,
            ErrorCode.LIMIT_GROUPS,
            ErrorCode.LIMIT_USERS,
            ErrorCode.LIMIT_FACES,
            *WRITTEN,
        ),
        status=201,
    ),
    _waits(
        "/v1/identify/camera",
        "identify_camera",
        "Find the next good face before the camera in one or more groups.",
        Role.MATCHER,
        CameraIdentifyOptions,
        _identify,
        IdentifyAnswer,
        (ErrorCode.INVALID_ID, ErrorCode.GROUP_NOT_FOUND),
    ),
    _waits(
        "/v1/verify/camera",
        "verify_camera",
        "Decide whether the next good face before the camera is the named user's.",
        Role.MATCHER,
        CameraVerifyOptions,
        _verify,
        VerifyAnswer,
        (ErrorCode.INVALID_ID, ErrorCode.GROUP_NOT_FOUND, ErrorCode.USER_NOT_FOUND),
    ),
    Report(
        _shows("/v1/camera", "camera", "How the camera is.", role=Role.OBSERVER, answer=CameraAnswer),
        _state,
    ),
    Report(
        _shows("/v1/camera/snapshot", "camera_snapshot", "The newest frame.", media="image/jpeg"),
        _snapshot,
    ),
    Report(
        _shows(
            "/v1/camera/preview",
            "camera_preview",
            "What the camera sees, as Motion JPEG.",
            options=PreviewOptions,
            media=MEDIA,
            failures=(ErrorCode.INVALID_PARAMETER,),
        ),
        _preview,
    ),
)
