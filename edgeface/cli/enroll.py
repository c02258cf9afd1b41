"""``enroll``: pictures of one user, or a folder of users, with a table of what was taken and what was refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edgeface.cli import at_camera
from edgeface.cli.at_camera import DEFAULT_TIMEOUT_S, AtCamera, Timeout, refuse_look
from edgeface.cli.backend import Backend, Look
from edgeface.cli.files import Submission, read_picture, submissions
from edgeface.cli.output import OK, PARTLY
from edgeface.cli.pictures import Level, Liveness, Order
from edgeface.cli.session import Session, session_of
from edgeface.cli.tables import reason
from edgeface.errors import EdgeFaceError, ErrorCode

if TYPE_CHECKING:
    from edgeface.client import CameraEnrolment


class EnrolPose(str, Enum):
    """How the person holds the head before the camera; left and right are the person's own."""

    FRONT = "front"
    LEFT = "left"
    RIGHT = "right"


# After one of these nothing further can succeed: stop instead of failing once per picture.
_FATAL = frozenset(
    {
        ErrorCode.STORAGE_FULL,
        ErrorCode.STORAGE_READ_ONLY,
        ErrorCode.GALLERY_CORRUPT,
        ErrorCode.FORBIDDEN,
        ErrorCode.UNREACHABLE,
        ErrorCode.SHUTTING_DOWN,
        ErrorCode.LIMIT_GROUPS,
    }
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one picture: the face's token, or the error."""

    submission: Submission
    result: str | EdgeFaceError

    @property
    def error(self) -> EdgeFaceError | None:
        return self.result if isinstance(self.result, EdgeFaceError) else None


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(enroll)


def enroll(
    context: typer.Context,
    group: Annotated[str, typer.Option("--group", "-g", help="Group to enrol in; made when new.")],
    images: Annotated[
        list[Path] | None,
        typer.Argument(help="Pictures of --user, or folders that hold a folder of photos per user."),
    ] = None,
    user: Annotated[str | None, typer.Option("--user", "-u", help="Whose pictures these are.")] = None,
    info: Annotated[str | None, typer.Option("--info", help="user_info to keep with the user.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="The first picture replaces every earlier face of the user.")
    ] = False,
    single: Annotated[bool, typer.Option("--single", help="Refuse pictures with several faces.")] = False,
    level: Level = None,
    liveness: Liveness = None,
    order: Order = None,
    camera: AtCamera = False,
    pose: Annotated[
        list[EnrolPose] | None, typer.Option("--pose", help="With --camera, may be repeated; default: front.")
    ] = None,
    allow_known: Annotated[
        bool, typer.Option("--allow-known", help="With --camera: also a person enrolled under another id.")
    ] = False,
    timeout: Timeout = DEFAULT_TIMEOUT_S,
) -> None:
    """Enrol people; exit code 12 when some pictures were refused. --camera: whoever stands before the daemon's."""
    session = session_of(context)
    look = Look(level, order, liveness)
    refuse_look(look, camera=camera)
    if camera:
        if images or user is None:
            raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, "--camera takes --user, and no pictures.")
        taken = at_camera.enrol(
            session,
            group,
            user,
            user_info=info,
            poses=[item.value for item in pose or [EnrolPose.FRONT]],
            allow_known=allow_known,
            replace=replace,
            timeout_s=timeout,
        )
        _answer_camera(session, taken)
        return
    if not images:
        raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, "Name pictures or folders, or --camera.")
    todo = submissions(images, user)
    with session.backend() as backend, session.output.progress("enrolling", len(todo)) as done:
        outcomes = []
        replaced: set[str] = set()
        for submission in todo:
            outcome = _enrol(
                backend,
                submission,
                group,
                look,
                info=info,
                replace=replace and submission.user_id not in replaced,
                single=single,
            )
            outcomes.append(outcome)
            if outcome.error is None:
                replaced.add(submission.user_id)
            elif outcome.error.code in _FATAL:
                raise outcome.error
            done(1)
    refused = [outcome for outcome in outcomes if outcome.error]
    data = {
        "group_id": group,
        "accepted": [_accepted(outcome) for outcome in outcomes if not outcome.error],
        "rejected": [_rejected(outcome) for outcome in refused],
    }

    def human(console: Console) -> None:
        _print(console, group, outcomes)

    first = refused[0].error if refused else None
    if first is not None and len(refused) == len(outcomes):
        if len(outcomes) == 1:
            raise first
        session.output.partial(data, first, human)
        raise typer.Exit(first.code.spec.exit_code)
    session.output.result(data, human)
    raise typer.Exit(PARTLY if refused else OK)


def _answer_camera(session: Session, done: CameraEnrolment) -> None:
    accepted = [
        {"user_id": done.user_id, "face_token": face.face_token, "pose": face.pose, "quality": face.quality}
        for face in done.faces
    ]
    poses = ", ".join(f"{face.pose} {face.quality:.2f}" for face in done.faces)
    session.output.result(
        {"group_id": done.group_id, "accepted": accepted, "rejected": []},
        f"[green]✓[/] {escape(done.user_id)} enrolled in [bold]{escape(done.group_id)}[/] ({poses})",
    )


def _enrol(
    backend: Backend,
    submission: Submission,
    group: str,
    look: Look,
    *,
    info: str | None,
    replace: bool,
    single: bool,
) -> Outcome:
    try:
        done = backend.enrol(
            read_picture(submission.file),
            group,
            submission.user_id,
            look,
            user_info=info,
            replace_faces=replace,
            single_face=single,
        )
    except EdgeFaceError as error:
        return Outcome(submission, error)
    return Outcome(submission, done.record.face_token)


def _accepted(outcome: Outcome) -> dict[str, Any]:
    submission = outcome.submission
    return {"file": str(submission.file), "user_id": submission.user_id, "face_token": outcome.result}


def _rejected(outcome: Outcome) -> dict[str, Any]:
    submission = outcome.submission
    error = outcome.error.as_dict() if outcome.error else {}
    return {"file": str(submission.file), "user_id": submission.user_id, "error": error}


def _print(console: Console, group: str, outcomes: Sequence[Outcome]) -> None:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("", "user", "picture", "result"):
        table.add_column(column, overflow="fold")
    for outcome in outcomes:
        error = outcome.error
        table.add_row(
            "[red]✗[/]" if error else "[green]✓[/]",
            escape(outcome.submission.user_id),
            escape(str(outcome.submission.file)),
            f"[red]{escape(reason(error))}[/]" if error else f"[dim]{outcome.result}[/]",
        )
    console.print(table)
    accepted = sum(outcome.error is None for outcome in outcomes)
    people = len({outcome.submission.user_id for outcome in outcomes if outcome.error is None})
    console.print(
        f"{accepted} of {len(outcomes)} pictures enrolled in [bold]{escape(group)}[/], "
        f"{people} {'person' if people == 1 else 'people'}"
    )
