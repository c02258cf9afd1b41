from __future__ import annotations

import math

import pytest

from edgeface.live.distance import distance_m
from edgeface.live.hints import Hint, hint_for
from edgeface.live.pace import Pace
from edgeface.live.shot import shot_quality
from edgeface.types import Pose, Violation
from tests.live.faces import face


def violation(measure: str, relation: str = "<") -> Violation:
    return Violation(measure, 1, 1, relation)


@pytest.mark.parametrize(
    ("measures", "pose", "hint"),
    [
        ((violation("face_width", ">="),), None, Hint.CLOSER),
        ((violation("illumination", ">"),), None, Hint.TOO_DARK),
        ((violation("illumination", "<"),), None, Hint.TOO_BRIGHT),
        ((violation("yaw"),), Pose(30, 0, 0), Hint.TURN_LEFT),
        ((violation("yaw"),), Pose(-30, 0, 0), Hint.TURN_RIGHT),
        ((violation("pitch"),), Pose(0, 30, 0), Hint.CHIN_UP),
        ((violation("pitch"),), Pose(0, -30, 0), Hint.CHIN_DOWN),
        ((violation("roll"),), Pose(0, 0, 30), Hint.HEAD_UPRIGHT),
        ((violation("occlusion.left_eye"), violation("occlusion.right_eye")), None, Hint.UNCOVER_EYES),
        ((violation("occlusion.mouth"), violation("occlusion.nose")), None, Hint.UNCOVER_FACE),
        ((violation("blur"),), None, Hint.HOLD_STILL),
        ((violation("completeness", ">="),), None, Hint.INTO_THE_PICTURE),
        ((violation("blur"), violation("face_width", ">=")), None, Hint.CLOSER),
        ((), None, None),
    ],
)
def test_the_first_thing_to_do(measures: tuple[Violation, ...], pose: Pose | None, hint: Hint | None) -> None:
    assert hint_for(measures, pose) is hint


def test_distance_of_a_face_one_metre_away() -> None:
    # A 66 degree lens on 1280 pixels: 985.5 px focal length; 63 mm at 1 m are 62.1 px.
    eyes = 1280 / 2 / math.tan(math.radians(33)) * 0.063
    assert distance_m(eyes, frame_width=1280, field_of_view_deg=66) == pytest.approx(1.0)
    assert distance_m(eyes / 2, frame_width=1280, field_of_view_deg=66) == pytest.approx(2.0)


def test_a_turned_head_is_not_farther_away() -> None:
    turned = distance_m(60 * math.cos(math.radians(30)), frame_width=640, field_of_view_deg=66, pose=Pose(30, 0, 0))
    assert turned == pytest.approx(distance_m(60, frame_width=640, field_of_view_deg=66))
    assert distance_m(60, frame_width=640, field_of_view_deg=66, pose=Pose(80, 0, 0)) is None


def test_a_nearer_straighter_face_is_the_better_shot() -> None:
    best = shot_quality(face(eyes=80))
    assert best > shot_quality(face(eyes=50)) > shot_quality(face(eyes=50, yaw=18)) > 0


def test_detection_is_spaced_out_when_frames_take_too_long_and_returns() -> None:
    pace = Pace(budget_s=0.066, most_interval=6)
    assert [pace.due() for _ in range(3)] == [True, True, True]
    for _ in range(30):
        pace.spent(0.2)
    assert pace.interval == 4
    assert [pace.due() for _ in range(8)].count(True) == 2
    for _ in range(60):
        pace.spent(0.01)
    assert pace.interval == 1
    for _ in range(60):
        pace.spent(5.0)
    assert pace.interval == 6
