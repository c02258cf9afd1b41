"""``doctor``: what this machine is, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edgeface.cli.checks import Finding, Status
from edgeface.cli.output import CHECK_FAILED, OK
from edgeface.cli.session import Session, session_of

_MARKS = {Status.OK: "[green]✓ ok[/]", Status.WARN: "[yellow]! warn[/]", Status.FAIL: "[bold red]✗ fail[/]"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(context: typer.Context) -> None:
    """Look at machine, models, cameras, socket and state; exit code 1 when something cannot work."""
    session = session_of(context)
    findings = _look(session)
    failed = sum(finding.status is Status.FAIL for finding in findings)
    session.output.result(_view(findings), lambda console: _print(console, findings))
    raise typer.Exit(CHECK_FAILED if failed else OK)


def _look(session: Session) -> list[Finding]:
    from edgeface.cli.checks_engine import model_findings, socket_findings, state_findings
    from edgeface.cli.checks_machine import machine_findings
    from edgeface.cli.checks_tcp import tcp_findings

    runs = session.daemon_answers()
    findings = list(machine_findings())
    with session.output.progress("measuring the models", None):
        findings += model_findings(session.config)
    findings += state_findings(session.config, daemon_runs=runs)
    findings += socket_findings(session.config, daemon_runs=runs)
    findings += tcp_findings(session.config)
    return findings


def _view(findings: Sequence[Finding]) -> dict[str, Any]:
    counts = {status.value: sum(finding.status is status for finding in findings) for status in Status}
    return {
        "healthy": counts["fail"] == 0,
        "counts": counts,
        "findings": [{**asdict(finding), "status": finding.status.value} for finding in findings],
    }


def _print(console: Console, findings: Sequence[Finding]) -> None:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    area = ""
    for finding in findings:
        if finding.area != area:
            area = finding.area
            table.add_row("", "", "")
            table.add_row(f"[bold cyan]{escape(area)}[/]", "", "")
        advice = f"\n[yellow]→ {escape(finding.advice)}[/]" if finding.advice else ""
        table.add_row(_MARKS[finding.status], escape(finding.name), f"{escape(finding.detail)}{advice}")
    console.print(table)
    failed = sum(finding.status is Status.FAIL for finding in findings)
    warned = sum(finding.status is Status.WARN for finding in findings)
    verdict = f"[bold red]{failed} to mend[/]" if failed else "[bold green]fit for work[/]"
    console.print(f"\n{verdict}, {warned} to look at" if warned else f"\n{verdict}")
