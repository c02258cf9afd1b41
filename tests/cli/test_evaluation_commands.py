from __future__ import annotations

from pathlib import Path

import pytest

from edgeface.simulation.portraits import Portrait
from tests.cli.conftest import Run
from tests.conftest import TakePicture


@pytest.fixture
def collection(tmp_path: Path, eileen: Portrait, grace: Portrait, take: TakePicture) -> Path:
    root = tmp_path / "collection"
    for portrait in (eileen, grace):
        (root / portrait.name).mkdir(parents=True)
        for number, width in enumerate((150.0, 180.0, 210.0), start=1):
            file = root / portrait.name / f"{portrait.name}_{number:04d}.jpg"
            file.write_bytes(take(portrait, face_width=width, seed=number))
    return root


def test_the_k_fold_protocol_runs(run: Run, collection: Path, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.txt"
    lines = ["2\t2"]
    for _ in range(2):
        lines += ["eileen_collins\t1\t2", "grace_hopper\t2\t3"]
        lines += ["eileen_collins\t1\tgrace_hopper\t1", "eileen_collins\t3\tgrace_hopper\t2"]
    pairs.write_text("\n".join(lines) + "\n")
    ran = run("eval", "verification", "--images", collection, "--pairs", pairs, "--json")
    assert ran.code == 0, ran.out
    assert ran.envelope["command"] == "eval verification"
    assert ran.data["k_fold"]["mean"] == 1.0
    assert ran.data["k_fold"]["pairs"] == 8
    assert ran.data["images"] == {**ran.data["images"], "pictures": 6, "people": 2, "without_face": 0}
    assert "1.0000" in run("eval", "verification", "--images", collection, "--pairs", pairs).out


def test_all_pairs_counts_every_pair(run: Run, collection: Path) -> None:
    data = run("eval", "verification", "--images", collection, "--all-pairs", "--json").data
    assert (data["all_pairs"]["genuine_pairs"], data["all_pairs"]["impostor_pairs"]) == (6, 9)
    assert data["all_pairs"]["points"] == []  # nine impostor pairs cannot show FAR 1e-3


def test_identification_with_strangers(run: Run, collection: Path, tmp_path: Path) -> None:
    gallery, probes = tmp_path / "gallery", tmp_path / "probes"
    (gallery / "eileen_collins").mkdir(parents=True)
    picture = collection / "eileen_collins" / "eileen_collins_0001.jpg"
    picture.rename(gallery / "eileen_collins" / picture.name)
    collection.rename(probes)
    data = run("eval", "identification", "--gallery", gallery, "--probes", probes, "--json").data
    assert data["rates"]["rank_1"] == 1.0
    assert (data["rates"]["mated_probes"], data["rates"]["non_mated_probes"]) == (2, 3)


def test_something_must_be_asked(run: Run, collection: Path, tmp_path: Path) -> None:
    assert run("eval", "verification", "--images", collection, "--json").code == 2
    assert run("eval", "verification", "--images", tmp_path / "none", "--all-pairs", "--json").code == 2
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("10\t300\n")
    assert run("eval", "verification", "--images", collection, "--pairs", wrong, "--json").code == 2
