"""The pictures of the demonstration: two people as a camera in an entrance would meet them, and nobody at all."""

from __future__ import annotations

from dataclasses import dataclass

from edgeface.simulation.camera import Shot, SimulatedCamera
from edgeface.simulation.occluders import Occluder
from edgeface.simulation.portraits import Portrait, non_faces, portraits
from edgeface.types import ImageArray

WIDTH, HEIGHT = 640, 480

ENROLMENT = Shot(face_width=190)
"""The picture a person is enrolled with."""

AS_ENROLLED = "as enrolled"
"""The variation in which a person must be recognised."""

VARIATIONS: tuple[tuple[str, str, Shot], ...] = (
    (AS_ENROLLED, "another frame, a little nearer", Shot(face_width=210, centre=(0.53, 0.47))),
    ("at arm's length", "the face fills the frame", Shot(face_width=300, centre=(0.5, 0.5))),
    ("at the door", "face 95 pixels wide", Shot(face_width=95, centre=(0.42, 0.4))),
    ("far away", "face 44 pixels wide", Shot(face_width=44, centre=(0.6, 0.4))),
    ("head tilted", "12° clockwise", Shot(face_width=190, roll=12)),
    ("head tilted far", "35° counter-clockwise", Shot(face_width=170, roll=-35)),
    ("camera on its side", "turned by 90°", Shot(face_width=170, roll=90, centre=(0.45, 0.5))),
    ("seen from the side", "the portrait turned by 30°", Shot(face_width=190, yaw=30)),
    ("dim", "40 % of the light", Shot(face_width=190, light=0.4, noise=3.0)),
    ("dark", "10 % of the light", Shot(face_width=190, light=0.1, noise=3.0)),
    ("soft", "lens slightly out of focus", Shot(face_width=190, blur=2.0)),
    ("out of focus", "lens far out of focus", Shot(face_width=190, blur=7.0)),
    ("walking by", "smeared by motion", Shot(face_width=190, motion=19)),
    ("grainy", "a noisy sensor", Shot(face_width=190, light=0.7, noise=22)),
    ("masked", "nose, mouth and chin covered", Shot(face_width=190, occluder=Occluder.MASK)),
    ("sunglasses", "both eyes covered", Shot(face_width=190, occluder=Occluder.SUNGLASSES)),
    ("half outside", "cut off by the frame", Shot(face_width=210, centre=(0.97, 0.45))),
)
"""Title, subtitle and shot of each way a person is met."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One picture. ``people``: who is in it, by user id; empty for none."""

    title: str
    subtitle: str
    frame: ImageArray
    people: tuple[str, ...]
    enrols: bool = False
    """Whether the person is enrolled with this picture."""


def enrolment_scenes(seed: int = 0) -> tuple[Scene, ...]:
    """One frontal picture per person."""
    camera = SimulatedCamera(WIDTH, HEIGHT, seed=seed)
    subtitle = f"frontal, face {ENROLMENT.face_width:.0f} pixels wide"
    return tuple(
        Scene("enrolment", subtitle, camera.take((portrait, ENROLMENT)), (portrait.name,), enrols=True)
        for portrait in portraits()
    )


def scenes(seed: int = 1) -> tuple[Scene, ...]:
    """Every person in every variation, both together, and pictures without anybody."""
    camera = SimulatedCamera(WIDTH, HEIGHT, seed=seed)
    people = portraits()
    made = [
        Scene(title, subtitle, camera.take((portrait, shot)), (portrait.name,))
        for portrait in people
        for title, subtitle, shot in VARIATIONS
    ]
    made.append(_together(camera, people))
    made += [Scene(name, "nobody", camera.show(image), ()) for name, image in non_faces().items()]
    made.append(Scene("an empty room", "nobody", camera.take(), ()))
    return tuple(made)


def _together(camera: SimulatedCamera, people: tuple[Portrait, ...]) -> Scene:
    left, right = people
    frame = camera.take(
        (left, Shot(face_width=150, centre=(0.28, 0.42))), (right, Shot(face_width=150, centre=(0.74, 0.42)))
    )
    return Scene("together", "two people in one picture (M:N)", frame, (left.name, right.name))
