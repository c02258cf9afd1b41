"""Enrolment at the camera: which looks are taken, what is said, and who is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edgeface.config import Config
from edgeface.engine import Engine
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.events.event import EventKind, NewEvent
from edgeface.live.camera_calls import CameraCalls
from edgeface.live.enrolment import CameraEnrolment, EnrolmentDesk, EnrolPose
from edgeface.live.waiting import Look, Patience, WaitingRoom
from edgeface.types import Face, Template
from tests.live.faces import face, spoilt

PATIENCE = Patience(30.0)
POSES = (EnrolPose.FRONT, EnrolPose.LEFT, EnrolPose.RIGHT)


class Camera:
    """A person before the camera: looks with templates that are all alike."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.room = WaitingRoom(lambda: True)
        self.events: list[NewEvent] = []
        self.desk = EnrolmentDesk(engine, self.room, self.events.append)
        self.random = np.random.default_rng(5)

    def person(self, number: int) -> Template:
        """A template of that person: another one each time, and very much like the others."""
        direction = np.random.default_rng(number).standard_normal(self.engine.pack.dimension)
        direction /= np.linalg.norm(direction)
        noise = self.random.standard_normal(direction.size)
        vector = direction + 0.3 * noise / np.linalg.norm(noise)
        return Template((vector / np.linalg.norm(vector)).astype(np.float32), self.engine.pack.contract_id)

    def look(self, at: Face, person: int = 1, *, people: int = 1, distance_m: float | None = 0.8) -> Look:
        return Look(at, people, 0.0, distance_m, lambda _: self.person(person))

    def enrol(self, looks: Sequence[Look], user_id: str = "ada", **options: Any) -> CameraEnrolment:
        """Show the looks in turn, over and over, until the call is done."""
        group = options.pop("group_id", "crew")
        return shown(self.room, looks, lambda: self.desk.enrol(group, user_id, PATIENCE, **options))

    @property
    def hints(self) -> list[str]:
        return [event.data["hint"] for event in self.events if event.kind is EventKind.HINT]


def shown(room: WaitingRoom, looks: Sequence[Look], call: Callable[[], Any]) -> Any:
    over = threading.Event()

    def show() -> None:
        while not over.wait(0.002):
            if len(room):
                for look in looks:
                    room.offer(look)

    thread = threading.Thread(target=show)
    thread.start()
    try:
        return call()
    finally:
        over.set()
        thread.join()


@pytest.fixture
def camera(engine: Engine) -> Iterator[Camera]:
    yield Camera(engine)


FRONT, LEFT, RIGHT = face(yaw=0), face(yaw=-14), face(yaw=14)


def test_one_face_of_each_pose_the_best_look_of_it(camera: Camera) -> None:
    looks = [camera.look(item) for item in (FRONT, face(yaw=0, eyes=90), face(yaw=5), LEFT, RIGHT)]
    done = camera.enrol(looks, poses=POSES)
    assert done.poses == POSES
    assert [record.user_id for record in done.records] == ["ada"] * 3
    assert len(camera.engine.gallery.faces("crew", "ada")) == 3
    best, left, right = done.qualities
    assert best > left and best > right
    assert camera.events[-1].data == {"group_id": "crew", "user_id": "ada", "faces": 3}


def test_the_person_is_guided_from_pose_to_pose(camera: Camera) -> None:
    looks = [camera.look(item) for item in (*[spoilt(FRONT, "illumination", 10, 40, ">")] * 2, *[FRONT] * 3)]
    looks += [camera.look(item) for item in (*[LEFT] * 3, *[RIGHT] * 3)]
    camera.enrol(looks, poses=POSES)
    assert camera.hints == ["too_dark", "look_here", "turn_left", "turn_right"]
    assert all(event.data["enrolling"] for event in camera.events if event.kind is EventKind.HINT)


def test_looks_of_several_people_or_from_afar_are_not_taken(camera: Camera) -> None:
    far = camera.look(FRONT, distance_m=9.0)
    crowd = camera.look(FRONT, people=2)
    with pytest.raises(EdgeFaceError) as nobody:
        shown(camera.room, [far, crowd], lambda: camera.desk.enrol("crew", "ada", Patience(0.6)))
    assert nobody.value.code is ErrorCode.NOBODY
    assert nobody.value.context["hint"] in ("closer", "one_person")
    assert set(camera.hints) == {"closer", "one_person"}


def test_a_person_who_is_enrolled_under_another_id_is_refused_unless_that_is_meant(camera: Camera) -> None:
    camera.enrol([camera.look(FRONT)])
    with pytest.raises(EdgeFaceError) as known:
        camera.enrol([camera.look(FRONT)], "eve")
    assert known.value.code is ErrorCode.PERSON_KNOWN
    assert known.value.context["user_id"] == "ada"
    assert camera.enrol([camera.look(FRONT)], "eve", allow_known=True).records[0].user_id == "eve"
    assert camera.enrol([camera.look(FRONT, person=2)], "ben").records[0].user_id == "ben"


def test_somebody_else_in_between_spoils_it(camera: Camera) -> None:
    looks = [camera.look(FRONT), camera.look(LEFT, person=2)]
    with pytest.raises(EdgeFaceError) as mixed:
        camera.enrol(looks, poses=POSES[:2])
    assert mixed.value.code is ErrorCode.MULTIPLE_FACES
    assert not camera.engine.gallery.has_group("crew")


def test_replacing_takes_the_earlier_faces_away(camera: Camera) -> None:
    (first,) = camera.enrol([camera.look(FRONT)]).records
    (second,) = camera.enrol([camera.look(FRONT)], replace_faces=True).records
    faces = camera.engine.gallery.faces("crew", "ada")
    assert [record.face_token for record in faces] == [second.face_token] != [first.face_token]


def test_a_caller_who_has_gone_enrols_nobody(camera: Camera) -> None:
    with pytest.raises(EdgeFaceError):
        shown(
            camera.room,
            [camera.look(FRONT)],
            lambda: camera.desk.enrol("crew", "ada", Patience(30.0, gone=lambda: True)),
        )
    assert not camera.engine.gallery.has_group("crew")


def test_a_kiosk_has_its_own_group_and_may_be_told_not_to_enrol(camera: Camera, config: Config) -> None:
    engine = camera.engine
    kiosk = config.model_copy(update={"live": config.live.model_copy(update={"profile": "kiosk"})})
    engine.reconfigure(kiosk)
    assert camera.enrol([camera.look(FRONT)], group_id=None).records[0].group_id == "kiosk"
    engine.reconfigure(kiosk.model_copy(update={"kiosk": kiosk.kiosk.model_copy(update={"enrol": False})}))
    with pytest.raises(EdgeFaceError) as refused:
        camera.desk.enrol(None, "ben", PATIENCE)
    assert refused.value.code is ErrorCode.FORBIDDEN


def test_identify_waits_for_a_good_look_and_its_token_can_be_used_afterwards(camera: Camera) -> None:
    camera.enrol([camera.look(FRONT)])
    calls = CameraCalls(camera.engine, camera.room)
    bad, good = camera.look(spoilt(FRONT, "blur", 0.9, 0.7)), camera.look(replace(FRONT, score=0.5))
    found = shown(camera.room, [bad, good], lambda: calls.identify(["crew"], PATIENCE))
    assert (found.matches[0].user_id, found.face.score) == ("ada", 0.5)
    from edgeface.types import FaceToken

    assert camera.engine.identify(FaceToken(found.face.token), ["crew"]).matches[0].user_id == "ada"


def test_verify_of_somebody_else_is_not_accepted(camera: Camera) -> None:
    camera.enrol([camera.look(FRONT)])
    calls = CameraCalls(camera.engine, camera.room)
    looks = [camera.look(FRONT, person=2)]
    assert not shown(camera.room, looks, lambda: calls.verify("crew", "ada", PATIENCE)).accepted
    assert shown(camera.room, [camera.look(FRONT)], lambda: calls.verify("crew", "ada", PATIENCE)).accepted


@pytest.mark.parametrize("why", ["camera", "closing"])
def test_who_waits_is_told_when_nothing_will_come(why: str) -> None:
    room = WaitingRoom(lambda: why != "camera")
    if why == "closing":
        room.close()
    with pytest.raises(EdgeFaceError) as told:
        room.wait(_Anybody(), PATIENCE)
    expected = ErrorCode.CAMERA_UNAVAILABLE if why == "camera" else ErrorCode.SHUTTING_DOWN
    assert told.value.code is expected


class _Anybody:
    hint = None

    def offer(self, look: Look) -> bool:
        return False
