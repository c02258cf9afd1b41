"""``events`` and ``attendance``: what happened, and who was there."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from rich.markup import escape

from edgeface.api.event_answers import AttendanceDayAnswer, EventAnswer
from edgeface.cli.session import Session, session_of
from edgeface.client.event_calls import EventPage
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.attendance import AttendanceDay
from edgeface.events.event import Event, EventKind

_PAGE = 1000
_PATIENCE_S = 600.0  # a year's attendance of many people on a small board

Since = Annotated[int | None, typer.Option("--since", min=0, help="Events behind this sequence number.")]
Limit = Annotated[
    int, typer.Option("--limit", min=1, max=_PAGE, help="Events at most; without --since the last ones.")
]
Kinds = Annotated[list[str] | None, typer.Option("--kind", "-k", help="Only this kind; may be repeated.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what happens; needs the daemon.")]


class Format(str, Enum):
    """How a table is written."""

    CSV = "csv"
    JSON = "json"


class Source(Protocol):
    """Where events come from: the daemon, or the state directory."""

    def events(self, since: int, limit: int, kinds: Sequence[EventKind] | None) -> EventPage: ...

    def attendance(self, first: date, last: date) -> tuple[AttendanceDay, ...]: ...

    def attendance_csv(self, first: date, last: date, *, bom: bool) -> bytes: ...


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("events")(events)
    family = typer.Typer(help="Who was there, and when.", no_args_is_help=True)
    family.command("export")(export_attendance)
    app.add_typer(family, name="attendance")


def events(
    context: typer.Context,
    since: Since = None,
    limit: Limit = 50,
    kind: Kinds = None,
    follow: Follow = False,
) -> None:
    """Show what happened, oldest first."""
    session = session_of(context)
    kinds = _kinds(kind)
    if follow:
        _follow(session, since, kinds)
        return
    with _source(session) as source:
        page = source.events(since, limit, kinds) if since is not None else _newest(source, limit, kinds)
    session.output.result(
        {"events": [_view(event) for event in page.events], "oldest": page.oldest, "last": page.last},
        "\n".join(map(_line, page.events)) or "[dim]nothing[/]",
    )


def export_attendance(
    context: typer.Context,
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First working day.")],
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last working day; default: the first.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="csv or json.")] = Format.CSV,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write; default: stdout.")] = None,
    bom: Annotated[bool, typer.Option("--bom", help="Begin the CSV so that Excel knows UTF-8.")] = False,
) -> None:
    """First in, last out and time inside of everybody on a day or on several."""
    from edgeface.events.timesheet import working_days

    session = session_of(context)
    begin, end = first.date(), (last or first).date()
    days = working_days(session.config.attendance)
    with _source(session) as source:
        table = source.attendance(begin, end)
        rows = [AttendanceDayAnswer.of(row, days).model_dump(exclude_none=True) for row in table]
        if form is Format.CSV:
            text = source.attendance_csv(begin, end, bom=bom)
        else:
            text = (json.dumps(rows, indent=1, ensure_ascii=False) + "\n").encode()
    if out is not None:
        try:
            out.write_bytes(text)
        except OSError as error:
            raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"{out}: {error.strerror or error}.") from error
    if out is None and not session.output.as_json:
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
        return
    session.output.result(
        {"days": rows, **({"file": str(out)} if out else {})}, f"{len(rows)} rows written to {escape(str(out))}"
    )


@contextmanager
def _source(session: Session) -> Iterator[Source]:
    from edgeface.cli.direct import DirectBackend

    with session.backend() as backend:
        if isinstance(backend, DirectBackend):
            from edgeface.cli.local_events import local_events

            with local_events(backend.engine) as local:
                yield local
        else:
            from edgeface.client import Client

            with Client(session.config.server.socket, timeout=_PATIENCE_S) as client:
                yield client


def _newest(source: Source, limit: int, kinds: Sequence[EventKind] | None) -> EventPage:
    """The last ``limit`` events of these kinds, looked for further and further back."""
    last = source.events(0, 1, None).last
    reach = limit
    while True:
        since = max(0, last - reach)
        page = _every(source, since, kinds)
        if len(page.events) >= limit or since == 0:
            return replace(page, events=page.events[-limit:])
        reach *= 4


def _every(source: Source, since: int, kinds: Sequence[EventKind] | None) -> EventPage:
    found: list[Event] = []
    while (page := source.events(since, _PAGE, kinds)).events:
        found += page.events
        since = page.events[-1].sequence
    return replace(page, events=tuple(found))


def _follow(session: Session, since: int | None, kinds: Sequence[EventKind] | None) -> None:
    from edgeface.client import Client

    if session.options.offline or not session.daemon_answers():
        raise EdgeFaceError(
            ErrorCode.UNREACHABLE, "Only a running daemon has events to follow; see 'edgeface serve'."
        )
    with Client(session.config.server.socket) as client:
        for event in client.follow(since, kinds):
            session.output.result({"event": _view(event)}, _line(event))


def _kinds(names: Sequence[str] | None) -> tuple[EventKind, ...] | None:
    known = {kind.value: kind for kind in EventKind}
    if unknown := [name for name in names or () if name not in known]:
        raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"--kind {unknown[0]}: one of {', '.join(known)}.")
    return tuple(known[name] for name in names) if names else None


def _view(event: Event) -> dict[str, Any]:
    return EventAnswer.of(event).model_dump(exclude_none=True)


def _line(event: Event) -> str:
    """One event for people; ``~`` marks a time that cannot be trusted."""
    moment = datetime.fromtimestamp(event.wall_at).astimezone()
    doubt = " " if event.clock_trusted else "~"
    facts = " ".join(f"{name}={_plain(value)}" for name, value in event.data.items())
    head = f"{event.sequence:>8} {moment:%Y-%m-%d %H:%M:%S}{doubt} [bold]{event.kind.value:<12}[/]"
    return f"{head} {escape(event.source)} {escape(facts)}"


def _plain(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
