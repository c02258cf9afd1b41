"""``serve``: the daemon in the foreground, as systemd starts it."""

from __future__ import annotations

import typer

from edgeface.cli.session import resolve_config, session_of


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(context: typer.Context) -> None:
    """Run the daemon: the engine behind a Unix socket. SIGTERM and SIGINT stop it, SIGHUP reloads
    thresholds, rules and profiles."""
    session = session_of(context)
    session.require_state_dir()
    from edgeface.api import daemon
    from edgeface.api.dialects.table import vendor_dialects

    daemon.serve(session.config, dialects=vendor_dialects(), reread=lambda: resolve_config(session.options))
