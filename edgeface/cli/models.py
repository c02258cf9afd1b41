"""``models``: the packs on this device, and which one is active."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edgeface.cli.session import session_of
from edgeface.errors import EdgeFaceError, ErrorCode

if TYPE_CHECKING:
    from edgeface.inference.locate import PackPlace
    from edgeface.inference.pack import ModelPack

_RESTART = "takes effect when the daemon starts again"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(help="Model packs.", no_args_is_help=True)
    family.command("list")(list_packs)
    family.command("verify")(verify_pack)
    family.command("import")(import_folder)
    family.command("use")(use)
    app.add_typer(family, name="models")


def list_packs(context: typer.Context) -> None:
    """List the packs on this device, the active one marked."""
    from edgeface.inference import locate

    config = session_of(context).config
    places = locate.list_packs(config.models.pack, config.state_dir)
    data = {"packs": [_place_view(place) for place in places]}
    session_of(context).output.result(data, lambda console: _print_list(console, places))


def verify_pack(
    context: typer.Context,
    pack: Annotated[Path | None, typer.Argument(help="Folder of a pack; default: the active pack.")] = None,
) -> None:
    """Check every sha256, shape and promise of a pack, and run its models."""
    from edgeface.inference import verify
    from edgeface.inference.locate import locate_pack
    from edgeface.inference.pack import ModelPack

    session = session_of(context)
    loaded = ModelPack.load(pack or locate_pack(session.config.models.pack, session.config.state_dir))
    verify.verify_pack(loaded)
    session.output.result(_pack_view(loaded), lambda console: _print_pack(console, loaded))


def import_folder(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Folder with a manifest.toml.")],
    replace: Annotated[bool, typer.Option("--replace", help="Replace an installed pack of that name.")] = False,
) -> None:
    """Check a pack and copy it into the state directory; 'models use' makes it the active one."""
    from edgeface.inference import locate

    session = session_of(context)
    session.require_state_dir()
    loaded = locate.import_pack(folder, session.config.state_dir, replace=replace)
    session.output.result(
        _pack_view(loaded),
        f"[green]✓[/] {escape(loaded.name)} {escape(loaded.version)} imported into {escape(str(loaded.folder))}",
    )


def use(context: typer.Context, name: Annotated[str, typer.Argument(help="Name of a pack on this device.")]) -> None:
    """Make a pack the active one. Templates of another embedding contract stay refused: enrol again."""
    from edgeface.inference import locate
    from edgeface.inference.pack import ModelPack

    session = session_of(context)
    session.require_state_dir()
    if session.config.models.pack is not None:
        raise EdgeFaceError(
            ErrorCode.INVALID_PARAMETER,
            f"models.pack of the configuration (or EDGEFACE_MODEL_PACK) names {session.config.models.pack}, and goes "
            "before any choice made here: remove it first.",
        )
    loaded = ModelPack.load(locate.use_pack(name, session.config.state_dir))
    session.output.result(_pack_view(loaded), f"{escape(loaded.name)} is active; {_RESTART}")


def _place_view(place: PackPlace) -> dict[str, Any]:
    return {
        "name": place.name,
        "version": place.version,
        "folder": str(place.folder),
        "active": place.active,
        "valid": not place.problem,
        "problem": place.problem,
    }


def _pack_view(pack: ModelPack) -> dict[str, Any]:
    return {
        "name": pack.name,
        "version": pack.version,
        "licence": pack.licence,
        "folder": str(pack.folder),
        "contract_id": pack.contract_id,
        "dimension": pack.dimension,
        "calibration_points": len(pack.calibration),
        "cohort": pack.cohort.path.name if pack.cohort else None,
        "roles": {
            name: {"licence": role.licence, "precisions": list(role.variants)} for name, role in pack.roles.items()
        },
        "missing": dict(pack.missing_features),
    }


def _print_list(console: Console, places: tuple[PackPlace, ...]) -> None:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("", "name", "version", "folder", ""):
        table.add_column(column, overflow="fold")
    for place in places:
        mark = "[green]●[/]" if place.active else ""
        problem = f"[red]{escape(place.problem)}[/]"
        table.add_row(mark, escape(place.name), escape(place.version), escape(str(place.folder)), problem)
    console.print(table if places else "[dim]no pack on this device[/]")


def _print_pack(console: Console, pack: ModelPack) -> None:
    console.print(f"[green]✓[/] [bold]{escape(pack.name)}[/] {escape(pack.version)}, {escape(pack.licence)}")
    for name, role in pack.roles.items():
        files = ", ".join(
            f"{precision} {variant.path.stat().st_size / 1e6:.2f} MB" for precision, variant in role.variants.items()
        )
        console.print(f"  [green]✓[/] {name}: {files}, {escape(role.licence)}")
    for name, consequence in pack.missing_features.items():
        console.print(f"  [yellow]-[/] {name} missing: {consequence}")
    if pack.contract_id:
        console.print(
            f"  contract {pack.contract_id[:16]}…, {pack.dimension} components, "
            f"{len(pack.calibration)} calibration points of "
            + ("the cosine less cohort offsets" if pack.cohort else "the cosine")
        )
