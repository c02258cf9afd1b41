"""What a person in front of the camera can do about a refusal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum

from edgeface.types import Pose, Violation


class Hint(str, Enum):
    """Short words that a display translates; directions are the person's own."""

    CLOSER = "closer"
    STEP_BACK = "step_back"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    CHIN_UP = "chin_up"
    CHIN_DOWN = "chin_down"
    HEAD_UPRIGHT = "head_upright"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    HOLD_STILL = "hold_still"
    UNCOVER_EYES = "uncover_eyes"
    UNCOVER_FACE = "uncover_face"
    INTO_THE_PICTURE = "into_the_picture"
    ONE_PERSON = "one_person"
    LOOK_HERE = "look_here"


def hint_for(violations: Sequence[Violation], pose: Pose | None) -> Hint | None:
    """The one thing to do first, or ``None`` when nothing is wrong.

    Where the person stands comes before how they hold the head, and that before what covers the face: a face that
    is too far or half outside the picture reads as blurred and covered too.
    """
    failed = {violation.measure: violation for violation in violations}
    for measures, hint in _ORDER:
        if first := next((failed[name] for name in measures if name in failed), None):
            return hint(first, pose)
    covered = [name for name in failed if name.startswith("occlusion.")]
    if covered:
        return Hint.UNCOVER_EYES if all(name.endswith("_eye") for name in covered) else Hint.UNCOVER_FACE
    if "blur" in failed:
        return Hint.HOLD_STILL
    return Hint.LOOK_HERE if failed else None


def _light(violation: Violation, pose: Pose | None) -> Hint:  # noqa: ARG001 - one signature for all
    return Hint.TOO_DARK if violation.relation == ">" else Hint.TOO_BRIGHT


def _turn(violation: Violation, pose: Pose | None) -> Hint:  # noqa: ARG001 - the violation has the size only
    # Positive yaw: the nose points to smaller x, which is the person's own right (docs/landmarks.md); back is left.
    return Hint.TURN_LEFT if pose is not None and pose.yaw > 0 else Hint.TURN_RIGHT


def _chin(violation: Violation, pose: Pose | None) -> Hint:  # noqa: ARG001 - the violation has the size only
    return Hint.CHIN_UP if pose is not None and pose.pitch > 0 else Hint.CHIN_DOWN


def _just(hint: Hint) -> Callable[[Violation, Pose | None], Hint]:
    return lambda _violation, _pose: hint


_ORDER: tuple[tuple[tuple[str, ...], Callable[[Violation, Pose | None], Hint]], ...] = (
    (("completeness",), _just(Hint.INTO_THE_PICTURE)),
    (("face_width", "face_height", "interocular_distance"), _just(Hint.CLOSER)),
    (("illumination",), _light),
    (("yaw",), _turn),
    (("pitch",), _chin),
    (("roll",), _just(Hint.HEAD_UPRIGHT)),
)
