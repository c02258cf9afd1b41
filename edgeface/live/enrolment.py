"""Enrolment at the camera: the best look of each asked pose, one person only, nobody twice."""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from edgeface.config import LiveConfig
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.event import EventKind, NewEvent
from edgeface.gallery.records import FaceRecord
from edgeface.live.camera_calls import embedded
from edgeface.live.hints import Hint
from edgeface.live.searching import GroupSearch
from edgeface.live.shot import shot_quality
from edgeface.live.waiting import Look, Patience, WaitingRoom, hint_of
from edgeface.types import Pose, Template

_FRONT_DEG = 8.0
"""Yaw up to which a face looks at the camera; the gate's 20 degrees bound the side poses from above."""
_LOOKS_PER_POSE = 3
"""Good looks of a pose of which the best is kept: the first good one is often still moving."""


class EnrolPose(str, Enum):
    """How the person holds the head; left and right are the person's own."""

    FRONT = "front"
    LEFT = "left"
    RIGHT = "right"

    def fits(self, pose: Pose) -> bool:
        """Whether a head pose is this one. Positive yaw is turned to the person's own right (docs/landmarks.md)."""
        if self is EnrolPose.FRONT:
            return abs(pose.yaw) <= _FRONT_DEG
        return pose.yaw < -_FRONT_DEG if self is EnrolPose.LEFT else pose.yaw > _FRONT_DEG


_ASK = {EnrolPose.FRONT: Hint.LOOK_HERE, EnrolPose.LEFT: Hint.TURN_LEFT, EnrolPose.RIGHT: Hint.TURN_RIGHT}


@dataclass(frozen=True, slots=True)
class CameraEnrolment:
    """What was enrolled: a record, its pose and the look's quality (0 to 1) for each pose, in the order asked."""

    records: tuple[FaceRecord, ...]
    poses: tuple[EnrolPose, ...]
    qualities: tuple[float, ...]


class PoseCollector:
    """A waiter that keeps the best good look of each pose."""

    def __init__(self, poses: Sequence[EnrolPose], live: LiveConfig, tell: Callable[[Hint], object]) -> None:
        self._poses = tuple(dict.fromkeys(poses))
        self._live = live
        self._tell = tell
        self._taken: Counter[EnrolPose] = Counter()
        self._best: dict[EnrolPose, Look] = {}
        self.hint: Hint | None = None

    def offer(self, look: Look) -> bool:
        """Sort the look to its pose, or say what is wrong with it."""
        hint = self._judge(look)
        if hint is not None and hint is not self.hint:
            self._tell(hint)
        self.hint = hint
        return self._next() is None

    def best(self) -> list[tuple[EnrolPose, Look]]:
        """The best look of each pose, in the order asked."""
        return [(pose, self._best[pose]) for pose in self._poses]

    def _judge(self, look: Look) -> Hint | None:
        if look.people > 1:
            return Hint.ONE_PERSON
        if (hint := hint_of(look, self._live)) is not None:
            return hint
        pose = look.face.pose
        for wanted in self._poses:
            if self._taken[wanted] < _LOOKS_PER_POSE and pose is not None and wanted.fits(pose):
                self._taken[wanted] += 1
                best = self._best.get(wanted)
                if best is None or shot_quality(look.face) > shot_quality(best.face):
                    self._best[wanted] = look
                break
        following = self._next()
        return _ASK[following] if following else None

    def _next(self) -> EnrolPose | None:
        return next((pose for pose in self._poses if self._taken[pose] < _LOOKS_PER_POSE), None)


class EnrolmentDesk:
    """Enrols people who stand before the camera. One at a time. ``tell`` must not raise."""

    def __init__(self, engine: Engine, waiting: WaitingRoom, tell: Callable[[NewEvent], object]) -> None:
        self._engine = engine
        self._waiting = waiting
        self._tell = tell
        self._taken = threading.Lock()

    def enrol(
        self,
        group_id: str | None,
        user_id: str,
        patience: Patience,
        *,
        user_info: str | None = None,
        poses: Sequence[EnrolPose] = (EnrolPose.FRONT,),
        allow_known: bool = False,
        replace_faces: bool = False,
    ) -> CameraEnrolment:
        """Collect the poses, then enrol them: all of them or none.

        ``group_id``: ``None`` at a kiosk: its configured group. ``allow_known``: also when the person is enrolled
        under another id. Raises ``NOBODY`` (with the last hint), ``CAMERA_UNAVAILABLE``, ``MULTIPLE_FACES`` (the
        looks are of different people), ``PERSON_KNOWN`` (who it is in the context), ``BUSY`` (somebody else is
        being enrolled), ``FORBIDDEN`` (``kiosk.enrol`` is off), ``FACE_NEARLY_IDENTICAL``, ``LIMIT_*``,
        ``INVALID_ID``, ``INVALID_PARAMETER``, ``STORAGE_*``.
        """
        engine = self._engine
        group_id = self._group(group_id)
        engine.gallery.check_ids(group_id, user_id)
        if not self._taken.acquire(blocking=False):
            raise EdgeFaceError(ErrorCode.BUSY, "Somebody else is being enrolled at this camera.")
        try:
            looks = self._collect(poses, patience)
        finally:
            self._taken.release()
        templates = [embedded(look)[1] for _, look in looks]
        self._refuse_mixed(templates)
        if not allow_known:
            self._refuse_known(templates, user_id)
        records = engine.enrol_templates(
            [(template, secrets.token_hex(16)) for template in templates],
            group_id,
            user_id,
            user_info=user_info,
            replace_faces=replace_faces,
        )
        enrolled = {"group_id": group_id, "user_id": user_id, "faces": len(records)}
        self._tell(NewEvent(EventKind.ENROLLED, enrolled, engine.config.camera.name))
        qualities = tuple(round(shot_quality(look.face), 4) for _, look in looks)
        return CameraEnrolment(records, tuple(pose for pose, _ in looks), qualities)

    # ------------------------------------------------------------------ inside

    def _group(self, group_id: str | None) -> str:
        config = self._engine.config
        kiosk = config.live.profile == "kiosk"
        if kiosk and not config.kiosk.enrol:
            raise EdgeFaceError(ErrorCode.FORBIDDEN, "Enrolment at this kiosk is switched off (kiosk.enrol).")
        if group_id is None and not kiosk:
            raise EdgeFaceError(
                ErrorCode.INVALID_PARAMETER, "group_id: is needed except at a kiosk.", parameter="group_id"
            )
        return config.kiosk.enrol_group if group_id is None else group_id

    def _collect(self, poses: Sequence[EnrolPose], patience: Patience) -> list[tuple[EnrolPose, Look]]:
        config = self._engine.config
        collector = PoseCollector(
            poses,
            config.live,
            lambda hint: self._tell(
                NewEvent(EventKind.HINT, {"hint": hint.value, "enrolling": True}, config.camera.name)
            ),
        )
        self._waiting.wait(collector, patience)
        return collector.best()

    def _refuse_mixed(self, templates: Sequence[Template]) -> None:
        """Somebody else may have stepped in between two poses."""
        first = templates[0]
        if not all(self._engine.compare_templates(first, other).same_person for other in templates[1:]):
            raise EdgeFaceError(ErrorCode.MULTIPLE_FACES, "The poses are not all of one person.")

    def _refuse_known(self, templates: Sequence[Template], user_id: str) -> None:
        search = GroupSearch(self._engine, ())
        for template in templates:
            for match in search(template, top=2):
                if match.user_id != user_id:
                    raise EdgeFaceError(
                        ErrorCode.PERSON_KNOWN,
                        group_id=match.group_id,
                        user_id=match.user_id,
                        score=round(match.score, 2),
                    )
