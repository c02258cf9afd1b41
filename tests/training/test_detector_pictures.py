"""Training pictures of the detector that no scene holds: stretched, bent, faces covered, and things that are none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("torch")
cv2 = pytest.importorskip("cv2")

from training.detector.bend import bend, random_field  # noqa: E402
from training.detector.damage import lay_patch  # noqa: E402
from training.detector.decode import Faces, no_faces  # noqa: E402
from training.detector.mosaic import Composer, Picture, TileRandomness, faceless_piece  # noqa: E402
from training.detector.scenes import Labels, unlabelled  # noqa: E402
from training.detector.things import bars, clouds, draw_things, lights, pebbles, round_thing, symmetrical_piece  # noqa: E402

SIDE = 256
BOX = np.array([90, 70, 170, 170], np.float32)
POINTS = np.array([[110, 110], [150, 110], [130, 130], [115, 150], [145, 150]], np.float32)
FACE = Faces(BOX[None], np.ones(1, np.float32), POINTS[None])


def disc() -> np.ndarray:
    """A bright ellipse that fills `BOX`, its five points dark, on grey."""
    image = np.full((SIDE, SIDE, 3), 100, np.uint8)
    cv2.ellipse(image, (130, 120), (40, 50), 0, 0, 360, (250, 250, 250), -1)
    for x, y in POINTS.astype(int).tolist():
        cv2.circle(image, (x, y), 4, (0, 0, 0), -1)
    return image


def bounds(mask: np.ndarray) -> list[int]:
    rows, columns = np.nonzero(mask)
    return [int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1]


def assert_labels_follow(image: np.ndarray, faces: Faces) -> None:
    """The box lies around what is bright, and every point on a dark spot."""
    np.testing.assert_allclose(faces.boxes[0], bounds(image.min(axis=2) > 200), atol=6)
    for x, y in faces.points[0].round().astype(int).tolist():
        assert image[y - 1 : y + 2, x - 1 : x + 2].min() < 60


def test_labels_follow_a_bent_picture() -> None:
    rng = np.random.default_rng(5)
    moved = []
    for _ in range(20):
        image, faces = bend(disc(), FACE, random_field((SIDE, SIDE), rng))
        assert_labels_follow(image, faces)
        moved.append(np.abs(faces.points - POINTS).max())
    assert max(moved) > 5


def test_boxes_of_tiny_faces_keep_their_sides_in_order() -> None:
    """Where a face is a fraction of a pixel wide, its right side may move further than its left one."""
    rng = np.random.default_rng(8)
    image = np.zeros((48, 48, 3), np.uint8)
    corners = rng.uniform(0, 48, (200, 2)).astype(np.float32)
    tiny = Faces(
        np.concatenate([corners, corners + 0.2], axis=1), np.ones(200, np.float32), np.zeros((200, 5, 2), np.float32)
    )
    for _ in range(10):
        _, faces = bend(image, tiny, random_field((48, 48), rng))
        assert (faces.boxes[:, 2:] >= faces.boxes[:, :2]).all()


def test_a_picture_without_faces_is_bent_too() -> None:
    image, faces = bend(disc(), no_faces(), random_field((SIDE, SIDE), np.random.default_rng(5)))
    assert len(faces) == 0
    assert (image != disc()).any()


def test_labels_follow_a_stretched_picture() -> None:
    picture = Picture(disc(), Labels(FACE, np.ones(1, bool), np.ones(1, bool)))
    still = {"natural": 1.0, "empty": 0.0, "covered": 0.0, "replaced": 0.0, "damaged": 0.0, "hard": 0.0, "bent": 0.0}
    rng = np.random.default_rng(2)

    def shapes(stretch: float) -> list[float]:
        """Height over width of the faces drawn wholly inside."""
        composer = Composer([[picture]], SIDE, TileRandomness(**still, stretch=stretch))
        answers = []
        for _ in range(60):
            drawn = composer.draw(rng)
            box = drawn.labels.faces.boxes[0]
            if box.min() < 8 or box.max() > SIDE - 8 or (drawn.seen.min(axis=2) > 200).sum() > 0.5 * SIDE**2:
                continue
            inside = drawn.seen.copy()
            x1, y1, x2, y2 = (box + np.array([-8, -8, 8, 8])).astype(int).tolist()
            outside = np.ones((SIDE, SIDE), bool)
            outside[y1:y2, x1:x2] = False
            inside[outside] = 0
            assert_labels_follow(inside, drawn.labels.faces)
            answers.append(float((box[3] - box[1]) / (box[2] - box[0])))
        assert len(answers) > 10
        return answers

    assert np.std(shapes(0.3)) > 3 * np.std(shapes(0.0))


@pytest.mark.parametrize("corner", [(60, 60), (-30, 60), (60, -40), (200, 210), (400, 400)])
def test_what_lies_in_front_of_a_face_hides_some_of_it(corner: tuple[int, int]) -> None:
    box = np.array([*corner, corner[0] + 80, corner[1] + 100], np.float32)
    patch = np.full((30, 20, 3), 200, np.uint8)
    rng = np.random.default_rng(4)
    shares = []
    for _ in range(40):
        image = np.zeros((SIDE, SIDE, 3), np.uint8)
        lay_patch(image, box, patch, rng)
        x1, y1, x2, y2 = np.clip(box, 0, SIDE).astype(int).tolist()
        shares.append(np.count_nonzero(image[y1:y2, x1:x2, 0]) / (80 * 100))
        assert image.max() <= 200
    assert max(shares) <= 0.42
    if corner == (60, 60):
        assert min(shares) < 0.25 and max(shares) > 0.25


def test_what_hides_a_face_shows_none() -> None:
    rng = np.random.default_rng(6)
    everywhere = Faces(np.array([[0, 0, SIDE, SIDE]], np.float32), np.ones(1, np.float32), POINTS[None])
    full = Picture(disc(), Labels(everywhere, np.ones(1, bool), np.ones(1, bool)))
    partly = Picture(disc(), Labels(FACE, np.ones(1, bool), np.ones(1, bool)))
    pieces = [faceless_piece(partly, rng) for _ in range(60)]
    assert all(faceless_piece(full, rng) is None for _ in range(60))
    assert all(faceless_piece(Picture(disc(), unlabelled()), rng) is not None for _ in range(60))
    tiny = faceless_piece(Picture(disc()[:5, :6], unlabelled()), rng)
    assert tiny is not None and tiny.shape == (5, 6, 3)
    shown = [piece for piece in pieces if piece is not None]
    assert 0 < len(shown) < 60
    assert np.mean([(piece == 100).all(axis=2).mean() for piece in shown]) > 0.9


@pytest.mark.parametrize("draw", [bars, clouds, lights, pebbles, round_thing])
def test_things_differ_and_have_no_faces(draw: Callable[[np.random.Generator], np.ndarray]) -> None:
    first, second = (draw(np.random.default_rng(seed)) for seed in (1, 2))
    assert first.shape == second.shape and first.dtype == np.uint8
    assert first.std() > 1 and second.std() > 1
    assert np.abs(first.astype(int) - second).mean() > 1
    np.testing.assert_array_equal(first, draw(np.random.default_rng(1)))


def test_things_made_of_pieces_of_scenes_show_no_face() -> None:
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    image[..., 1] = np.arange(SIDE)  # no red but in the face
    x1, y1, x2, y2 = BOX.astype(int).tolist()
    image[y1:y2, x1:x2, 2] = 255
    scene = Picture(image, Labels(FACE, np.ones(1, bool), np.ones(1, bool)))
    rng = np.random.default_rng(3)
    pieces = [piece for piece in (symmetrical_piece([scene], rng) for _ in range(60)) if piece is not None]
    assert len(pieces) > 40
    assert all(piece[..., 2].max() == 0 and piece[..., 1].max() > 0 for piece in pieces)
    halves = [(piece == piece[:, ::-1]).all() for piece in pieces]
    assert any(halves) and not all(halves)


def test_tiles_show_things_as_often_as_asked() -> None:
    face = Picture(disc(), Labels(FACE, np.ones(1, bool), np.ones(1, bool)))
    things = draw_things(6, [face], np.random.default_rng(0))
    assert all(len(thing.labels.faces) == 0 for thing in things)

    def with_faces(share: float) -> int:
        chances = TileRandomness(natural=1.0, empty=0.0, damaged=0.0, things=share)
        composer = Composer([[face]], SIDE, chances, things=things)
        rng = np.random.default_rng(1)
        return sum(len(composer.draw(rng).labels.faces) for _ in range(60))

    assert with_faces(0.0) == 60
    assert 15 < with_faces(0.5) < 45
    assert with_faces(1.0) == 0


def test_false_faces_are_counted_by_their_best_score_in_each_view() -> None:
    pytest.importorskip("skimage")
    from training.detector.false_faces import best_score, sample, shares_at_scores, views

    coffee = sample("coffee")
    seen = views(coffee)
    assert [image.shape[:2] for image in seen[:2]] == [(400, 600), (600, 400)] and len(seen) == 8
    assert max(seen[4].shape) == 320
    assert len(views(coffee[:100, :300])) == 4

    def find(image: np.ndarray, score: float) -> Faces:
        scores = np.array([0.3, 0.72], np.float32)
        return Faces(np.zeros((2, 4), np.float32), scores, np.zeros((2, 5, 2), np.float32)).select(scores >= score)

    assert best_score(find, coffee) == pytest.approx(0.72)
    assert best_score(lambda image, _: no_faces(), coffee) == 0
    assert shares_at_scores([0.72, 0.1, 0.9, 0.65]) == {
        "at_0.6": 0.75,
        "at_0.7": 0.5,
        "at_0.75": 0.25,
        "at_0.8": 0.25,
        "at_0.85": 0.25,
    }
