"""One run of the command line: its configuration, and whether the daemon or the state directory does the work.

The daemon is used when its socket answers; otherwise the state directory is opened directly (and locked).
``--offline`` never asks the daemon, ``--socket`` insists on it.
"""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from edgeface.cli.output import Output
from edgeface.errors import EdgeFaceError, ErrorCode

if TYPE_CHECKING:
    from edgeface.cli.backend import Backend
    from edgeface.config import Config

_CONNECT_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Options:
    """The global options as given."""

    config_file: Path | None = None
    state_dir: Path | None = None
    socket: Path | None = None
    offline: bool = False


class Session:
    """What every command gets: the output and, when first asked for, configuration and backend."""

    def __init__(self, options: Options, output: Output) -> None:
        self.options = options
        self.output = output
        self._config: Config | None = None

    @property
    def config(self) -> Config:
        """The configuration with the global options laid over it."""
        if self._config is None:
            self._config = resolve_config(self.options)
        return self._config

    def daemon_answers(self) -> bool:
        """Whether something accepts connections on the configured socket."""
        return _connects(self.config.server.socket)

    @contextmanager
    def backend(self, *, needs_gallery: bool = True) -> Iterator[Backend]:
        """Open where the work is done.

        ``needs_gallery=False``: pictures only; where the state directory cannot be used (not writable, in use by
        another process) a temporary one stands in, because nothing is kept.
        """
        if self._use_daemon():
            from edgeface.cli.daemon import DaemonBackend

            chosen: Backend = DaemonBackend.open(self.config)
            try:
                yield chosen
            finally:
                chosen.close()
            return
        from edgeface.cli.direct import DirectBackend

        if needs_gallery:
            self.require_state_dir()
            chosen = DirectBackend.open(self.config)
        else:
            chosen = self._pictures_only()
        try:
            yield chosen
        finally:
            chosen.close()

    def require_state_dir(self) -> None:
        """Raise ``STORAGE_READ_ONLY`` with a way out when the state directory cannot be written."""
        state_dir = self.config.state_dir
        if not _writable(state_dir):
            raise EdgeFaceError(
                ErrorCode.STORAGE_READ_ONLY,
                f"{state_dir} is not writable for this user. Name another with --state-dir DIR (or "
                "EDGEFACE_STATE_DIR), start the daemon, or run as the daemon's user.",
            )

    def _use_daemon(self) -> bool:
        if self.options.offline:
            return False
        answers = self.daemon_answers()
        if not answers and self.options.socket is not None:
            raise EdgeFaceError(ErrorCode.UNREACHABLE, f"{self.options.socket}; start it with 'edgeface serve'.")
        return answers

    def _pictures_only(self) -> Backend:
        from edgeface.cli.direct import DirectBackend

        if _writable(self.config.state_dir):
            try:
                return DirectBackend.open(self.config)
            except EdgeFaceError as error:
                if error.code not in (ErrorCode.GALLERY_LOCKED, ErrorCode.GALLERY_KEY):
                    raise
        folder = tempfile.TemporaryDirectory(prefix="edgeface-")
        try:
            return DirectBackend.open(
                self.config.model_copy(update={"state_dir": Path(folder.name)}), temporary=folder
            )
        except BaseException:
            folder.cleanup()
            raise


def session_of(context: typer.Context) -> Session:
    """The session that the root command put into the context."""
    session = context.find_object(Session)
    if session is None:  # only when a command is called without the root command
        raise RuntimeError("no session")
    return session


def resolve_config(options: Options) -> Config:
    """The file and environment, then the options.

    A state directory of one's own brings its own socket (``edgeface.sock`` inside it) unless one is configured:
    ``edgeface --state-dir ./state serve`` and ``edgeface --state-dir ./state identify`` meet there.
    """
    from edgeface.config import DEFAULT_STATE_DIR, load_config

    config = load_config(options.config_file)
    if options.state_dir is not None:
        config = config.model_copy(update={"state_dir": options.state_dir.resolve()})
    server = config.server
    if options.socket is not None:
        server = server.model_copy(update={"socket": options.socket.resolve()})
    elif "socket" not in server.model_fields_set and config.state_dir != DEFAULT_STATE_DIR:
        server = server.model_copy(update={"socket": config.state_dir / "edgeface.sock"})
    return config.model_copy(update={"server": server})


def _connects(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_CONNECT_TIMEOUT_S)
        try:
            probe.connect(str(path))
        except PermissionError as error:
            raise EdgeFaceError(
                ErrorCode.FORBIDDEN, f"This user may not open {path}; see docs/cli.md, 'Who may call'."
            ) from error
        except OSError:  # not there, nobody listens, or a path too long for a socket
            return False
    return True


def _writable(folder: Path) -> bool:
    """Whether the folder can be written, or made.

    Root may write everywhere, but a gallery that root begins in the daemon's folder is one the daemon cannot open.
    """
    if os.geteuid() == 0 and folder.exists() and folder.stat().st_uid != 0:
        return False
    for candidate in (folder, *folder.parents):
        if candidate.exists():
            return candidate.is_dir() and os.access(candidate, os.W_OK | os.X_OK)
    return False
