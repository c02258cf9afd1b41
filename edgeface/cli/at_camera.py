"""``enroll``, ``identify`` and ``verify`` with ``--camera``: the daemon's camera instead of picture files."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeface.cli.backend import Look
from edgeface.cli.session import Session
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.event import EventKind

if TYPE_CHECKING:
    from edgeface.client import CameraEnrolment, Client
    from edgeface.results import Identification, Verification

AtCamera = Annotated[bool, typer.Option("--camera", help="The next good face before the daemon's camera.")]
Timeout = Annotated[
    float, typer.Option("--timeout", min=0.1, max=60, help="Seconds to wait for a good face, with --camera.")
]
DEFAULT_TIMEOUT_S = 10.0


def one_picture(image: Path | None, look: Look, *, camera: bool) -> Path | None:
    """The picture to look at, ``None`` for the camera. Raises ``INVALID_PARAMETER`` unless it is one of the two."""
    if (image is None) != camera:
        raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, "Name a picture, or --camera.")
    refuse_look(look, camera=camera)
    return image


def refuse_look(look: Look, *, camera: bool) -> None:
    """The daemon's configuration says how faces at its camera are judged; a call must not seem to say it."""
    if camera and look != Look():
        raise EdgeFaceError(
            ErrorCode.INVALID_PARAMETER,
            "--level, --liveness, --order: for pictures; [live] has the camera's.",
        )


def identify(
    session: Session, groups: Sequence[str], *, top: int, threshold: float | None, timeout_s: float
) -> Identification:
    """1:N of the next good face."""
    with _client(session) as client:
        return client.identify_camera(groups, top=top, threshold=threshold, timeout_s=timeout_s)


def verify(
    session: Session, group_id: str, user_id: str, *, threshold: float | None, timeout_s: float
) -> Verification:
    """1:1 of the next good face."""
    with _client(session) as client:
        return client.verify_camera(group_id, user_id, threshold=threshold, timeout_s=timeout_s)


def enrol(
    session: Session,
    group_id: str,
    user_id: str,
    *,
    user_info: str | None,
    poses: Sequence[str],
    allow_known: bool,
    replace: bool,
    timeout_s: float,
) -> CameraEnrolment:
    """Enrol who stands there; the hints appear on stderr while it takes."""
    with _client(session) as client, _hints(session, client):
        return client.enrol_camera(
            group_id,
            user_id,
            user_info=user_info,
            poses=poses,
            allow_known=allow_known,
            replace=replace,
            timeout_s=timeout_s,
        )


@contextmanager
def _client(session: Session) -> Iterator[Client]:
    from edgeface.client import Client

    path = session.config.server.socket
    if session.options.offline or not session.daemon_answers():
        raise EdgeFaceError(ErrorCode.UNREACHABLE, f"{path}; the camera is the daemon's: start 'edgeface serve'.")
    with Client(path) as client:
        yield client


@contextmanager
def _hints(session: Session, client: Client) -> Iterator[None]:
    """Show what the person before the camera is told."""
    if session.output.as_json:
        yield
        return
    over = threading.Event()

    def show(position: int) -> None:
        while not over.wait(0.3):
            page = client.events(position, kinds=[EventKind.HINT])
            for event in page.events:
                position = event.sequence
                if event.data.get("enrolling"):
                    session.output.note(str(event.data["hint"]).replace("_", " "))

    thread = threading.Thread(target=show, args=(client.events(limit=1).last,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(2)
