"""``eval``: the field's accuracy protocols on anybody's pictures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edgeface.cli.session import Session, session_of
from edgeface.errors import EdgeFaceError, ErrorCode

if TYPE_CHECKING:
    from edgeface.evaluation.pairs import PairList
    from edgeface.evaluation.pictures import TemplateTable
    from edgeface.evaluation.verification import FoldAccuracy, OperatingPoint
    from edgeface.inference.pack import ModelPack
    from edgeface.similarity import TemplateSpace

FARS = (1e-3, 1e-4, 1e-5, 1e-6)
FPIRS = (0.1, 0.01, 0.003)

Aligned = Annotated[
    bool, typer.Option("--aligned", help="The pictures are aligned face crops already: nothing is detected.")
]
Workers = Annotated[int | None, typer.Option("--workers", min=1, help="Pictures worked on at once; default: cores.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    family = typer.Typer(help="Accuracy on your own pictures.", no_args_is_help=True)
    family.command("verification")(verification)
    family.command("identification")(identification)
    app.add_typer(family, name="eval")


def verification(
    context: typer.Context,
    images: Annotated[Path, typer.Option("--images", help="Folder in LFW's layout: name/name_0001.jpg.")],
    pairs: Annotated[Path | None, typer.Option("--pairs", help="LFW pairs.txt: the k-fold protocol.")] = None,
    every_pair: Annotated[
        bool, typer.Option("--all-pairs", help="TAR at FAR 1e-3 to 1e-6 over every pair of the folder's pictures.")
    ] = False,
    aligned: Aligned = False,
    workers: Workers = None,
) -> None:
    """1:1 accuracy: the LFW 10-fold protocol, and true accept rates over all pairs."""
    from edgeface.evaluation.pairs import parse_pairs
    from edgeface.inference.cohort import space_of

    session = session_of(context)
    if pairs is None and not every_pair:
        raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, "Give --pairs FILE, --all-pairs, or both.")
    pair_list = parse_pairs(_read(pairs)) if pairs is not None else None
    only = pair_list.pictures if pair_list is not None and not every_pair else None
    pack, table, seconds = _templates(session, images, only=only, aligned=aligned, workers=workers)
    space = space_of(pack)
    data: dict[str, Any] = {**_about(session, pack), "images": _collection(table, seconds)}
    folds = points = None
    if pair_list is not None:
        folds = _k_fold(pair_list, table, space)
        data["k_fold"] = {"pairs": len(pair_list), **asdict(folds)}
    if every_pair:
        points, counts = _all_pairs(session, table, space)
        data["all_pairs"] = {**counts, "points": [asdict(point) for point in points]}
    session.output.result(data, lambda console: _print_verification(console, data, folds, points))


def identification(
    context: typer.Context,
    gallery: Annotated[Path, typer.Option("--gallery", help="Folder with a folder of pictures per enrolled person.")],
    probes: Annotated[
        Path, typer.Option("--probes", help="The same of probes; people who are not in the gallery are non-mated.")
    ],
    aligned: Aligned = False,
    workers: Workers = None,
) -> None:
    """1:N accuracy: rank-1, and FNIR at FPIR 0.1, 0.01 and 0.003."""
    from edgeface.evaluation.identification import identification_rates
    from edgeface.inference.cohort import space_of

    session = session_of(context)
    pack, enrolled, seconds = _templates(session, gallery, only=None, aligned=aligned, workers=workers)
    _, searched, more = _templates(session, probes, only=None, aligned=aligned, workers=workers)
    rates = identification_rates(
        enrolled.vectors, enrolled.people, searched.vectors, searched.people, FPIRS, space_of(pack)
    )
    data = {
        **_about(session, pack),
        "gallery": _collection(enrolled, seconds),
        "probes": _collection(searched, more),
        "rates": asdict(rates),
    }
    session.output.result(data, lambda console: _print_identification(console, data))


def _templates(
    session: Session, folder: Path, *, only: Sequence[str] | None, aligned: bool, workers: int | None
) -> tuple[ModelPack, TemplateTable, float]:
    from edgeface.evaluation.pictures import TemplateMaker, embed_folder, picture_files
    from edgeface.inference.locate import locate_pack
    from edgeface.inference.pack import ModelPack

    if not folder.is_dir():
        raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"{folder} is not a folder.")
    pack = ModelPack.load(locate_pack(session.config.models.pack, session.config.state_dir))
    maker = TemplateMaker(session.config, pack, aligned=aligned)
    start = time.perf_counter()
    try:
        total = len(only) if only is not None else len(picture_files(folder))
        with session.output.progress(f"embedding {folder.name}", total) as done:
            table = embed_folder(folder, maker, only=only, workers=workers, progress=done)
    finally:
        maker.close()
    return pack, table, time.perf_counter() - start


def _k_fold(pairs: PairList, table: TemplateTable, space: TemplateSpace) -> FoldAccuracy:
    from edgeface.evaluation.verification import k_fold

    rows = table.rows()
    first = table.vectors[[rows[pair.first] for pair in pairs]]
    second = table.vectors[[rows[pair.second] for pair in pairs]]
    return k_fold(space.of_pairs(first, second), [pair.same for pair in pairs], pairs.fold_numbers)


def _all_pairs(
    session: Session, table: TemplateTable, space: TemplateSpace
) -> tuple[tuple[OperatingPoint, ...], dict[str, int]]:
    from edgeface.evaluation.verification import count_all_pairs, operating_points

    number = len(table.names)
    with session.output.progress("comparing all pairs", number * (number - 1) // 2) as done:
        counts = count_all_pairs(table.vectors, table.people, space, progress=done)
    size = {"genuine_pairs": counts.genuine_pairs, "impostor_pairs": counts.impostor_pairs}
    return operating_points(counts, FARS), size


def _about(session: Session, pack: ModelPack) -> dict[str, Any]:
    return {"pack": pack.name, "contract_id": pack.contract_id, "precision": session.config.models.precision}


def _collection(table: TemplateTable, seconds: float) -> dict[str, Any]:
    return {
        "pictures": len(table.names),
        "people": len(set(table.people)),
        "without_face": len(table.without_face),
        "without_face_names": list(table.without_face[:50]),
        "seconds": round(seconds, 1),
    }


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EdgeFaceError(ErrorCode.INVALID_PARAMETER, f"--pairs {file}: {error}.") from error


def _print_verification(
    console: Console, data: dict[str, Any], folds: FoldAccuracy | None, points: Sequence[OperatingPoint] | None
) -> None:
    _print_collection(console, data["pack"], "images", data["images"])
    if folds is not None:
        console.print(
            f"{len(folds.accuracies)}-fold accuracy [bold]{folds.mean:.4f}[/] ± {folds.std:.4f} over "
            f"{data['k_fold']['pairs']} pairs, EER {folds.equal_error_rate:.4f}, "
            f"thresholds {min(folds.thresholds):.3f} to {max(folds.thresholds):.3f}"
        )
    if points is not None:
        table = Table(box=None, header_style="dim", pad_edge=False)
        for column in ("FAR", "TAR", "similarity"):
            table.add_column(column, justify="right")
        for point in points:
            table.add_row(f"{point.far:.0e}", f"[bold]{point.tar:.4f}[/]", f"{point.threshold:.4f}")
        sizes = data["all_pairs"]
        console.print(f"{sizes['genuine_pairs']:,} genuine, {sizes['impostor_pairs']:,} impostor pairs")
        console.print(table)
        if len(points) < len(FARS):
            console.print("[dim]finer rates need more impostor pairs than these pictures make[/]")


def _print_identification(console: Console, data: dict[str, Any]) -> None:
    _print_collection(console, data["pack"], "gallery", data["gallery"])
    _print_collection(console, data["pack"], "probes", data["probes"])
    rates = data["rates"]
    rank = "no mated probe" if rates["rank_1"] is None else f"rank-1 [bold]{rates['rank_1']:.4f}[/]"
    console.print(
        f"{rank}  {rates['mated_probes']} mated and {rates['non_mated_probes']} non-mated probes in "
        f"{rates['people']} people ({rates['templates']} templates)"
    )
    table = Table(box=None, header_style="dim", pad_edge=False)
    for column in ("FPIR", "FNIR", "similarity"):
        table.add_column(column, justify="right")
    for point in rates["points"]:
        table.add_row(f"{point['fpir']:g}", f"[bold]{point['fnir']:.4f}[/]", f"{point['threshold']:.4f}")
    console.print(
        table if rates["points"] else "[dim]FNIR at FPIR needs non-mated probes, at least 1/FPIR of them[/]"
    )


def _print_collection(console: Console, pack: str, what: str, facts: dict[str, Any]) -> None:
    console.print(
        f"{what}: {facts['pictures']} pictures of {facts['people']} people, pack {escape(pack)}, "
        f"{facts['seconds']} s; {facts['without_face']} without a found face (centred crop)"
    )
