"""Pictures in, faces out: what a caller sees, with the real models."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface.analysis import Analyzer, Wants
from edgeface.config import Config, DetectionConfig, ModelsConfig, QualityThresholds
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.inference.pack import ModelPack
from edgeface.types import BoundingBox, Face, FaceOrder, ImageArray, QualityLevel
from tests import pictures
from tests.packs import active_folder, copied_pack, without_role

CONFIG = Config(models=ModelsConfig(precision="fp32"))
PORTRAITS = {
    "astronaut": (pictures.astronaut, pictures.ASTRONAUT_FACE),
    "hopper": (pictures.hopper, pictures.HOPPER_FACE),
}
EVERYTHING = Wants(landmarks=True, pose=True, quality=True, template=True)


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer.open(ModelPack.load(active_folder("detector")), CONFIG)


@pytest.fixture
def whole(analyzer: Analyzer) -> Analyzer:
    active_folder("detector", "landmarks", "quality", "embedder")
    return analyzer


def faces(
    analyzer: Analyzer,
    image: ImageArray,
    wants: Wants | None = None,
    *,
    max_faces: int = 10,
    order: FaceOrder = FaceOrder.LARGEST,
    turned: bool = False,
    level: QualityLevel | None = None,
    thresholds: QualityThresholds | None = None,
) -> tuple[Face, ...]:
    return analyzer.analyze(
        image, wants or Wants(), max_faces=max_faces, order=order, turned=turned, level=level, thresholds=thresholds
    )


def overlap(box: BoundingBox, expected: tuple[float, float, float, float]) -> float:
    left, top, width, height = expected
    across = min(box.right, left + width) - max(box.left, left)
    down = min(box.bottom, top + height) - max(box.top, top)
    shared = max(0.0, across) * max(0.0, down)
    return shared / (box.area + width * height - shared)


def similarity(one: Face, other: Face) -> float:
    assert one.template is not None
    assert other.template is not None
    return float(one.template.vector @ other.template.vector)


@pytest.mark.parametrize("name", PORTRAITS)
def test_a_portrait_has_one_face_where_the_face_is(analyzer: Analyzer, name: str) -> None:
    picture, place = PORTRAITS[name]
    (face,) = faces(analyzer, picture())
    assert overlap(face.box, place) > 0.5
    assert 0.0 < face.score <= 1.0
    assert abs(face.box.rotation) < 15
    left_eye, right_eye, nose, left_mouth, right_mouth = face.points
    assert left_eye[0] < nose[0] < right_eye[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])


@pytest.mark.parametrize("name", pictures.NON_FACES)
@pytest.mark.parametrize("turned", [False, True])
def test_things_that_are_no_faces(analyzer: Analyzer, name: str, turned: bool) -> None:
    assert faces(analyzer, pictures.non_face(name), turned=turned) == ()


@pytest.mark.parametrize("scale", [0.35, 0.6, 1.7, 6.0])
def test_small_and_large_pictures(analyzer: Analyzer, scale: float) -> None:
    image = pictures.resized(pictures.hopper(), scale)
    (face,) = faces(analyzer, image)
    assert overlap(face.box, tuple(value * scale for value in pictures.HOPPER_FACE)) > 0.5  # type: ignore[arg-type]


def test_a_face_that_fills_the_picture(analyzer: Analyzer) -> None:
    left, top, width, height = (int(value) for value in pictures.HOPPER_FACE)
    close = pictures.resized(pictures.hopper()[top : top + height, left : left + width], 4.0)
    (face,) = faces(analyzer, close)
    assert face.box.width > 0.5 * close.shape[1]


@pytest.mark.parametrize("shape", [(24, 24), (32, 400), (400, 31), (1, 1), (4000, 6000)])
def test_any_picture_size_is_taken(analyzer: Analyzer, shape: tuple[int, int]) -> None:
    assert faces(analyzer, np.full((*shape, 3), 90, np.uint8), turned=True) == ()


@pytest.mark.parametrize("degrees", [-40, -20, 20, 40])
def test_a_tilted_head_is_found_upright(analyzer: Analyzer, degrees: float) -> None:
    # As the engine looks unless it is told otherwise: points of a tilted face alone tell too little tilt.
    tilted = pictures.moved(pictures.hopper(), degrees=degrees, scale=0.8)
    found = faces(analyzer, tilted, max_faces=1, turned=True)
    assert found
    assert found[0].box.rotation == pytest.approx(degrees, abs=15)


@pytest.mark.parametrize("name", PORTRAITS)
@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_face_is_found_with_its_points_in_the_picture(whole: Analyzer, name: str, quarters: int) -> None:
    picture, _ = PORTRAITS[name]
    (upright,) = faces(whole, picture(), EVERYTHING)
    (face,) = faces(whole, pictures.turned(picture(), quarters), EVERYTHING, turned=True)
    turn = (face.box.rotation - upright.box.rotation - 90 * quarters + 180) % 360 - 180
    assert abs(turn) < 15
    height, width = picture().shape[:2]
    corners = {1: (height, 0, -1), 2: (width, height, 0), 3: (0, width, 1)}
    x, y = upright.points[:, 0], upright.points[:, 1]
    expected = {
        1: np.stack([corners[1][0] - y, x], axis=1),
        2: np.stack([corners[2][0] - x, corners[2][1] - y], axis=1),
        3: np.stack([y, corners[3][1] - x], axis=1),
    }[quarters]
    assert np.abs(face.points - expected).max() < 0.12 * upright.box.width
    assert similarity(face, upright) > 0.8
    assert face.pose is not None
    assert upright.pose is not None
    assert abs((face.pose.roll - upright.pose.roll - 90 * quarters + 180) % 360 - 180) < 15


def test_order_and_cap(analyzer: Analyzer) -> None:
    scene = np.full((700, 1400, 3), 110, np.uint8)
    scene[50:650, 850:1362] = pictures.hopper()
    scene[100:612, 300:812] = pictures.astronaut()
    largest = faces(analyzer, scene, order=FaceOrder.LARGEST)
    assert len(largest) == 2
    assert largest[0].box.area > largest[1].box.area
    central = faces(analyzer, scene, order=FaceOrder.CENTRAL)
    assert abs(central[0].box.centre[0] - 700) < abs(central[1].box.centre[0] - 700)
    assert len(faces(analyzer, scene, max_faces=1)) == 1


def test_faces_below_the_configured_size_are_left_out() -> None:
    pack = ModelPack.load(active_folder("detector"))
    strict = Analyzer.open(pack, Config(detection=DetectionConfig(min_face=120), models=CONFIG.models))
    assert len(faces(strict, pictures.hopper())) == 1
    assert faces(strict, pictures.astronaut()) == ()


def test_only_what_is_asked_for_is_computed() -> None:
    stages: list[str] = []
    pack = ModelPack.load(active_folder("detector", "landmarks", "quality", "embedder"))
    analyzer = Analyzer.open(pack, CONFIG, observe=lambda stage, seconds: stages.append(stage))
    (face,) = faces(analyzer, pictures.hopper())
    assert stages == ["detect"]
    assert (face.landmarks, face.pose, face.quality, face.verdict, face.template) == (None,) * 5
    assert [choice.role for choice in analyzer.precisions] == ["detector"]
    stages.clear()
    (face,) = faces(analyzer, pictures.hopper(), EVERYTHING, level=QualityLevel.NORMAL)
    assert stages == ["detect", "landmarks", "quality", "embed"]
    assert None not in (face.landmarks, face.pose, face.quality, face.verdict, face.template)


def test_landmarks_lie_on_the_face(whole: Analyzer) -> None:
    (face,) = faces(whole, pictures.hopper(), Wants(landmarks=True))
    assert face.landmarks is not None
    points = face.landmarks.points
    assert points.shape == (150, 2)
    left, top, width, height = pictures.HOPPER_FACE
    assert (points[:, 0] > left - 0.2 * width).all()
    assert (points[:, 0] < left + 1.2 * width).all()
    assert (points[:, 1] > top - 0.2 * height).all()
    assert (points[:, 1] < top + 1.2 * height).all()
    assert face.pose is None


def test_pose_of_a_frontal_portrait_and_of_its_mirror(whole: Analyzer) -> None:
    (face,) = faces(whole, pictures.hopper(), Wants(pose=True))
    (mirrored,) = faces(whole, np.ascontiguousarray(pictures.hopper()[:, ::-1]), Wants(pose=True))
    assert face.pose is not None
    assert mirrored.pose is not None
    assert abs(face.pose.yaw) < 20
    assert abs(face.pose.pitch) < 20
    assert face.pose.yaw == pytest.approx(-mirrored.pose.yaw, abs=10)
    assert face.pose.roll == pytest.approx(-mirrored.pose.roll, abs=6)


@pytest.mark.parametrize("degrees", [-30, 30])
def test_roll_is_clockwise_positive(whole: Analyzer, degrees: float) -> None:
    (face,) = faces(
        whole, pictures.moved(pictures.hopper(), degrees=degrees, scale=0.8), Wants(pose=True), max_faces=1
    )
    assert face.pose is not None
    assert face.pose.roll == pytest.approx(degrees, abs=12)


def test_quality_sees_what_was_done_to_the_picture(whole: Analyzer) -> None:
    def quality(image: ImageArray):  # type: ignore[no-untyped-def]
        (face,) = faces(whole, image, Wants(quality=True), max_faces=1)
        assert face.quality is not None
        return face.quality

    clear = quality(pictures.hopper())
    assert clear.completeness == 1
    assert clear.face_width == pytest.approx(pictures.HOPPER_FACE[2], rel=0.3)
    assert 60 < clear.illumination < 220
    assert quality(pictures.darkened(pictures.hopper(), 0.4)).illumination == pytest.approx(
        0.4 * clear.illumination, rel=0.1
    )
    assert quality(pictures.blurred(pictures.hopper(), 7)).blur > clear.blur + 0.2
    left, top, width, height = pictures.HOPPER_FACE
    masked = quality(pictures.occluded(pictures.hopper(), left, top + 0.55 * height, width, 0.5 * height))
    assert masked.occlusion.mouth > clear.occlusion.mouth + 0.3
    cut = pictures.hopper()[:, int(left + 0.35 * width) :]
    found = faces(whole, np.ascontiguousarray(cut), Wants(quality=True), max_faces=1)
    assert not found or (found[0].quality is not None and found[0].quality.completeness == 0)


def test_the_verdict_follows_level_and_own_thresholds(whole: Analyzer) -> None:
    dark = pictures.darkened(pictures.hopper(), 0.2)
    (judged,) = faces(whole, dark, level=QualityLevel.NORMAL)
    assert judged.verdict is not None
    assert "illumination" in {violation.measure for violation in judged.verdict.violations}
    (free,) = faces(whole, dark, level=QualityLevel.NONE)
    assert free.verdict is not None
    assert free.verdict.passed
    own = QualityThresholds(face_size=5000.0)
    (large,) = faces(whole, pictures.hopper(), level=QualityLevel.CUSTOM, thresholds=own)
    assert large.verdict is not None
    assert {violation.measure for violation in large.verdict.violations} == {"face_width", "face_height"}


def test_templates_tell_people_apart(whole: Analyzer) -> None:
    wants = Wants(template=True)
    (hopper,) = faces(whole, pictures.hopper(), wants)
    (astronaut,) = faces(whole, pictures.astronaut(), wants)
    assert hopper.template is not None
    assert np.linalg.norm(hopper.template.vector) == pytest.approx(1.0, abs=1e-5)
    assert hopper.template.vector.dtype == np.float32
    changed = pictures.moved(pictures.hopper(), x=25, y=-15, scale=0.75, degrees=8)
    (again,) = faces(whole, pictures.blurred(pictures.darkened(changed, 0.7), 1.0), wants, max_faces=1)
    assert similarity(hopper, again) > 0.7
    assert similarity(hopper, astronaut) < 0.35


def test_several_faces_at_once_equal_each_alone(whole: Analyzer) -> None:
    scene = np.full((700, 1100, 3), 110, np.uint8)
    scene[50:650, 20:532] = pictures.hopper()
    scene[100:612, 560:1072] = pictures.astronaut()
    both = faces(whole, scene, EVERYTHING)
    assert len(both) == 2
    for face in both:
        alone = np.full_like(scene, 110)
        half = slice(0, 545) if face.box.centre[0] < 545 else slice(545, 1100)
        alone[:, half] = scene[:, half]
        (single,) = faces(whole, alone, EVERYTHING)
        assert similarity(face, single) > 0.9


def test_the_same_from_many_threads(whole: Analyzer) -> None:
    images = [pictures.hopper(), pictures.astronaut()] * 4
    expected = [faces(whole, image, EVERYTHING)[0] for image in images[:2]]
    answers: list[Face | None] = [None] * len(images)

    def work(index: int) -> None:
        answers[index] = faces(whole, images[index], EVERYTHING)[0]

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(images))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index, answer in enumerate(answers):
        assert answer is not None
        assert similarity(answer, expected[index % 2]) == pytest.approx(1.0, abs=1e-5)


def test_a_pack_without_some_roles_still_does_the_rest(tmp_path: Path) -> None:
    active_folder("detector", "landmarks", "quality", "embedder")
    folder = copied_pack(tmp_path / "pack", "detector", "landmarks", "quality", "embedder")
    for role in ("landmarks", "quality", "embedder"):
        without_role(folder, role)
    analyzer = Analyzer.open(ModelPack.load(folder), CONFIG)
    assert analyzer.features == {"detector"}
    found = faces(analyzer, pictures.hopper(), Wants(landmarks=True, pose=True, quality=True), max_faces=1)
    (face,) = found
    assert face.landmarks is None
    assert face.pose is not None  # the coarse one
    assert face.quality is not None
    assert face.quality.blur is None
    with pytest.raises(EdgeFaceError) as caught:
        faces(analyzer, pictures.hopper(), Wants(template=True))
    assert caught.value.code is ErrorCode.FEATURE_UNAVAILABLE
    assert "embedder" in caught.value.message


def test_a_closed_analyzer_says_so() -> None:
    analyzer = Analyzer.open(ModelPack.load(active_folder("detector")), CONFIG)
    analyzer.close()
    with pytest.raises(EdgeFaceError) as caught:
        faces(analyzer, pictures.hopper())
    assert caught.value.code is ErrorCode.SHUTTING_DOWN


def test_grey_pictures_work_too(analyzer: Analyzer) -> None:
    grey = cv2.cvtColor(cv2.cvtColor(pictures.hopper(), cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    assert len(faces(analyzer, grey)) == 1
