"""Events and attendance: pages, a live stream, tables.

An observer sees what happens and when, but not who it was, nor scores: the role is for displays and for monitoring,
which need neither, and a list of who came when is the most telling thing on the device. A matcher may find out who
somebody is anyway, and sees it. Attendance names everybody at once and is for admins, like every list of people.
"""

from __future__ import annotations

from aiohttp import web

from edgeface.api.answers import Answer
from edgeface.api.auth.admission import caller_of
from edgeface.api.event_answers import (
    AttendanceAnswer,
    AttendanceDayAnswer,
    ErasedEventsAnswer,
    EventAnswer,
    EventsAnswer,
)
from edgeface.api.event_options import AttendanceCsvOptions, AttendanceOptions, EventsOptions, StreamOptions
from edgeface.api.event_stream import EventStream
from edgeface.api.native.endpoint import Endpoint, Handler, Report
from edgeface.api.native.gallery import WRITTEN
from edgeface.api.options import Options
from edgeface.api.services import Services
from edgeface.api.submissions import Message, O, parse
from edgeface.api.workers import Priority, Workers
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.attendance_csv import attendance_csv
from edgeface.events.log import EventLog
from edgeface.events.timesheet import timesheet, working_days
from edgeface.types import Role

MOST_STREAMS = 32
"""Live streams at once: an eighth of the connections, each with a queue of its own."""
LAST_EVENT_ID = "Last-Event-ID"
_MOST_QUICK_DAYS = 31
_SSE = "text/event-stream"
_CSV = "text/csv"
_OPENED = (ErrorCode.INVALID_PARAMETER, ErrorCode.BUSY, ErrorCode.SHUTTING_DOWN)


def _events(services: Services) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        options = _options(request, EventsOptions)
        log = _log(services)
        named = _may_know_who(request)

        def read() -> EventsAnswer:
            found = log.since(options.since, options.limit, options.kinds)
            facts = log.facts()
            shown = [EventAnswer.of(event if named else event.nameless()) for event in found]
            return EventsAnswer(events=shown, oldest=facts.oldest, last=facts.last)

        return _json(await services.calls.run(read, Priority.ORDINARY))

    return handle


def _stream(services: Services) -> Handler:
    running = 0

    async def handle(request: web.Request) -> web.StreamResponse:
        nonlocal running
        options = _options(request, StreamOptions)
        log = _log(services)
        after = _last_event_id(request, options.since)
        if running >= MOST_STREAMS:
            raise EdgeFaceError(ErrorCode.BUSY, f"There are {MOST_STREAMS} streams already.")
        response = web.StreamResponse()
        response.content_type = _SSE
        response.charset = "utf-8"
        running += 1
        try:
            await response.prepare(request)
            stream = EventStream(log, response, kinds=options.kinds, named=_may_know_who(request))
            try:
                await stream.run(after, services.ending)
            except EdgeFaceError as error:
                # The head is sent: no failure can be answered any more, only the end.
                if error.code is not ErrorCode.SHUTTING_DOWN:
                    raise ConnectionResetError(error.message) from error
            await response.write_eof()
        finally:
            running -= 1
        return response

    return handle


def _attendance(services: Services) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        options = _options(request, AttendanceOptions)
        log, config = _log(services), services.engine.config.attendance
        days = working_days(config)

        def read() -> AttendanceAnswer:
            table = timesheet(log, config, options.first, options.last)
            return AttendanceAnswer(days=[AttendanceDayAnswer.of(row, days) for row in table])

        return _json(await _crew(services, options).run(read, Priority.BULK))

    return handle


def _attendance_csv(services: Services) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        options = _options(request, AttendanceCsvOptions)
        log, config = _log(services), services.engine.config.attendance
        days = working_days(config)

        def read() -> bytes:
            return attendance_csv(timesheet(log, config, options.first, options.last), days, bom=options.bom)

        body = await _crew(services, options).run(read, Priority.BULK)
        name = f"attendance-{options.first}-{options.last}.csv"
        return web.Response(
            body=body,
            content_type=_CSV,
            charset="utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    return handle


def _erase_user(services: Services) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        log = _log(services)
        user_id = request.match_info["user_id"]
        services.engine.gallery.check_ids(user_id)
        erased = await services.upkeep.run(lambda: log.erase_user(user_id), Priority.BULK)
        return _json(ErasedEventsAnswer(events=erased))

    return handle


def _crew(services: Services, options: AttendanceOptions) -> Workers:
    """Months meet the calls' deadline also on a small board; years need not, and go where archives go."""
    return services.calls if (options.last - options.first).days < _MOST_QUICK_DAYS else services.upkeep


def _log(services: Services) -> EventLog:
    """Raises ``BUSY`` while the daemon starts, ``SHUTTING_DOWN`` at its end."""
    services.engine  # noqa: B018 - raises in both cases
    if services.events is None:
        raise EdgeFaceError(ErrorCode.BUSY, "The daemon is starting.")
    return services.events


def _may_know_who(request: web.Request) -> bool:
    caller = caller_of(request)
    return caller is not None and caller.role is not None and caller.role.includes(Role.MATCHER)


def _options(request: web.Request, options: type[O]) -> O:
    return parse(Message(query=tuple(request.query.items())), options).options


def _last_event_id(request: web.Request, since: int | None) -> int | None:
    text = request.headers.get(LAST_EVENT_ID, "").strip()
    if not text:
        return since
    if not text.isdecimal() or len(text) > 16:
        raise EdgeFaceError(
            ErrorCode.INVALID_PARAMETER, f"{LAST_EVENT_ID}: must be a sequence number.", parameter=LAST_EVENT_ID
        )
    return int(text)


def _json(answer: Answer) -> web.Response:
    return web.Response(body=answer.as_json(), content_type="application/json")


def _endpoint(
    path: str,
    name: str,
    summary: str,
    role: Role,
    answer: type[Answer] | None,
    options: type[Options],
    media: str = "application/json",
    failures: tuple[ErrorCode, ...] = (*_OPENED, ErrorCode.DEADLINE),
) -> Endpoint:
    return Endpoint("GET", path, name, summary, role, answer, options=options, failures=failures, media=media)


REPORTS = (
    Report(
        _endpoint(
            "/v1/events",
            "events",
            "A page of events; without people and scores for an observer.",
            Role.OBSERVER,
            EventsAnswer,
            EventsOptions,
        ),
        _events,
    ),
    Report(
        _endpoint(
            "/v1/events/stream",
            "event_stream",
            "Events as they happen, as server-sent events; Last-Event-ID or since replays.",
            Role.OBSERVER,
            None,
            StreamOptions,
            _SSE,
            _OPENED,
        ),
        _stream,
    ),
    Report(
        _endpoint(
            "/v1/attendance",
            "attendance",
            "Who was there on a day or on several: first in, last out, time inside.",
            Role.ADMIN,
            AttendanceAnswer,
            AttendanceOptions,
        ),
        _attendance,
    ),
    Report(
        _endpoint(
            "/v1/attendance.csv",
            "attendance_csv",
            "The same as a CSV file.",
            Role.ADMIN,
            None,
            AttendanceCsvOptions,
            _CSV,
        ),
        _attendance_csv,
    ),
    Report(
        Endpoint(
            "DELETE",
            "/v1/events/users/{user_id}",
            "erase_events_of_user",
            "Erase every event that names a user.",
            Role.ADMIN,
            ErasedEventsAnswer,
            failures=(ErrorCode.INVALID_ID, *WRITTEN),
        ),
        _erase_user,
    ),
)
