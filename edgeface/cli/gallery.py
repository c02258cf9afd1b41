"""``groups``, ``users`` and ``faces``: look after who is enrolled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edgeface.cli.session import session_of
from edgeface.cli.views import face_record_view, group_view, user_view

Group = Annotated[str, typer.Option("--group", "-g", help="The group.")]
AnyGroup = Annotated[str | None, typer.Option("--group", "-g", help="The group; default: every group.")]
Start = Annotated[int, typer.Option("--start", min=0, help="First row, from 0.")]
Length = Annotated[int, typer.Option("--length", min=1, help="Rows at most.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    groups = typer.Typer(help="Groups of users.", no_args_is_help=True)
    groups.command("list")(list_groups)
    groups.command("add")(add_group)
    groups.command("delete")(delete_group)
    app.add_typer(groups, name="groups")
    users = typer.Typer(help="Users of a group.", no_args_is_help=True)
    users.command("list")(list_users)
    users.command("show")(show_user)
    users.command("info")(set_user_info)
    users.command("copy")(copy_user)
    users.command("delete")(delete_user)
    app.add_typer(users, name="users")
    faces = typer.Typer(help="Enrolled faces of a user.", no_args_is_help=True)
    faces.command("list")(list_faces)
    faces.command("delete")(delete_face)
    app.add_typer(faces, name="faces")


def list_groups(context: typer.Context, start: Start = 0, length: Length = 100) -> None:
    """List the groups."""
    session = session_of(context)
    with session.backend() as backend:
        page = backend.groups(start, length)
    rows = [
        (record.group_id, str(record.users), str(record.faces), _time(record.created_at)) for record in page.items
    ]
    session.output.result(
        {"groups": [group_view(record) for record in page.items], "total": page.total, "start": page.start},
        lambda console: _table(console, ("group", "users", "faces", "created"), rows, page.total, "groups"),
    )


def add_group(context: typer.Context, group: Annotated[str, typer.Argument(help="The new group.")]) -> None:
    """Make an empty group."""
    session = session_of(context)
    with session.backend() as backend:
        backend.add_group(group)
    session.output.result({"group_id": group}, f"group [bold]{escape(group)}[/] added")


def delete_group(
    context: typer.Context,
    group: Annotated[str, typer.Argument(help="The group.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a group with its users and faces."""
    session = session_of(context)
    _confirm(f"Erase group {group} with everyone in it?", yes=yes)
    with session.backend() as backend:
        faces = backend.delete_group(group)
    session.output.result({"group_id": group, "faces_erased": faces}, f"{escape(group)}: {_faces(faces)} erased")


def list_users(context: typer.Context, group: Group, start: Start = 0, length: Length = 100) -> None:
    """List the users of a group."""
    session = session_of(context)
    with session.backend() as backend:
        page = backend.users(group, start, length)
    rows = [(record.user_id, str(record.faces), _time(record.updated_at), record.user_info) for record in page.items]
    session.output.result(
        {"users": [user_view(record) for record in page.items], "total": page.total, "start": page.start},
        lambda console: _table(console, ("user", "faces", "updated", "info"), rows, page.total, "users"),
    )


def show_user(
    context: typer.Context, user: Annotated[str, typer.Argument(help="The user.")], group: AnyGroup = None
) -> None:
    """Show a user in every group, or in one."""
    session = session_of(context)
    with session.backend() as backend:
        records = backend.user(group, user)
    rows = [
        (record.group_id, str(record.faces), _time(record.created_at), _time(record.updated_at), record.user_info)
        for record in records
    ]
    columns = ("group", "faces", "created", "updated", "info")
    session.output.result(
        {"user_id": user, "groups": [user_view(record) for record in records]},
        lambda console: _table(console, columns, rows, len(rows), "groups"),
    )


def set_user_info(
    context: typer.Context,
    user: Annotated[str, typer.Argument(help="The user.")],
    info: Annotated[str, typer.Argument(help="The new user_info, at most 256 bytes.")],
    group: Group,
) -> None:
    """Change what is kept with a user."""
    session = session_of(context)
    with session.backend() as backend:
        backend.set_user_info(group, user, info)
    session.output.result(
        {"group_id": group, "user_id": user, "user_info": info}, f"{escape(group)}/{escape(user)}: {escape(info)}"
    )


def copy_user(
    context: typer.Context,
    user: Annotated[str, typer.Argument(help="The user.")],
    source: Annotated[str, typer.Option("--from", help="Group to copy from.")],
    target: Annotated[str, typer.Option("--to", help="Group to copy to.")],
) -> None:
    """Copy a user with the faces to another group."""
    session = session_of(context)
    with session.backend() as backend:
        faces = backend.copy_user(user, source, target)
    session.output.result(
        {"user_id": user, "source_group": source, "target_group": target, "faces_copied": faces},
        f"{escape(user)}: {_faces(faces)} copied from {escape(source)} to {escape(target)}",
    )


def delete_user(
    context: typer.Context,
    user: Annotated[str, typer.Argument(help="The user.")],
    group: AnyGroup = None,
    events: Annotated[
        bool, typer.Option("--events", help="Also every event that names the user, attendance among them.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a user from a group, or from every group."""
    session = session_of(context)
    _confirm(f"Erase user {user} from {f'group {group}' if group else 'every group'}?", yes=yes)
    with session.backend() as backend:
        faces = backend.delete_user(group, user)
        erased = backend.erase_events(user) if events else None
    data = {"user_id": user, "group_id": group, "faces_erased": faces}
    session.output.result(
        data if erased is None else {**data, "events_erased": erased},
        f"{escape(user)}: {_faces(faces)}{'' if erased is None else f' and {erased} events'} erased",
    )


def list_faces(
    context: typer.Context, group: Group, user: Annotated[str, typer.Option("--user", "-u", help="The user.")]
) -> None:
    """List a user's faces."""
    session = session_of(context)
    with session.backend() as backend:
        records = backend.faces(group, user)
    rows = [(record.face_token, _time(record.created_at)) for record in records]
    session.output.result(
        {"faces": [face_record_view(record) for record in records]},
        lambda console: _table(console, ("face_token", "enrolled"), rows, len(rows), "faces"),
    )


def delete_face(
    context: typer.Context,
    token: Annotated[str, typer.Argument(help="The face_token.")],
    group: Group,
    user: Annotated[str, typer.Option("--user", "-u", help="The user.")],
) -> None:
    """Erase one face of a user."""
    session = session_of(context)
    with session.backend() as backend:
        backend.delete_face(group, user, token)
    session.output.result(
        {"group_id": group, "user_id": user, "face_token": token}, f"{escape(group)}/{escape(user)}: face erased"
    )


def _confirm(question: str, *, yes: bool) -> None:
    if not yes:
        typer.confirm(question, abort=True, err=True)


def _table(console: Console, columns: Sequence[str], rows: Sequence[Sequence[str]], total: int, what: str) -> None:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, justify="right" if column in ("users", "faces") else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    if rows:
        console.print(table)
    if total != len(rows) or not rows:
        console.print(f"[dim]{len(rows)} of {total} {what}[/]")


def _faces(count: int) -> str:
    return "1 face" if count == 1 else f"{count} faces"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")
