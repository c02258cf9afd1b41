"""Landmarks and pose: layout, geometry, and a few training steps on drawn faces."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")
pytest.importorskip("onnx")

import onnxruntime
import torch

from training.augment.geometry import TEMPLATE_112
from training.images import NoPictures
from training.landmarks import layout
from training.landmarks.correspondence import from_wflw, resample_by_length
from training.landmarks.export import write_models
from training.landmarks.frame import CROP_POINTS, SIDE
from training.landmarks.loss import LossPlan
from training.landmarks.model import LandmarkNet, NetShape
from training.landmarks.plan import planned
from training.landmarks.pnp import fit_shape, pose_of, rotation
from training.landmarks.samples import Face, Randomness, SampleMaker, five_points, mirror, plain_sample
from training.landmarks.schematic import schematic_points
from training.landmarks.train import Trainer, TrainSettings, collate, mean_points
from training.runtime import read_config

ROOT = Path(__file__).parents[2]
SMALL = NetShape(stem=8, stages=(8, 16, 16), blocks=(0, 1, 0), squeeze=8, hidden=32)
CALM = Randomness(rotation_deg=3.0, scale=0.02, shift_px=1.0, occluded=0.2, dark=0.0, noisy=0.1)


def _drawn_face(rng: np.random.Generator, points: NDArray[np.float32]) -> Face:
    """A face of flat colours around the points, shifted at random."""
    moved = points + rng.normal(0, 5, 2).astype(np.float32)
    picture = np.full((128, 128, 3), rng.integers(60, 200, 3), np.uint8)
    outline = np.concatenate([moved[:25], moved[[24, 0]] - np.array([0, 40], np.float32)])
    cv2.fillPoly(picture, [outline.astype(np.int32)], (140, 170, 220))
    for name in ("left_eye", "right_eye", "mouth", "nose"):
        group = list(getattr(layout.REGIONS, name))
        colour = tuple(int(v) for v in rng.integers(0, 120, 3))
        cv2.fillPoly(picture, [moved[group].astype(np.int32)], colour)
    return Face(picture, moved, np.array([rng.normal() * 10, 0, 0], np.float32))


@pytest.fixture(scope="module")
def faces() -> list[Face]:
    rng = np.random.default_rng(1)
    return [_drawn_face(rng, schematic_points()) for _ in range(40)]


def test_layout_has_150_different_names_and_mirrors_back() -> None:
    assert layout.COUNT == 150
    assert len(set(layout.NAMES)) == 150
    assert [layout.MIRROR[other] for other in layout.MIRROR] == list(range(150))


def test_subsets_have_the_documented_sizes_and_orders() -> None:
    assert len(layout.LANDMARK72) == len(set(layout.LANDMARK72)) == 72
    assert (len(layout.LANDMARK68), len(layout.LANDMARK5), len(layout.LANDMARK4)) == (68, 5, 4)
    points = schematic_points()
    left_eye, right_eye, nose, mouth = (points[list(group)].mean(axis=0) for group in layout.LANDMARK4)
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_eye[1] < nose[1] < mouth[1]
    jaw = np.stack([points[list(group)].mean(axis=0) for group in layout.LANDMARK68[:17]])
    assert (np.diff(jaw[:, 0]) > 0).all()
    assert jaw[:, 1].argmax() == 8


def test_mirror_partners_of_a_symmetric_face_lie_opposite() -> None:
    points = schematic_points()
    flipped = points[list(layout.MIRROR)] * [-1, 1] + [2 * 64.0, 0]
    assert np.abs(flipped - points).max() < 1e-3


def test_regions_cover_their_own_features() -> None:
    points = schematic_points()
    for region, name in (("left_eye", "eye_right_eyeball_center"), ("right_eye", "eye_left_eyeball_center")):
        polygon = points[list(getattr(layout.REGIONS, region))]
        pupil = points[layout.INDEX[name]]
        assert cv2.pointPolygonTest(polygon.astype(np.float32), (float(pupil[0]), float(pupil[1])), False) > 0
    for name in layout.Regions.__dataclass_fields__:
        assert cv2.contourArea(points[list(getattr(layout.REGIONS, name))].astype(np.float32)) > 50


def test_layout_file_of_the_pack_is_the_code_s_layout(tmp_path: Path) -> None:
    layout.write_toml(tmp_path / "layout.toml")
    written = (tmp_path / "layout.toml").read_text()
    assert (ROOT / "models/default/landmark_layout.toml").read_text() == written
    content = read_config(tmp_path / "layout.toml")
    assert content["names"] == list(layout.NAMES)
    assert np.allclose(content["crop_points"], CROP_POINTS, atol=1e-4)


def test_mirroring_twice_gives_the_face_back(faces: list[Face]) -> None:
    face = faces[0]
    picture, points, pose = mirror(*mirror(face.picture, face.points, face.pose))
    assert np.array_equal(picture, face.picture)
    assert np.allclose(points, face.points)
    assert np.allclose(pose, face.pose)


def test_plain_sample_puts_the_template_where_the_contract_says() -> None:
    marked = np.zeros((128, 128, 3), np.uint8)
    for x, y in TEMPLATE_112 + 8:
        cv2.circle(marked, (round(x), round(y)), 2, (255, 255, 255), -1)
    sample = plain_sample(Face(marked, np.zeros((150, 2), np.float32), np.zeros(3, np.float32)))
    for x, y in CROP_POINTS:
        assert sample.picture[round(y), round(x)].min() > 100


def test_samples_move_points_with_the_picture(faces: list[Face]) -> None:
    dot = np.zeros((128, 128, 3), np.uint8)
    points = faces[0].points
    centre = five_points(points)[2]
    cv2.circle(dot, (round(centre[0]), round(centre[1])), 3, (255, 255, 255), -1)
    still = Randomness(rotation_deg=15.0, occluded=0.0, dark=0.0, noisy=0.0, other_background=0.0)
    maker, rng = SampleMaker([Face(dot, points, np.zeros(3, np.float32))], still), np.random.default_rng(3)
    for _ in range(20):
        sample = maker.draw(rng)
        grey = sample.picture.astype(np.float64).sum(axis=2)
        grey[grey < 0.6 * grey.max()] = 0
        ys, xs = np.nonzero(grey)
        assert np.hypot(*(np.array([xs.mean(), ys.mean()]) - five_points(sample.points)[2])) < 2.5


def test_teachers_numbers_make_the_same_face() -> None:
    """Points written in WFLW's order come back at their places in ours."""
    points = schematic_points()
    other = np.zeros_like(points)
    wflw = np.zeros((98, 2), np.float32)
    wflw[:33] = resample_by_length(points[:25], 33)
    for numbers, names in (
        ((33, 34, 35, 36, 37, 38), "corner_right upper_2 upper_3 upper_4 upper_5 corner_left"),
        ((39, 40, 41), "lower_3 lower_2 lower_1"),
    ):
        wflw[list(numbers)] = points[[layout.INDEX[f"eyebrow_right_{name}"] for name in names.split()]]
    wflw[[60, 64, 88, 92]] = points[[45, 53, 126, 138]]
    made = from_wflw(wflw, other)
    assert np.abs(made[:25] - points[:25]).max() < 1.5
    for name in ("corner_right", "upper_3", "corner_left", "lower_2"):
        index = layout.INDEX[f"eyebrow_right_{name}"]
        assert np.abs(made[index] - points[index]).max() < 1e-3
    for name in ("eye_right_corner_right", "eye_right_corner_left", "mouth_corner_left_inner"):
        assert np.abs(made[layout.INDEX[name]] - points[layout.INDEX[name]]).max() < 1e-3


def test_a_folder_of_photographs_is_enough_to_plan_a_training(tmp_path: Path) -> None:
    (tmp_path / "scenes").mkdir()
    for number in range(60):
        cv2.imwrite(str(tmp_path / "scenes" / f"{number}.png"), np.zeros((8, 8, 3), np.uint8))
    settings = {"faces_train": {"": 10}, "faces_kept_out": {"": 10}, "masks": 5, "scenes": 40}
    plan = planned(tmp_path, settings)
    assert len(plan) == 40
    assert {split for _, split in plan} == {"train", "dev"}
    assert plan == planned(tmp_path, settings)
    with pytest.raises(NoPictures):
        planned(tmp_path / "nowhere", settings)


def test_files_of_the_pack_agree_with_each_other(faces: list[Face]) -> None:
    inputs = collate([plain_sample(face) for face in faces[:8]])[0].numpy()
    answers = []
    for precision in ("fp32", "int8"):
        path = ROOT / f"models/default/landmarks.{precision}.onnx"
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        answers.append(session.run(["points", "pose"], {"x": inputs}))
    assert np.abs(answers[0][0] - answers[1][0]).mean() * SIDE < 1.0
    assert np.abs(answers[0][1] - answers[1][1]).mean() < 2.0


def test_pose_is_found_again_in_points_of_a_turned_head() -> None:
    rng = np.random.default_rng(4)
    shape = rng.normal(0, 1, (30, 3))
    poses = np.stack([rng.uniform(-40, 40, 200), rng.uniform(-20, 20, 200), rng.uniform(-20, 20, 200)], axis=1)
    points = np.stack([shape @ rotation(pose)[:2].T * 30 + 64 for pose in poses])
    found = np.stack([pose_of(one, fit_shape(points, poses)) for one in points[:20]])
    assert np.abs(found - poses[:20]).max() < 0.5


def test_loss_falls_and_the_exported_files_answer_like_the_network(faces: list[Face], tmp_path: Path) -> None:
    torch.manual_seed(0)
    maker, rng = SampleMaker(faces, CALM), np.random.default_rng(2)
    settings = TrainSettings(
        batch=16, steps=40, peak_rate=3e-3, weight_decay=0.0, average_decay=0.9, checkpoint_steps=10
    )
    trainer = Trainer(SMALL, settings.schedule, LossPlan(), torch.device("cpu"), mean_points(faces))
    losses = [sum(trainer.train_step([maker.draw(rng) for _ in range(16)])) for _ in range(40)]
    assert np.mean(losses[-8:]) < 0.8 * np.mean(losses[:8])

    network = LandmarkNet(SMALL)
    network.load_state_dict(trainer.average.model.state_dict())
    network.eval()
    write_models(network, faces, tmp_path)
    inputs, points, _ = collate([plain_sample(face) for face in faces[:5]])
    with torch.no_grad():
        expected = [output.numpy() for output in network(inputs)]
    for name, pixels, degrees in (("landmarks.fp32.onnx", 0.05, 0.1), ("landmarks.int8.onnx", 2.0, 4.0)):
        session = onnxruntime.InferenceSession(str(tmp_path / name), providers=["CPUExecutionProvider"])
        found = session.run(["points", "pose"], {"x": inputs.numpy()})
        assert found[0].shape == (5, 300)
        assert np.abs(found[0] - expected[0]).max() * SIDE < pixels
        assert np.abs(found[1] - expected[1]).max() < degrees
    assert points.shape == (5, 150, 2)
