"""``demo``: the whole engine in one command, through its own socket, with a contact sheet; a real check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edgeface.cli.output import CHECK_FAILED, OK
from edgeface.cli.session import Session, session_of
from edgeface.errors import EdgeFaceError, ErrorCode

if TYPE_CHECKING:
    from edgeface.cli.showcase.outcome import Outcome
    from edgeface.cli.showcase.sheet import Facts

_STAGE_METRIC = "edgeface_stage_seconds_sum"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", help="The contact sheet.")] = Path("out/demo.png"),
) -> None:
    """Enrol two people through a daemon's socket, identify them in every situation, and draw what happened.

    Exit code 1 when a wrong person was accepted or somebody was not recognised in a picture like the enrolled one.
    """
    session = session_of(context)
    _require_extra()
    outcomes, facts = _play(session)
    from edgeface.cli.showcase.sheet import write_sheet

    write_sheet(out, outcomes, facts)
    problems = find_problems(outcomes)
    data = _view(outcomes, facts, problems, out)
    session.output.result(data, lambda console: _print(console, outcomes, data))
    raise typer.Exit(CHECK_FAILED if problems else OK)


def find_problems(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """What must never happen; empty when all is well."""
    from edgeface.cli.showcase.outcome import Ending
    from edgeface.cli.showcase.scenes import AS_ENROLLED

    problems = []
    for item in outcomes:
        who = " and ".join(item.scene.people) or "nobody"
        if item.wrong_names:
            problems.append(f"{item.scene.title} ({who}) was taken for {', '.join(item.wrong_names)}")
        if item.scene.title == AS_ENROLLED and item.ending is not Ending.RECOGNISED:
            problems.append(f"{who} was not recognised in a picture like the enrolled one: {item.ending.value}")
        if item.scene.enrols and item.ending is not Ending.ENROLLED:
            problems.append(f"{who} could not be enrolled: {item.error.message if item.error else item.ending.value}")
    return tuple(problems)


def _play(session: Session) -> tuple[list[Outcome], Facts]:
    from edgeface.cli.daemon import DaemonBackend
    from edgeface.cli.showcase.daemon import temporary_daemon
    from edgeface.cli.showcase.outcome import GROUP, Ending, enrol_scene, judge_scene
    from edgeface.cli.showcase.scenes import enrolment_scenes, scenes
    from edgeface.cli.showcase.sheet import Facts
    from edgeface.inference.precision import cpu_model

    enrolments, others = enrolment_scenes(), scenes()
    with session.output.progress("starting the daemon", None):
        daemon = temporary_daemon(session.options.config_file)
        client, ready_seconds = daemon.__enter__()
    try:
        backend = DaemonBackend(client)

        def stages() -> Mapping[str, float]:
            return stage_seconds(client.metrics())

        backend.add_group(GROUP)
        outcomes = [enrol_scene(backend, scene, stages) for scene in enrolments]
        users = [item.scene.people[0] for item in outcomes if item.ending is Ending.ENROLLED]
        with session.output.progress("identifying through the socket", len(others)) as done:
            for scene in others:
                outcomes.append(judge_scene(backend, scene, users, stages))
                done(1)
        return outcomes, Facts(cpu_model(), client.info().pack, ready_seconds)
    finally:
        daemon.__exit__(None, None, None)


def stage_seconds(exposition: str) -> dict[str, float]:
    """The total seconds of each stage, from the daemon's Prometheus metrics."""
    found = {}
    for line in exposition.splitlines():
        name, _, value = line.rpartition(" ")
        metric, _, labels = name.partition("{")
        if metric == _STAGE_METRIC:
            found[labels.partition('stage="')[2].partition('"')[0]] = float(value)
    return found


def _require_extra() -> None:
    try:
        import matplotlib  # noqa: F401
        import PIL  # noqa: F401
        import skimage  # noqa: F401
    except ImportError as error:
        raise EdgeFaceError(
            ErrorCode.FEATURE_UNAVAILABLE,
            f"The demonstration needs {error.name}, which is in the extra 'demo': pip install 'edgeface[demo]'.",
        ) from error


def _view(outcomes: Sequence[Outcome], facts: Facts, problems: Sequence[str], out: Path) -> dict[str, Any]:
    from edgeface.cli.showcase.outcome import Ending
    from edgeface.cli.showcase.sheet import median_milliseconds

    return {
        "sheet": str(out),
        "machine": facts.machine,
        "pack": facts.pack,
        "ready_s": round(facts.ready_seconds, 2),
        "median_ms": {name: round(value, 3) for name, value in median_milliseconds(outcomes).items()},
        "counts": {ending.value: sum(item.ending is ending for item in outcomes) for ending in Ending},
        "scenes": [
            {
                "title": item.scene.title,
                "people": list(item.scene.people),
                "ending": item.ending.value,
                "matches": [
                    {"user_id": match.user_id, "score": round(match.score, 2)}
                    for found in item.found
                    for match in found.matches
                ],
                "violations": list(item.error.context.get("violations", ())) if item.error else [],
                "claims": [
                    {"user_id": claim.user_id, "accepted": claim.accepted, "score": claim.score}
                    for claim in item.claims
                ],
                "ms": {name: round(value, 3) for name, value in item.milliseconds.items()},
            }
            for item in outcomes
        ],
        "problems": list(problems),
    }


def _print(console: Console, outcomes: Sequence[Outcome], data: Mapping[str, Any]) -> None:
    from edgeface.cli.showcase.outcome import Ending

    colours = {
        Ending.ENROLLED: "cyan",
        Ending.RECOGNISED: "green",
        Ending.REFUSED: "yellow",
        Ending.UNKNOWN: "dim",
        Ending.NO_FACE: "dim",
        Ending.WRONG: "bold red",
    }
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("person", "scene", "ended"):
        table.add_column(column, no_wrap=True)
    table.add_column("ms", justify="right", no_wrap=True)
    table.add_column("who (score), or why not")
    for item in outcomes:
        people = " + ".join(name.split("_")[0] for name in item.scene.people) or "-"
        ending = f"[{colours[item.ending]}]{item.ending.value}[/]"
        table.add_row(people, item.scene.title, ending, _milliseconds(item, "call"), escape(_why(item)))
    console.print(table)
    medians = ", ".join(f"{name} {value:.1f}" for name, value in data["median_ms"].items() if name != "call")
    console.print(f"\nmedian milliseconds: {medians}")
    counts = ", ".join(f"{count} {name}" for name, count in data["counts"].items() if count)
    console.print(f"{counts}; median call {data['median_ms']['call']:.1f} ms; sheet: {escape(data['sheet'])}")
    for problem in data["problems"]:
        console.print(f"[bold red]✗ {escape(problem)}[/]")
    if not data["problems"]:
        console.print("[bold green]✓ nobody was taken for somebody else[/]")


def _why(item: Outcome) -> str:
    from edgeface.cli.tables import reason

    if item.error is not None:
        measured = item.error.code is ErrorCode.QUALITY and item.error.detail
        return measured.removesuffix(".") if measured else reason(item.error)
    names = [
        f"{match.user_id.replace('_', ' ')} ({match.score:.0f})" for found in item.found for match in found.matches
    ]
    return ", ".join(names)


def _milliseconds(item: Outcome, name: str) -> str:
    value = item.milliseconds.get(name)
    return "" if value is None else f"{value:.1f}"
