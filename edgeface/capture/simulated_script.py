"""What the simulated camera plays: a TOML file of people and of when and how they stand before the camera."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import Field, ValidationError, model_validator

from edgeface.config import ImageLimits, Section
from edgeface.errors import EdgeFaceError, ErrorCode
from edgeface.image import decode
from edgeface.simulation.camera import Shot
from edgeface.simulation.occluders import Occluder
from edgeface.simulation.portraits import Portrait, eileen_collins, grace_hopper

if sys.version_info >= (3, 11):
    import tomllib
else:  # JetPack 6 has Python 3.10
    import tomli as tomllib

Point: TypeAlias = tuple[float, float]
Course: TypeAlias = float | tuple[float, float]
"""A number that stays, or that goes evenly from the first to the second while the shot lasts."""


class Person(Section):
    """Somebody to be shown: a portrait that comes with the extra ``demo``, or a picture of one's own.

    ``points``: left eye, right eye, nose tip, left and right mouth corner in the picture's pixels, as
    ``edgeface detect --json`` tells them.
    """

    name: str = Field(min_length=1)
    portrait: Literal["eileen_collins", "grace_hopper"] | None = None
    file: Path | None = None
    points: tuple[Point, Point, Point, Point, Point] | None = None

    @model_validator(mode="after")
    def _one_picture(self) -> Person:
        if (self.portrait is None) == (self.file is None) or (self.file is None) != (self.points is None):
            raise ValueError("a person has either a portrait, or a file with its five points")
        return self


class Appearance(Section):
    """One person before the camera from ``start`` until ``end`` (seconds); see ``Shot`` for what the fields mean.

    ``x`` and ``y``: the face's centre as shares of the frame. ``turn``: degrees by which the head is turned to the
    person's own left. ``photograph``: not the person, but a print of the
    portrait with a white border, held before the empty room.
    """

    who: str
    start: float = Field(ge=0)
    end: float = Field(gt=0)
    face_width: Course = 160.0
    x: Course = 0.5
    y: Course = 0.45
    roll: Course = 0.0
    yaw: Course = 0.0
    pitch: Course = 0.0
    turn: float = Field(0.0, ge=-45, le=45)
    light: Course = 1.0
    blur: Course = 0.0
    motion: Course = 0.0
    noise: Course = 1.5
    occluder: Occluder = Occluder.NONE
    photograph: bool = False

    @model_validator(mode="after")
    def _lasts(self) -> Appearance:
        if self.end <= self.start:
            raise ValueError("end must be after start")
        return self

    def shot_at(self, seconds: float) -> Shot:
        """How the person stands at a time of the script between ``start`` and ``end``."""
        share = (seconds - self.start) / (self.end - self.start)

        def now(course: Course) -> float:
            return course[0] + share * (course[1] - course[0]) if isinstance(course, tuple) else course

        return Shot(
            face_width=now(self.face_width),
            centre=(now(self.x), now(self.y)),
            roll=now(self.roll),
            yaw=now(self.yaw),
            pitch=now(self.pitch),
            light=now(self.light),
            blur=now(self.blur),
            motion=now(self.motion),
            noise=now(self.noise),
            occluder=self.occluder,
        )


class Fault(Section):
    """The camera fails at ``at`` seconds: ``unplugged`` (an error) or ``hung`` (no frame ever again)."""

    at: float = Field(ge=0)
    kind: Literal["unplugged", "hung"]


class Script(Section):
    """The file. ``seconds``: its length; default: until the last shot's end. ``seed``: of the sensor's noise."""

    seed: int = Field(0, ge=0)
    seconds: Annotated[float, Field(gt=0)] | None = None
    people: tuple[Person, ...] = ()
    shots: tuple[Appearance, ...] = ()
    faults: tuple[Fault, ...] = ()

    @model_validator(mode="after")
    def _everybody_is_known(self) -> Script:
        names = [person.name for person in self.people]
        if len(set(names)) != len(names):
            raise ValueError("two people have one name")
        if strangers := {shot.who for shot in self.shots} - set(names):
            raise ValueError(f"shots of people who are not among the people: {', '.join(sorted(strangers))}")
        if self.seconds is None and not self.shots:
            raise ValueError("a script without shots needs its length in seconds")
        return self

    @property
    def length_s(self) -> float:
        """Seconds that one pass lasts."""
        return self.seconds if self.seconds is not None else max(shot.end for shot in self.shots)


@dataclass(frozen=True, slots=True, eq=False)
class Play:
    """A script with its people's pictures loaded."""

    script: Script
    portraits: dict[str, Portrait]


def load_play(file: Path) -> Play:
    """Read the script and its pictures, whose paths are relative to it.

    Raises ``CONFIG_INVALID`` naming what is wrong, ``FEATURE_UNAVAILABLE`` where a portrait's package is missing.
    """
    try:
        script = Script.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        fields = "; ".join(f"{'.'.join(map(str, item['loc'])) or 'script'}: {item['msg']}" for item in error.errors())
        raise EdgeFaceError(ErrorCode.CONFIG_INVALID, f"{file}: {fields}.") from error
    except (OSError, ValueError) as error:
        raise EdgeFaceError(ErrorCode.CONFIG_INVALID, f"{file}: {error}.") from error
    return Play(script, {person.name: _portrait(person, file.parent) for person in script.people})


def _portrait(person: Person, folder: Path) -> Portrait:
    if person.portrait is not None:
        return eileen_collins() if person.portrait == "eileen_collins" else grace_hopper()
    file = folder / (person.file or "")
    try:
        image = decode(file.read_bytes(), ImageLimits())
    except (OSError, EdgeFaceError) as error:
        raise EdgeFaceError(ErrorCode.CONFIG_INVALID, f"{file}: {error}.") from error
    return Portrait(person.name, image, np.asarray(person.points, dtype=np.float32))
