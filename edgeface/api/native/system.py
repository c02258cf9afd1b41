"""Health, facts, metrics and the OpenAPI document: answered without the crew, so also when it is busy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache

from aiohttp import web

import edgeface
from edgeface.api.answers import Answer
from edgeface.api.auth.admission import caller_of
from edgeface.api.metrics import CONTENT_TYPE
from edgeface.api.native.endpoint import Endpoint, Handler, Report
from edgeface.api.services import Services
from edgeface.api.system_answers import InfoAnswer, LimitsAnswer, LiveAnswer, ReadyAnswer
from edgeface.engine import Engine
from edgeface.errors import ErrorCode
from edgeface.inference.roles import KNOWN_ROLES
from edgeface.types import Role

API_VERSION = "v1"


def _live(services: Services) -> Handler:  # noqa: ARG001 - every report is made from the services
    async def handle(request: web.Request) -> web.StreamResponse:  # noqa: ARG001
        return _json(LiveAnswer(live=True))

    return handle


def _ready(services: Services) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:  # noqa: ARG001
        reasons = services.not_ready()
        return _json(ReadyAnswer(ready=not reasons, reasons=reasons), status=503 if reasons else 200)

    return handle


def _info(services: Services) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        caller = caller_of(request)
        role = caller.role if caller is not None else None
        return _json(_facts(services.engine, role or Role.OBSERVER))

    return handle


def _metrics(services: Services) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:  # noqa: ARG001
        loop = asyncio.get_running_loop()
        text = await loop.run_in_executor(None, services.metrics.text)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE})

    return handle


def openapi_report(document: Callable[[], bytes]) -> Report:
    """The endpoint that serves the OpenAPI document."""
    made_once = cache(document)

    def make(services: Services) -> Handler:  # noqa: ARG001
        async def handle(request: web.Request) -> web.StreamResponse:  # noqa: ARG001
            return web.Response(body=made_once(), content_type="application/json")

        return handle

    return Report(Endpoint("GET", "/v1/openapi.json", "openapi", "This document.", Role.OBSERVER, None), make)


def _facts(engine: Engine, role: Role) -> InfoAnswer:
    config = engine.config
    limits = config.gallery.limits
    features = engine.analyzer.features
    return InfoAnswer(
        version=edgeface.__version__,
        api=API_VERSION,
        pack=engine.pack.name,
        contract_id=engine.pack.contract_id,
        dimension=engine.pack.dimension,
        features=sorted(features),
        missing=sorted(set(KNOWN_ROLES) - features),
        decision_fmr=config.decision.fmr,
        decision_score=engine.scale.score_at_fmr(config.decision.fmr),
        role=role.value,
        limits=LimitsAnswer(
            max_image_bytes=config.image.max_bytes,
            max_request_bytes=config.server.max_request_bytes,
            max_faces=config.detection.max_faces,
            max_groups=limits.max_groups,
            max_users_per_group=limits.max_users_per_group,
            max_faces_per_user=limits.max_faces_per_user,
            max_user_info_bytes=limits.max_user_info_bytes,
            max_groups_per_search=limits.max_groups_per_search,
            max_top=limits.max_top,
            max_page=limits.max_page,
            deadline_s=config.server.deadline_s,
        ),
    )


def _json(answer: Answer, status: int = 200) -> web.Response:
    headers = {"Retry-After": "1"} if status == 503 else None
    return web.Response(status=status, body=answer.as_json(), content_type="application/json", headers=headers)


REPORTS = (
    Report(Endpoint("GET", "/v1/health/live", "live", "The process answers.", Role.OBSERVER, LiveAnswer), _live),
    Report(
        Endpoint(
            "GET",
            "/v1/health/ready",
            "ready",
            "Whether calls will be computed; status 503 with the reasons when not.",
            Role.OBSERVER,
            ReadyAnswer,
        ),
        _ready,
    ),
    Report(
        Endpoint(
            "GET",
            "/v1/info",
            "info",
            "Versions, model pack, features, limits, and this peer's role.",
            Role.OBSERVER,
            InfoAnswer,
            failures=(ErrorCode.BUSY,),
        ),
        _info,
    ),
    Report(
        Endpoint("GET", "/metrics", "metrics", "Prometheus metrics.", Role.OBSERVER, None, media="text/plain"),
        _metrics,
    ),
)
