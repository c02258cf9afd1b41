"""The detector's training on generated pictures: it learns, exports, quantises and reads a folder of pictures."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
cv2 = pytest.importorskip("cv2")

from training.detector.decode import Faces, decode_maps, no_faces, overlaps, suppress  # noqa: E402
from training.detector.evaluate import drawn_scores, make_cases  # noqa: E402
from training.detector.export import export_float, quantise_detector  # noqa: E402
from training.detector.loss import LossWeights  # noqa: E402
from training.detector.matching import Reference, tally  # noqa: E402
from training.detector.model import CHANNELS_OUT, STRIDES, Detector, DetectorShape  # noqa: E402
from training.detector.mosaic import Composer, Picture, move_faces  # noqa: E402
from training.detector.runner import DetectorFile, normalise  # noqa: E402
from training.detector.scenes import Labels, kept_out, list_scenes, shown_as_many, unlabelled  # noqa: E402
from training.detector.targets import TargetMaker, cell_grid  # noqa: E402
from training.detector.teacher import (  # noqa: E402
    DenseTeacher,
    DenseView,
    Teacher,
    merge_faces,
    mirror_faces,
)
from training.detector.train import (  # noqa: E402
    TEACHER_WIDTH,
    Batch,
    Trainer,
    TrainSettings,
    batches,
)
from training.learner import Learner  # noqa: E402
from training.onnx_export import largest_difference, store_halved  # noqa: E402

SIDE = 96
SMALL = DetectorShape(stem=8, early=8, width=16, blocks=(1, 1, 1, 1))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny networks are slower on many threads than on one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def drawn_face(rng: np.random.Generator, side: int = 160) -> Picture:
    """A picture of one cartoon face with its exact label."""
    image = np.full((side, side, 3), rng.integers(0, 120, 3), np.uint8)
    radius = int(rng.integers(24, 44))
    x, y = (int(value) for value in rng.integers(radius + 4, side - radius - 4, 2))
    offsets = np.array([[-0.4, -0.3], [0.4, -0.3], [0.0, 0.1], [-0.3, 0.5], [0.3, 0.5]], np.float32)
    points = offsets * radius + np.array([x, y], np.float32)
    cv2.circle(image, (x, y), radius, (150, 180, 230), -1)
    for eye in points[:2]:
        cv2.circle(image, (round(float(eye[0])), round(float(eye[1]))), radius // 6, (40, 30, 20), -1)
    left, right = points[3].round().astype(int).tolist(), points[4].round().astype(int).tolist()
    cv2.line(image, left, right, (60, 40, 180), max(1, radius // 8))
    box = np.array([[x - radius, y - radius, x + radius, y + radius]], np.float32)
    faces = Faces(box, np.ones(1, np.float32), points[None])
    return Picture(image, Labels(faces, np.ones(1, bool), np.ones(1, bool)))


def trainer(steps: int) -> Trainer:
    settings = TrainSettings(
        seed=1,
        side=SIDE,
        batch=8,
        steps=steps,
        peak_rate=1e-2,
        weight_decay=1e-4,
        average_decay=0.9,
        checkpoint_steps=steps,
        mine_steps=steps,
        things=0,
        dense_teacher=False,
    )
    torch.manual_seed(settings.seed)
    return Trainer(SMALL, settings, LossWeights(), torch.device("cpu"))


def composer(count: int = 12) -> Composer:
    rng = np.random.default_rng(5)
    return Composer([[drawn_face(rng) for _ in range(count)]], SIDE)


def settled_model() -> Detector:
    """A network whose normalisation has seen pictures, so that its activations have sane ranges."""
    torch.manual_seed(4)
    model = Detector(SMALL)
    source = batches(composer(), TargetMaker(SIDE), 8, 2)
    with torch.no_grad():
        for _ in range(20):
            model(next(source).images)
    return model.eval()


def test_loss_falls_and_resume_continues(tmp_path: Path) -> None:
    run = trainer(60)
    source = batches(composer(), TargetMaker(SIDE), 8, 3)
    losses = [float(run.train_step(next(source)).total) for _ in range(60)]
    assert np.mean(losses[-10:]) < 0.8 * np.mean(losses[:10])

    run.save(tmp_path / "checkpoint.pt")
    again = trainer(60)
    assert again.resume(tmp_path / "checkpoint.pt")
    assert again.step == 60
    images = next(source).images
    with torch.no_grad():
        expected, found = run.average.model(images), again.average.model(images)
    assert all(torch.equal(one, other) for one, other in zip(expected, found, strict=True))
    assert not trainer(1).resume(tmp_path / "missing.pt")


def test_a_grown_network_starts_as_the_smaller_one() -> None:
    small = settled_model()
    grown = Learner(
        Detector(dataclasses.replace(SMALL, added=(1, 0, 2, 1))), trainer(1).schedule, torch.device("cpu")
    )
    assert grown.begin_with(small.state_dict(), strict=False)
    x = torch.randn(1, 3, SIDE, SIDE)
    grown.model.eval()
    for before, after in zip(small(x), grown.model(x), strict=True):
        assert torch.allclose(before, after, atol=1e-5)


def test_training_draws_the_maps_towards_the_teachers() -> None:
    """A made-up teacher whose maps follow the picture's brightness: the bridged maps learn to follow too."""
    run = trainer(60)
    source = batches(composer(), TargetMaker(SIDE), 8, 3)
    without, losses = [], []
    for _ in range(60):
        batch = next(source)
        brightness = [torch.nn.functional.avg_pool2d(batch.images.mean(1, keepdim=True), s) for s in STRIDES]
        scores = np.zeros((8, sum((SIDE // stride) ** 2 for stride in STRIDES)), np.float32)
        view = DenseView(scores, tuple(one.repeat(1, TEACHER_WIDTH, 1, 1).numpy() for one in brightness))
        parts = run.train_step(Batch(batch.images, batch.targets, view))
        without.append(float(parts.score + parts.box + parts.points))
        losses.append(float(parts.total) - without[-1])
    assert losses[-1] < 0.7 * losses[0]
    assert np.mean(without[-10:]) < np.mean(without[:10])


def test_laid_open_teacher_scores_as_the_teacher_does() -> None:
    folder = os.environ.get("EDGEFACE_EVAL_DATA")
    if not folder:
        pytest.skip("EDGEFACE_EVAL_DATA is not set: no teacher to compare with")
    image = composer().draw(np.random.default_rng(2)).clean
    view = DenseTeacher(Path(folder) / "zoo").look(image.transpose(2, 0, 1)[None].astype(np.float32))
    cells = Teacher(Path(folder) / "zoo").raw(image, 0.0)
    np.testing.assert_allclose(view.scores[0], cells.scores, atol=1e-5)
    assert [one.shape for one in view.features] == [
        (1, TEACHER_WIDTH, SIDE // stride, SIDE // stride) for stride in STRIDES
    ]


def test_exported_file_equals_the_model_at_any_size(tmp_path: Path) -> None:
    model = settled_model()
    plain, halved = tmp_path / "plain.onnx", tmp_path / "halved.onnx"
    export_float(model, plain, side=SIDE)
    store_halved(plain, halved)
    assert halved.stat().st_size < plain.stat().st_size
    for height, width in ((64, 64), (96, 160)):
        example = torch.rand(1, 3, height, width) * 2 - 1
        assert largest_difference(model, plain, example) < 1e-4
        assert largest_difference(model, halved, example) < 2e-2
        maps = DetectorFile(halved).run(example.numpy())
        assert [part.shape for part in maps] == [
            (1, CHANNELS_OUT, height // stride, width // stride) for stride in STRIDES
        ]


def test_int8_stays_close_to_float(tmp_path: Path) -> None:
    model = settled_model()
    plain, quantised = tmp_path / "plain.onnx", tmp_path / "int8.onnx"
    export_float(model, plain, side=SIDE)
    rng = np.random.default_rng(6)
    pictures = composer()
    tensors = [normalise(pictures.draw(rng).seen) for _ in range(8)]
    quantise_detector(plain, quantised, tensors)
    float_maps, int_maps = DetectorFile(plain).run(tensors[0]), DetectorFile(quantised).run(tensors[0])
    for one, other in zip(float_maps, int_maps, strict=True):
        assert np.abs(one - other).mean() < 0.05
    with pytest.raises(ValueError, match="at least one batch"):
        quantise_detector(plain, quantised, [])


def test_targets_decode_to_the_labels() -> None:
    """A network that answered every target cell exactly would find exactly the labelled faces."""
    boxes = np.array([[10, 12, 34, 40], [100, 60, 180, 170], [30, 120, 42, 134]], np.float32)
    points = boxes[:, None, :2] + np.random.default_rng(1).uniform(2, 9, (3, 5, 2)).astype(np.float32)
    labels = Labels(Faces(boxes, np.ones(3, np.float32), points), np.ones(3, bool), np.ones(3, bool))
    side = 192
    targets = TargetMaker(side).make([labels])
    corners, strides = cell_grid(side)
    cells = targets.cells.numpy()
    flat = np.zeros((len(corners), CHANNELS_OUT), np.float32)
    flat[:, 0] = -20
    flat[cells, 0] = 8 * targets.near.numpy()
    flat[cells, 1:3] = (targets.boxes.numpy()[:, :2] - corners[cells]) / strides[cells, None]
    flat[cells, 3:5] = np.log(targets.boxes.numpy()[:, 2:] / strides[cells, None])
    flat[cells, 5:] = (targets.points.numpy() - np.tile(corners[cells], 5)) / strides[cells, None]
    maps, start = [], 0
    for stride in STRIDES:
        count = side // stride
        maps.append(flat[start : start + count * count].T.reshape(CHANNELS_OUT, count, count))
        start += count * count
    found = suppress(decode_maps(maps, STRIDES, 0.5), 0.45)
    assert len(found) == 3
    order = overlaps(boxes, found.boxes).argmax(axis=1)
    np.testing.assert_allclose(found.boxes[order], boxes, atol=1e-2)
    np.testing.assert_allclose(found.points[order], points, atol=1e-2)


def test_doubtful_faces_are_left_out_of_the_score() -> None:
    box = np.array([[20, 20, 60, 60]], np.float32)
    faces = Faces(box, np.full(1, 0.5, np.float32), np.zeros((1, 5, 2), np.float32))
    targets = TargetMaker(SIDE).make([Labels(faces, np.zeros(1, bool), np.ones(1, bool))])
    corners, strides = cell_grid(SIDE)
    centres = corners + strides[:, None] / 2
    inside = np.all((centres >= 20) & (centres <= 60), axis=1)
    assert len(targets.cells) == 0
    assert sorted(targets.doubtful.tolist()) == np.flatnonzero(inside).tolist()


def test_mirror_and_turn_keep_the_points_in_order() -> None:
    points = np.array([[[30, 40], [60, 40], [45, 55], [35, 70], [55, 70]]], np.float32)
    faces = Faces(np.array([[20, 20, 70, 90]], np.float32), np.ones(1, np.float32), points)
    mirrored = mirror_faces(faces, 100)
    assert mirrored.points[0, 0].tolist() == [40, 40]
    np.testing.assert_allclose(mirrored.boxes[0], [30, 20, 80, 90])
    quarter = np.array([[0, -1, 100], [1, 0, 0]], np.float64)
    turned = move_faces(faces, quarter, mirrored=False)
    np.testing.assert_allclose(turned.boxes[0], [10, 20, 80, 70], atol=1e-4)
    np.testing.assert_allclose(turned.points[0, 0], [60, 30], atol=1e-4)


def test_merge_halves_what_one_view_saw() -> None:
    boxes = np.array([[0, 0, 40, 40], [1, 0, 41, 40], [100, 100, 130, 130]], np.float32)
    merged = merge_faces(Faces(boxes, np.array([0.9, 0.8, 0.9], np.float32), np.zeros((3, 5, 2), np.float32)))
    assert merged.scores.tolist() == pytest.approx([0.85, 0.45])


def test_tally_counts_found_false_and_excused() -> None:
    boxes = np.array([[0, 0, 40, 40], [100, 0, 140, 40]], np.float32)
    faces = Faces(boxes, np.ones(2, np.float32), np.ones((2, 5, 2), np.float32))
    reference = Reference(faces, np.array([True, False]), np.array([False, False]))
    found_boxes = np.array([[1, 0, 41, 40], [2, 0, 42, 40], [101, 0, 141, 40], [0, 100, 40, 140]], np.float32)
    scores = np.array([0.9, 0.8, 0.7, 0.6], np.float32)
    result = tally([reference], [Faces(found_boxes, scores, np.ones((4, 5, 2), np.float32))])
    assert result.wanted == 1
    assert result.recall(0.5) == 1.0 and result.recall(0.95) == 0.0
    assert result.false_rate(0.5) == 2.0  # the second answer for one face, and the empty corner
    assert result.false_rate(0.7) == 1.0
    tiny = Faces(found_boxes[3:] * 0.1, scores[3:], np.ones((1, 5, 2), np.float32))
    assert tally([reference], [tiny], smallest=24).false_rate(0.5) == 0.0
    assert result.threshold_for(1.0) == pytest.approx(0.6, abs=1e-3)


@pytest.mark.parametrize(("long_side", "upright"), [(800, [640, 320]), (500, [500, 320]), (320, [320]), (100, [100])])
def test_a_small_picture_is_looked_at_once(long_side: int, upright: list[int]) -> None:
    """Two views would be one and the same picture, and count its errors twice."""
    picture = drawn_face(np.random.default_rng(1))
    image = cv2.resize(picture.levels[0], (long_side, long_side // 2))
    cases = make_cases("door", image, picture.labels, np.zeros((0, 4), np.float32))
    assert [max(case.image.shape) for case in cases if case.condition.startswith("upright")] == upright
    assert sum(case.condition.startswith("turned") for case in cases) == 8


def test_hand_drawn_faces_are_found_whatever_the_teacher_says() -> None:
    image = np.zeros((200, 200, 3), np.uint8)
    drawn = np.array([[20, 20, 80, 90], [120, 120, 180, 190], [150, 10, 160, 20]], np.float32)
    cases = make_cases("door", image, unlabelled(), drawn)
    upright = Faces(drawn[:1] + 5, np.array([0.8], np.float32), np.zeros((1, 5, 2), np.float32))
    found = [upright if case.condition.startswith("upright") else no_faces() for case in cases]
    assert drawn_scores(cases, found) == [pytest.approx(0.8), 0.0]  # the third is smaller than any wanted face


def test_any_folder_of_pictures_is_read_and_split_for_good(tmp_path: Path) -> None:
    for index in range(3):
        (tmp_path / "door").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / "door" / f"{index}.png"), np.full((40, 50, 3), index, np.uint8))
    scenes = list_scenes(tmp_path, tmp_path / "work")
    assert [(scene.name, scene.source) for scene in scenes] == [
        ("door/0.png", "door"),
        ("door/1.png", "door"),
        ("door/2.png", "door"),
    ]
    assert scenes[2].read().shape == (40, 50, 3)
    names = [f"celeba/{index:05d}.jpg" for index in range(1000)]
    assert 70 < sum(kept_out(name) for name in names) < 130
    assert 70 < sum(shown_as_many(name) for name in names) < 130
    assert not any(kept_out(name) and shown_as_many(name) for name in names)
    (tmp_path / "door" / "broken.jpg").write_bytes(b"not a picture")
    with pytest.raises(ValueError, match=r"broken\.jpg"):
        next(s for s in list_scenes(tmp_path, tmp_path) if s.name.endswith("broken.jpg")).read()
