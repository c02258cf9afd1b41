"""The embedder on generated pictures: it learns, continues, grows, exports; and how it is measured."""

from __future__ import annotations

import dataclasses
import hashlib
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.augment.blur import defocus_kernel, motion_kernel  # noqa: E402
from training.augment.geometry import NO_JITTER, TEMPLATE_112, centre_crop, jittered_crop  # noqa: E402
from training.augment.occluders import SHARES, face_mask, lay_over, random_occluder  # noqa: E402
from training.augment.reshape import reshaped  # noqa: E402
from training.embedder.calibrate import Impostors, table_text  # noqa: E402
from training.embedder.cohort import crowding, fit, learn, space_beside, write  # noqa: E402
from training.embedder.damage import as_input, damaged  # noqa: E402
from training.embedder.distance import kinds, mean_distance  # noqa: E402
from training.embedder.export import calibration_batches, write_models  # noqa: E402
from training.embedder.model import Embedder  # noqa: E402
from training.embedder.targets import OtherSamples, gather, label, prepare, shown_in, targets  # noqa: E402
from training.embedder.train import damage_from, loss_of, order_of_pass, schedule_from, train  # noqa: E402
from training.embedder.verification import (  # noqa: E402
    Operating,
    best_accuracy,
    operating_points,
    pair_scores,
    rate_at,
    rate_of,
    threshold_at,
)
from training.images import NoPictures, labels_of, open_pictures  # noqa: E402
from training.learner import Learner  # noqa: E402
from training.onnx_export import run_file  # noqa: E402
from training.pack import read_calibration  # noqa: E402
from training.quantise import QuantisePlan  # noqa: E402

SETTINGS: dict[str, Any] = {
    "seed": 5,
    "targets": {"blends": 20, "reshaped": 10, "seam_share": 0.3, "template_size": 16, "person_share": 0.3},
    "damage": {
        "rotation_deg": 1.0,
        "scale": 0.01,
        "shift_px": 0.5,
        "mirror_share": 0.5,
        "clean_share": 0.3,
        "light_share": 0.3,
        "occluder_share": 0.1,
        "noise_share": 0.1,
        "low_light_share": 0.1,
    },
    "model": {"widths": [8, 8, 16, 16], "blocks": [1, 1, 1, 1], "added": [0, 0, 0, 0]},
    "cohort": {
        "cohort": 10,
        "samples": 30,
        "share": 0.2,
        "skipped": 1,
        "strength": 1.0,
        "hidden": 4,
        "passes": 3,
        "batch": 8,
        "peak_rate": 1e-2,
        "weight_decay": 1e-2,
    },
    "train": {
        "batch": 8,
        "blend_share": 1.0,
        "steps": 24,
        "peak_rate": 1e-2,
        "warm_share": 0.1,
        "weight_decay": 1e-3,
        "relation_weight": 1.0,
        "average_decay": 0.9,
        "checkpoint_every": 4,
    },
}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """These networks are so small that more threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _face(seed: int) -> np.ndarray:
    """A drawing with two eyes and a mouth on the template, colours by seed."""
    rng = np.random.default_rng(seed)
    picture = np.full((128, 128, 3), rng.integers(60, 200, 3), np.uint8)
    colour = rng.integers(0, 255, 3).tolist()
    for x, y in TEMPLATE_112 + 8:
        cv2.circle(picture, (round(x), round(y)), int(rng.integers(3, 11)), colour, -1)
    return picture


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Ten gathered drawings of five people, and made-up teachers' templates of 40 samples."""
    folder = tmp_path / "data"
    for number in range(10):
        place = folder / f"person{number // 2}" / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place), _face(number))
    work = tmp_path / "work"
    (work / "templates").mkdir(parents=True)
    gather(folder, work)
    shown = shown_in(work, SETTINGS)
    canvases = np.stack([shown.canvas(k) for k in range(40)]).reshape(40, -1).astype(np.float32)
    projection = np.random.default_rng(0).normal(size=(canvases.shape[1], 24)).astype(np.float32)
    np.save(work / "templates" / "00000.npy", ((canvases - canvases.mean()) @ projection).astype(np.float32))
    return work


def _wanted(work: Path) -> np.ndarray:
    return targets(shown_in(work, SETTINGS), work, size=16, person_share=0.3)


def _distance(model: Embedder, work: Path, wanted: np.ndarray) -> float:
    shown = shown_in(work, SETTINGS)
    crops = np.stack([centre_crop(shown.canvas(k), 112) for k in range(len(wanted))])
    with torch.no_grad():
        templates = model.eval()(torch.from_numpy(as_input(crops)))
        return float(loss_of(templates, torch.from_numpy(wanted), relation_weight=0.0)[1])


def test_only_the_wanted_share_of_pictures_is_damaged() -> None:
    canvas = _face(3)
    still = {"rotation_deg": 0.0, "scale": 0.0, "shift_px": 0.0, "mirror_share": 0.0, "noise_share": 1.0}
    settings = {"damage": {**SETTINGS["damage"], **still, "clean_share": 0.25}}
    rng = np.random.default_rng(0)
    crops = [damaged(canvas, damage_from(settings), rng) for _ in range(200)]
    clean = sum(np.array_equal(crop, centre_crop(canvas, 112)) for crop in crops)
    assert 35 <= clean <= 65


def test_training_brings_templates_nearer_to_the_teachers(work: Path) -> None:
    wanted = _wanted(work)
    torch.manual_seed(0)
    untrained = Embedder([8, 8, 16, 16], [1, 1, 1, 1], [0, 0, 0, 0], size=16)
    before = _distance(untrained, work, wanted)
    trained = train(SETTINGS, shown_in(work, SETTINGS), wanted, work, resume=False, device="cpu")
    assert _distance(trained, work, wanted) < before - 0.08


def test_a_stopped_run_continues_where_it_was(work: Path) -> None:
    wanted, shown = _wanted(work), shown_in(work, SETTINGS)
    whole = train(SETTINGS, shown, wanted, work, resume=False, device="cpu").state_dict()

    class Stop(Exception):
        pass

    class Failing:
        def __getattr__(self, name: str) -> Any:
            return getattr(shown, name)

        def canvas(self, index: int) -> np.ndarray:
            self.count = getattr(self, "count", 0) + 1
            if self.count > 8 * 10:  # one batch is drawn ahead
                raise Stop
            return shown.canvas(index)

    (work / "checkpoint.pt").unlink()
    with pytest.raises(Stop):
        train(SETTINGS, Failing(), wanted, work, resume=False, device="cpu")  # type: ignore[arg-type]
    continued = train(SETTINGS, shown, wanted, work, resume=True, device="cpu").state_dict()
    for name, value in whole.items():
        assert torch.allclose(value.float(), continued[name].float(), atol=1e-3), name


def test_a_grown_network_starts_as_the_smaller_one() -> None:
    torch.manual_seed(1)
    small = Embedder([8, 8, 16, 16], [1, 1, 1, 1], [0, 0, 0, 0], size=16).eval()
    grown = Embedder([8, 8, 16, 16], [1, 1, 1, 1], [1, 1, 0, 1], size=16).eval()
    schedule, cpu = schedule_from(SETTINGS), torch.device("cpu")
    assert Learner(grown, schedule, cpu).begin_with(small.state_dict(), strict=False)
    x = torch.randn(2, 3, 112, 112)
    assert torch.allclose(small(x), grown(x), atol=1e-5)
    with pytest.raises(ValueError, match="another network"):
        Learner(small, schedule, cpu).begin_with(grown.state_dict(), strict=False)


def test_exported_files_compute_what_pytorch_does(work: Path, tmp_path: Path) -> None:
    model = Embedder([8, 8, 16, 16], [1, 1, 1, 1], [1, 0, 0, 0], size=16).eval()
    shown = shown_in(work, SETTINGS)
    batches = calibration_batches(shown, damage_from(SETTINGS), crops=32, seed=1)
    sizes = write_models(model, batches, tmp_path, QuantisePlan())
    assert sizes["int8_bytes"] == (tmp_path / "embedder.int8.onnx").stat().st_size
    crops = np.stack([centre_crop(shown.canvas(k), 112) for k in range(3)])
    with torch.no_grad():
        expected = model(torch.from_numpy(as_input(crops))).numpy()
    full = run_file(tmp_path / "embedder.fp32.onnx", as_input(crops))[0]
    assert full.shape == (3, 16)
    assert np.abs(full - expected).max() < 0.02 * np.abs(expected).max()
    small = run_file(tmp_path / "embedder.int8.onnx", as_input(crops))[0]
    cosines = (small * expected).sum(1) / np.linalg.norm(small, axis=1) / np.linalg.norm(expected, axis=1)
    assert cosines.min() > 0.95


def test_a_network_that_sees_both_sides_gives_a_mirrored_face_the_same_template(work: Path, tmp_path: Path) -> None:
    model = Embedder([8, 8, 16, 16], [1, 1, 1, 1], [0, 0, 0, 0], size=16).eval()
    shown = shown_in(work, SETTINGS)
    batches = calibration_batches(shown, damage_from(SETTINGS), crops=32, seed=1)
    write_models(model, batches, tmp_path, QuantisePlan(), both_sides=True)
    x = as_input(np.stack([centre_crop(shown.canvas(k), 112) for k in range(3)]))
    mirrored = np.ascontiguousarray(x[..., ::-1])
    with torch.no_grad():
        apart = model(torch.from_numpy(x)).numpy(), model(torch.from_numpy(mirrored)).numpy()
    assert np.abs(apart[0] - apart[1]).max() > 1e-3
    for precision in ("fp32", "int8"):
        straight, turned, alone = (
            run_file(tmp_path / f"embedder.{precision}.onnx", batch)[0] for batch in (x, mirrored, x[1:2])
        )
        assert np.allclose(straight, turned, atol=1e-4)
        assert np.allclose(straight[1:2], alone, atol=1e-4)
        expected = apart[0] + apart[1]
        cosines = (straight * expected).sum(1) / np.linalg.norm(straight, axis=1) / np.linalg.norm(expected, axis=1)
        assert cosines.min() > (0.999 if precision == "fp32" else 0.95)


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
    cv2.imwrite(str(folder / "1.png"), _face(3))
    with tarfile.open(tmp_path / "packed.tar", "w") as archive:
        archive.add(tmp_path / "faces", arcname=".")
    loose, packed = open_pictures(tmp_path / "faces"), open_pictures(tmp_path / "packed")
    assert loose.names() == packed.names() == ["ann/1.png"]
    assert np.array_equal(loose.read("ann/1.png"), packed.read("ann/1.png"))
    assert labels_of(packed)[0].identity == "ann"
    with pytest.raises(NoPictures):
        open_pictures(tmp_path / "nothing")


def test_a_reshaped_face_is_another_face_in_the_same_place() -> None:
    picture = _face(1)
    same = reshaped(picture, strength_px=0.0, rng=np.random.default_rng(0))
    assert np.abs(same.astype(int) - picture).max() <= 2
    first, again, other = (reshaped(picture, strength_px=3.0, rng=np.random.default_rng(k)) for k in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    # Features move by a few pixels against each other, and the face as a whole by none.
    paint = np.zeros((128, 128, 3), np.uint8)
    for number, (x, y) in enumerate(TEMPLATE_112 + 8):
        cv2.circle(
            paint,
            (round(x), round(y)),
            3,
            [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255)][number],
            -1,
        )
    steps = []
    for seed in range(20):
        moved = reshaped(paint, strength_px=3.0, rng=np.random.default_rng(seed)).astype(int)
        centres = [
            np.argwhere(np.abs(moved - paint[round(y), round(x)]).sum(2) < 120).mean(0)[::-1]
            for x, y in TEMPLATE_112 + 8
        ]
        steps.append(np.array(centres) - np.round(TEMPLATE_112 + 8))
    assert 0.5 < np.std(steps) < 4
    assert np.abs(np.mean(steps, axis=1)).max() < 1.5


def test_new_people_come_after_the_blends_and_repeat(work: Path) -> None:
    shown = shown_in(work, SETTINGS)
    first = len(shown.pictures) + shown.blends
    assert np.array_equal(shown.canvas(first), shown_in(work, SETTINGS).canvas(first))
    assert not np.array_equal(shown.canvas(first), shown.canvas(first + 1))
    more_blends = dataclasses.replace(shown, blends=shown.blends + 1)
    assert not np.array_equal(shown.canvas(first), more_blends.canvas(first))


class Teacher:
    """Its templates are a crop's first values."""

    def joined(self, crops: np.ndarray) -> np.ndarray:
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


def test_processes_share_the_labelling(work: Path, tmp_path: Path) -> None:
    shown = dataclasses.replace(shown_in(work, SETTINGS), blends=1100)
    for part in (1, 0):  # the second half first: what has a gap before it does not count yet
        label(shown, Teacher(), tmp_path, new_people=100, part=part, parts=2)  # type: ignore[arg-type]
        (tmp_path / "projection.npy").unlink(missing_ok=True)
        found = sorted(path.name for path in (tmp_path / "templates").iterdir())
        assert found == (["00001.npy"] if part else ["00000.npy", "00001.npy", "00002.npy"])
    assert len(targets(shown, tmp_path, size=16, person_share=0.0)) == 10 + 1100 + 100


def test_only_one_process_gathers_the_pictures(tmp_path: Path) -> None:
    with pytest.raises(NoPictures, match="part 0"):
        prepare(SETTINGS, data=tmp_path, teachers=tmp_path, work=tmp_path / "work", part=1, parts=2)


def test_a_pass_shows_every_picture_and_a_share_of_the_blends() -> None:
    first, second = (
        order_of_pass(number, pictures=10, blends=40, count=60, blend_share=0.5, seed=1) for number in (0, 1)
    )
    for order in (first, second):
        assert len(order) == len(set(order.tolist())) == 10 + 20 + 10
        assert set(range(10)) | set(range(50, 60)) <= set(order.tolist())
    assert set(first.tolist()) != set(second.tolist())


def test_what_was_shown_is_compared_with_others_of_its_kind(work: Path) -> None:
    shown = shown_in(work, SETTINGS)
    unseen = np.full((7, 112, 112, 3), 9, np.uint8)
    found = {name: pair for name, *pair in kinds(shown, 5, unseen, count=6, rng=np.random.default_rng(0))}
    assert {name: [len(crops) for crops in pair] for name, pair in found.items()} == {
        "pictures": [6, 6],
        "blends": [6, 6],
        "reshaped": [5, 5],
    }
    assert not np.any(found["pictures"][1] != 9)
    everything = {centre_crop(shown.canvas(k), 112).tobytes() for k in range(10 + 20 + 5)}
    for seen, other in found.values():
        assert {crop.tobytes() for crop in seen} <= everything
        assert not {crop.tobytes() for crop in other} & everything


def test_the_distance_is_one_minus_the_mean_cosine() -> None:
    axes = np.eye(2, dtype=np.float32)
    crops = np.zeros((2, 112, 112, 3), np.uint8)
    assert mean_distance(crops, lambda _: axes, lambda _: axes) == 0
    assert mean_distance(crops, lambda _: axes, lambda _: axes[[0, 0]]) == 0.5


def test_an_unjittered_crop_is_the_centre() -> None:
    picture = _face(1)
    crop = jittered_crop(picture, size=112, jitter=NO_JITTER, rng=np.random.default_rng(0))
    assert np.abs(crop.astype(int) - centre_crop(picture, 112)).max() <= 1


@pytest.mark.parametrize("draw", [draw for draw, _ in SHARES])
def test_an_occluder_changes_only_what_it_says_it_covers(draw: Any) -> None:
    picture = _face(2)[8:120, 8:120]
    occluder = draw((112, 112), TEMPLATE_112, np.random.default_rng(4))
    result = lay_over(picture, occluder)
    assert occluder.alpha.min() >= 0 and occluder.alpha.max() <= 1
    assert np.array_equal(result[occluder.alpha == 0], picture[occluder.alpha == 0])
    assert np.array_equal(result[occluder.alpha == 1], occluder.texture[occluder.alpha == 1])


def test_a_mask_covers_the_mouth_and_not_the_eyes() -> None:
    for seed in range(20):
        alpha = face_mask((112, 112), TEMPLATE_112, np.random.default_rng(seed)).alpha
        assert alpha[92, 56] > 0.9
        assert alpha[51, 38] == alpha[51, 73] == 0


def test_occluders_repeat_with_their_seed() -> None:
    first, second = (random_occluder((112, 112), TEMPLATE_112, np.random.default_rng(9)) for _ in range(2))
    assert first.kind == second.kind
    assert np.array_equal(first.texture, second.texture)


def test_blur_kernels_keep_the_light_and_have_their_length() -> None:
    for kernel in (motion_kernel(7, 30), motion_kernel(1.5, 90), defocus_kernel(0.5), defocus_kernel(3.2)):
        assert kernel.sum() == pytest.approx(1, abs=1e-4)
    columns = motion_kernel(9, 0).sum(axis=0)
    assert np.count_nonzero(columns > 0.02) in (9, 10, 11)


def _directions(count: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, 16)).astype(np.float32)
    rows[::2, 0] += 4  # every second one in a crowd
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_crowding_is_the_mean_of_the_highest_cosines_but_the_very_highest() -> None:
    template = np.eye(1, 4, dtype=np.float32)
    cosines = np.array([1.0, 0.9, 0.5, 0.3, 0.1, 0.0, -0.2, -0.4, -0.6, -0.8], np.float32)
    cohort = np.stack([cosines, np.sqrt(1 - cosines**2), np.zeros(10), np.zeros(10)], axis=1).astype(np.float32)
    cohort = np.random.default_rng(0).permutation(cohort)
    assert crowding(template, cohort, share=0.2, skipped=2)[0] == pytest.approx((0.5 + 0.3) / 2)
    assert crowding(template, cohort, share=0.01, skipped=0)[0] == pytest.approx(1.0)


def test_the_cohort_network_tells_crowded_templates_it_never_saw(tmp_path: Path) -> None:
    known, unseen = _directions(400, 1), _directions(100, 2)
    torch.manual_seed(0)
    near = crowding(known, known, share=0.05, skipped=1)
    network = fit(known, near, hidden=16, passes=40, batch=64, rate=1e-2, decay=1e-2)
    write(network, tmp_path / "cohort.onnx", 16)
    space = space_beside(tmp_path / "embedder.int8.onnx", 16)
    assert space.offsets is not None
    told = space.offsets(unseen)
    assert np.corrcoef(told, crowding(unseen, known, share=0.05, skipped=1))[0, 1] > 0.9
    assert told[::2].mean() > told[1::2].mean() + 0.1
    anything = np.random.default_rng(3).normal(size=(1000, 16)).astype(np.float32) * 10  # no templates at all
    assert near.min() - 1e-6 <= space.offsets(anything).min() < space.offsets(anything).max() <= near.max() + 1e-6
    assert space_beside(tmp_path / "elsewhere" / "embedder.int8.onnx", 16).offsets is None


def test_the_cohort_is_learnt_from_pictures_and_a_recogniser(work: Path) -> None:
    def recognise(crops: np.ndarray) -> np.ndarray:
        rows = crops.reshape(len(crops), -1)[:, ::911].astype(np.float32)[:, :16] - 100
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    network, cohort = learn(SETTINGS, shown_in(work, SETTINGS), recognise, new_people=10)
    assert cohort.shape == (10, 16)
    with torch.no_grad():
        assert network(torch.from_numpy(cohort)).shape == (10,)


def test_a_threshold_holds_in_a_crowd_once_offsets_are_off(tmp_path: Path) -> None:
    """Impostors of a crowd and of the rest: at one threshold their rates differ much less."""
    known, unseen = _directions(2000, 1), _directions(1000, 2)
    torch.manual_seed(0)
    offsets = crowding(known, known, share=0.02, skipped=1) / 2
    network = fit(known, offsets - offsets.mean(), hidden=32, passes=30, batch=128, rate=1e-2, decay=1e-2)
    write(network, tmp_path / "cohort.onnx", 16)
    ratios = {}
    for name, space in (("cosines", None), ("less offsets", space_beside(tmp_path / "e.onnx", 16))):
        crowd, rest = (pair_scores(rows, rows, upper=True, space=space) for rows in (unseen[::2], unseen[1::2]))
        ratios[name] = rate_at(crowd, threshold_at(rest, 1e-2)) / 1e-2
    assert ratios["cosines"] > 10
    assert 1 / 3 < ratios["less offsets"] < 3


def test_the_calibration_table_names_the_network_it_was_measured_with(tmp_path: Path) -> None:
    (tmp_path / "cohort.onnx").write_bytes(b"a network")
    found = Impostors({"faces": np.zeros(3, np.float32)}, {}, doubtful=0)
    points = [Operating(0.1, 0.1, True), Operating(0.5, 1e-4, True)]
    (tmp_path / "calibration.toml").write_text(table_text(points, found, "e.onnx", tmp_path / "cohort.onnx"))
    calibration = read_calibration(tmp_path / "calibration.toml")
    assert calibration is not None
    assert calibration["points"] == [[0.1, 0.1], [0.5, 1e-4]]
    assert calibration["cohort"] == {
        "file": "cohort.onnx",
        "sha256": hashlib.sha256(b"a network").hexdigest(),
    }


def test_rates_and_thresholds_agree() -> None:
    rng = np.random.default_rng(0)
    impostor = rng.normal(0.0, 0.1, 200_000).astype(np.float32)
    genuine = rng.normal(0.6, 0.1, 5_000).astype(np.float32)
    for fmr in (1e-1, 1e-3):
        assert rate_at(impostor, threshold_at(impostor, fmr)) == pytest.approx(fmr, rel=0.02)
    scores = np.concatenate([impostor[:5000], genuine])
    assert best_accuracy(scores, np.arange(10_000) >= 5000) > 0.997
    points = operating_points(impostor, [1e-1, 1e-2, 1e-3, 1e-4], [1e-6])
    # of a normal distribution the tail is known: one in a million lies beyond 4.75 sigma
    assert points[-1].similarity == pytest.approx(0.475, abs=0.02) and not points[-1].measured
    found = [point.similarity for point in points]
    assert found == sorted(found)
    assert rate_of(points[1].similarity, points) == pytest.approx(1e-2)
