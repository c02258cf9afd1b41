"""What the embedder is shown, and that every sample gets its own template."""

from __future__ import annotations

import dataclasses
import tarfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

from embedder_samples import SETTINGS, face

from training.augment.geometry import centre_crop
from training.embedder.chunks import Chunks
from training.embedder.targets import Labelling, OtherSamples, gather, label, prepare, shown_in, targets
from training.embedder.train import order_of_pass
from training.images import NoPictures, labels_of, open_pictures

pytestmark = pytest.mark.usefixtures("one_thread")


def test_no_picture_of_the_kept_out_split_is_gathered(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "faces"
    folder.mkdir(parents=True)
    for number in range(4):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((128, 128, 3), 50 * number, np.uint8))
    rows = "\n".join(f"{n}.png,{'dev' if n % 2 else 'train'},p{n}" for n in range(4))
    (tmp_path / "data" / "faces.csv").write_text(f"file,split,identity\n{rows}\n")
    work = tmp_path / "work"
    work.mkdir()
    gather(tmp_path / "data", work)
    assert sorted(np.load(work / "pictures.npy")[:, 0, 0, 0].tolist()) == [0, 100]


def test_a_tar_file_reads_like_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "faces" / "ann"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "1.png"), face(3))
    with tarfile.open(tmp_path / "packed.tar", "w") as archive:
        archive.add(tmp_path / "faces", arcname=".")
    loose, packed = open_pictures(tmp_path / "faces"), open_pictures(tmp_path / "packed")
    assert loose.names() == packed.names() == ["ann/1.png"]
    assert np.array_equal(loose.read("ann/1.png"), packed.read("ann/1.png"))
    assert labels_of(packed)[0].identity == "ann"
    with pytest.raises(NoPictures):
        open_pictures(tmp_path / "nothing")


def test_new_people_come_after_the_blends_and_repeat(work: Path) -> None:
    shown = shown_in(work, SETTINGS)
    first = len(shown.pictures) + shown.blends
    assert np.array_equal(shown.canvas(first), shown_in(work, SETTINGS).canvas(first))
    assert not np.array_equal(shown.canvas(first), shown.canvas(first + 1))
    more_blends = dataclasses.replace(shown, blends=shown.blends + 1)
    assert not np.array_equal(shown.canvas(first), more_blends.canvas(first))


class Teacher:
    """Its templates are a crop's first values."""

    def joined(self, crops: np.ndarray, *, both_sides: bool = False) -> np.ndarray:
        if both_sides:
            return self.joined(crops) + self.joined(crops[:, :, ::-1])
        return crops.reshape(len(crops), -1)[:, :24].astype(np.float32)


def test_more_samples_later_are_labelled_as_all_at_once(work: Path, tmp_path: Path) -> None:
    shown = dataclasses.replace(shown_in(work, SETTINGS), blends=600)
    for folder, counts in (("at_once", [500]), ("later", [30, 500])):
        place = tmp_path / folder
        place.mkdir()
        for count in counts:
            label(shown, Teacher(), place, new_people=count)  # type: ignore[arg-type]
    found = [targets(shown, tmp_path / folder, size=16, person_share=0.0) for folder in ("at_once", "later")]
    assert len(found[0]) == 10 + 600 + 500
    np.testing.assert_array_equal(found[0], found[1])


def test_kept_samples_are_those_that_would_be_drawn(work: Path, tmp_path: Path) -> None:
    drawn = dataclasses.replace(shown_in(work, SETTINGS), blends=600)
    shown = dataclasses.replace(drawn, kept=Chunks(tmp_path / "canvases"))
    label(shown, Teacher(), tmp_path, new_people=20)  # type: ignore[arg-type]
    assert not shown.kept.folder.exists()
    label(shown, Teacher(), tmp_path, new_people=20, labelling=Labelling(keep=True))  # type: ignore[arg-type]
    label(shown, Teacher(), tmp_path, new_people=500, labelling=Labelling(keep=True))  # type: ignore[arg-type]
    total = 10 + 600 + 500
    for index in (10, 511, 512, 609, 610, 631, total - 1):
        kept = shown.kept.row(index)
        assert kept is not None
        assert np.array_equal(kept, drawn.canvas(index))
    assert shown.kept.row(total) is None
    other = np.zeros((512, 128, 128, 3), np.uint8)
    shown.kept.write(range(512), other)
    assert not shown.canvas(100).any()
    assert shown.canvas(9).any()
    assert not list(tmp_path.rglob("*.partial"))


def test_nothing_behind_a_short_chunk_counts(work: Path, tmp_path: Path) -> None:
    shown = dataclasses.replace(shown_in(work, SETTINGS), blends=1100)
    label(shown, Teacher(), tmp_path, new_people=100)  # type: ignore[arg-type]
    middle = tmp_path / "templates" / "00001.npy"
    np.save(middle, np.load(middle)[:100])
    assert len(targets(shown, tmp_path, size=16, person_share=0.0)) == 512 + 100


@pytest.mark.parametrize(
    ("labelled_with", "now", "refused"),
    [
        ({}, {}, None),
        ({}, {"blends": 50}, None),
        ({}, {"blends": 30}, "blends was 40"),
        ({"new_people": 5}, {"blends": 50}, "blends was 40"),
        ({}, {"seed": 6}, "seed was 5"),
        ({}, {"seam_share": 0.5}, "seam_share was 0.3"),
        ({}, {"both_sides": False}, "both_sides was True"),
    ],
)
def test_settings_that_draw_other_samples_than_were_labelled_are_refused(
    work: Path, tmp_path: Path, labelled_with: dict[str, int], now: dict[str, Any], refused: str | None
) -> None:
    shown = dataclasses.replace(shown_in(work, SETTINGS), blends=40)
    place = tmp_path / "labelled"
    place.mkdir()
    for new_people in (labelled_with.get("new_people", 0), 0):  # what was labelled once stays so
        label(shown, Teacher(), place, new_people=new_people)  # type: ignore[arg-type]
    changed = dataclasses.replace(shown, **now)
    if refused is None:
        assert len(targets(changed, place, size=16, person_share=0.0)) >= 50
        return
    before = {path: path.read_bytes() for path in place.rglob("*.npy")}
    with pytest.raises(OtherSamples, match=refused):
        targets(changed, place, size=16, person_share=0.0)
    with pytest.raises(OtherSamples, match=refused):
        label(changed, Teacher(), place, new_people=100)  # type: ignore[arg-type]
    assert {path: path.read_bytes() for path in place.rglob("*.npy")} == before


def test_targets_of_both_sides_are_those_of_the_picture_and_of_its_mirror_image(work: Path, tmp_path: Path) -> None:
    shown = shown_in(work, SETTINGS)
    label(shown, Teacher(), tmp_path, new_people=0)  # type: ignore[arg-type]
    crop = centre_crop(shown.canvas(3), 112)[None]
    expected = Teacher().joined(crop)[0] + Teacher().joined(crop[:, :, ::-1])[0]
    found = np.load(tmp_path / "templates" / "00000.npy")[3]
    assert np.array_equal(found, expected.astype(np.float16))


def test_processes_share_the_labelling(work: Path, tmp_path: Path) -> None:
    shown = dataclasses.replace(shown_in(work, SETTINGS), blends=1100)
    for part in (1, 0):  # the second half first: what has a gap before it does not count yet
        label(shown, Teacher(), tmp_path, new_people=100, labelling=Labelling(part, 2))  # type: ignore[arg-type]
        (tmp_path / "projection.npy").unlink(missing_ok=True)
        found = sorted(path.name for path in (tmp_path / "templates").iterdir())
        assert found == (["00001.npy"] if part else ["00000.npy", "00001.npy", "00002.npy"])
    assert len(targets(shown, tmp_path, size=16, person_share=0.0)) == 10 + 1100 + 100


def test_only_one_process_gathers_the_pictures(tmp_path: Path) -> None:
    with pytest.raises(NoPictures, match="part 0"):
        prepare(SETTINGS, data=tmp_path, teachers=tmp_path, work=tmp_path / "work", labelling=Labelling(1, 2))


def test_a_pass_shows_every_picture_and_a_share_of_the_blends() -> None:
    first, second = (
        order_of_pass(number, pictures=10, blends=40, count=60, blend_share=0.5, seed=1) for number in (0, 1)
    )
    for order in (first, second):
        assert len(order) == len(set(order.tolist())) == 10 + 20 + 10
        assert set(range(10)) | set(range(50, 60)) <= set(order.tolist())
    assert set(first.tolist()) != set(second.tolist())
