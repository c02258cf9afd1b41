"""Hard places of the detector's training: where the network errs is found, and shown more often."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
cv2 = pytest.importorskip("cv2")

from training.detector.decode import Faces  # noqa: E402
from training.detector.hard import SMALLEST, errors, hard_places  # noqa: E402
from training.detector.model import Detector, DetectorShape  # noqa: E402
from training.detector.mosaic import Composer, HardPlace, Picture, TileRandomness, visible  # noqa: E402
from training.detector.scenes import Labels, list_scenes, unlabelled, write_labels  # noqa: E402

SIDE = 96


def faces(*boxes: tuple[float, float, float, float], score: float = 0.9) -> Faces:
    count = len(boxes)
    return Faces(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(count, score, np.float32),
        np.zeros((count, 5, 2), np.float32),
    )


def labels(known: Faces, *, sure: bool = True) -> Labels:
    return Labels(known, np.full(len(known), sure), np.ones(len(known), bool))


FACE = (20.0, 20.0, 60.0, 60.0)
ELSEWHERE = (100.0, 100.0, 140.0, 140.0)


def test_false_findings_and_missed_faces_are_errors_and_what_is_right_is_not() -> None:
    right = errors(faces(FACE), labels(faces(FACE)), 1.0)
    assert len(right) == 0
    false = errors(faces(FACE, ELSEWHERE), labels(faces(FACE)), 1.0)
    np.testing.assert_array_equal(false, [ELSEWHERE])
    missed = errors(faces(), labels(faces(FACE)), 1.0)
    np.testing.assert_array_equal(missed, [FACE])
    badly_scored = errors(faces(FACE, score=0.5), labels(faces(FACE)), 1.0)
    np.testing.assert_array_equal(badly_scored, [FACE])


def test_doubtful_and_tiny_faces_are_no_errors_either_way() -> None:
    assert len(errors(faces(), labels(faces(FACE), sure=False), 1.0)) == 0
    assert len(errors(faces(FACE), labels(faces(FACE), sure=False), 1.0)) == 0
    small = (5.0, 5.0, 5.0 + SMALLEST / 2, 5.0 + SMALLEST / 2)
    assert len(errors(faces(), labels(faces(small)), 1.0)) == 0
    assert len(errors(faces(small), unlabelled(), 1.0)) == 0


def test_labels_are_compared_at_the_size_of_the_findings() -> None:
    half = (10.0, 10.0, 30.0, 30.0)
    assert len(errors(faces(half), labels(faces(FACE)), 0.5)) == 0


def test_a_network_that_finds_nothing_misses_every_face_at_both_sizes() -> None:
    network = Detector(DetectorShape(stem=8, early=8, width=16, blocks=(1, 1, 1, 1)))
    picture = Picture(np.full((160, 160, 3), 90, np.uint8), labels(faces(FACE)))
    places = hard_places(network, [picture], torch.device("cpu"))
    assert len(places) == 2
    for place in places:
        assert place.picture is picture
        np.testing.assert_allclose(place.box, FACE)
    assert network.training


def test_hard_places_are_shown_as_often_as_asked() -> None:
    """Of two pictures, one with the hard place is drawn every time when the chance is 1."""
    dark = Picture(np.full((160, 160, 3), 30, np.uint8), unlabelled())
    bright = np.full((160, 160, 3), 30, np.uint8)
    bright[100:140, 100:140] = 250
    place = HardPlace(Picture(bright, unlabelled()), np.array(ELSEWHERE, np.float32))
    chances = TileRandomness(natural=1.0, damaged=0.0, hard=1.0)
    composer = Composer([[dark]], SIDE, chances)
    rng = np.random.default_rng(3)

    def bright_share() -> float:
        drawn = [composer.draw(rng).clean for _ in range(40)]
        return float(np.mean([np.mean(picture.min(axis=2) > 200) > 0.02 for picture in drawn]))

    before = bright_share()
    composer.hard = [place]
    assert bright_share() > 0.9 > 0.6 > before


def test_a_face_that_can_no_longer_be_made_out_is_no_face() -> None:
    image = np.full((80, 80, 3), 7, np.uint8)
    image[20:60, 20:60] = np.random.default_rng(2).integers(0, 12, (40, 40, 3))
    pattern = np.full((40, 40, 3), 40, np.uint8)
    pattern[10:20] = 90
    seen = image.copy()
    seen[20:60, 20:60] = pattern
    boxes = np.array([[20, 20, 60, 60], [-30, -30, -5, -5]], np.float32)
    np.testing.assert_array_equal(visible(image, boxes), [False, False])
    np.testing.assert_array_equal(visible(seen, boxes), [True, False])


_CONFIG = """
[model]
stem = 8
early = 8
width = 16
blocks = [1, 1, 1, 1]
added = [0, 0, 0, 0]
[train]
seed = 1
side = 96
batch = 2
steps = 4
peak_rate = 1e-2
weight_decay = 1e-4
average_decay = 0.9
checkpoint_steps = 4
mine_steps = 2
things = 4
dense_teacher = false
[loss]
[tile]
"""


def test_two_processes_look_for_hard_places_while_they_train(tmp_path: Path) -> None:
    """The whole command on labels that are there already, so that no teacher is asked."""
    data, work = tmp_path / "data", tmp_path / "work"
    (data / "door").mkdir(parents=True)
    work.mkdir()
    for index in range(6):
        cv2.imwrite(str(data / "door" / f"{index}.png"), np.full((160, 160, 3), 40 * index, np.uint8))
    write_labels(work / "labels.npz", {scene.name: labels(faces(FACE)) for scene in list_scenes(data, work)})
    (tmp_path / "config.toml").write_text(_CONFIG)
    command = [sys.executable, "-m", "training.together", "2", "training.detector.train"]
    command += ["--config", str(tmp_path / "config.toml"), "--data", str(data), "--teachers", str(tmp_path)]
    command += ["--work", str(work), "--device", "cpu"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found = [int(count) for count in re.findall(r"^(\d+) hard places$", done.stdout, re.MULTILINE)]
    assert len(found) == 4  # twice in each process
    assert min(found) > 0
    assert (work / "checkpoint.pt").is_file()
