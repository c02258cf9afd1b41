"""JSON answers read into value types."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import date
from typing import Any

import numpy as np

from edgeface.attributes import CLASSES, RANGES, Attributes, EyeStatus, Likelihoods
from edgeface.client.daemon_facts import Info
from edgeface.events.attendance import AttendanceDay, Stay
from edgeface.events.event import Event, EventKind
from edgeface.gallery.records import ArchiveSummary, Erasure, FaceRecord, GroupRecord, UserRecord
from edgeface.results import Comparison, Detection, Enrolment, IdComparison, Identification, Verification
from edgeface.types import (
    BoundingBox,
    Covering,
    Face,
    Landmarks,
    Match,
    Occlusion,
    Pose,
    Quality,
    QualityLevel,
    Template,
    Verdict,
    Violation,
)

Json = dict[str, Any]


def face(data: Json) -> Face:
    """A face with whatever the answer holds."""
    landmarks, pose, quality = data.get("landmarks"), data.get("pose"), data.get("quality")
    verdict, held, shown = data.get("verdict"), data.get("template"), data.get("attributes")
    return Face(
        box=BoundingBox(**data["box"]),
        score=data["score"],
        points=np.asarray(data["points"], dtype=np.float32),
        token=data["face_token"],
        landmarks=None if landmarks is None else Landmarks(np.asarray(landmarks, dtype=np.float32)),
        pose=None if pose is None else Pose(**pose),
        quality=None if quality is None else _quality(quality),
        verdict=None if verdict is None else _verdict(verdict),
        template=None if held is None else template(held),
        attributes=None if shown is None else _attributes(shown),
    )


def template(data: Json) -> Template:
    """A template from its wire form."""
    vector = np.frombuffer(b64decode(data["vector"]), dtype="<f4").astype(np.float32)
    return Template(vector, data["contract_id"])


def template_json(value: Template) -> Json:
    """A template's wire form."""
    raw = np.ascontiguousarray(value.vector, dtype="<f4").tobytes()
    return {"contract_id": value.contract_id, "vector": b64encode(raw).decode("ascii")}


def detection(data: Json) -> Detection:
    """The answer of detect."""
    return Detection(data["width"], data["height"], tuple(face(item) for item in data["faces"]))


def comparison(data: Json) -> Comparison:
    """The answer of compare."""
    faces = [face(item) for item in data.get("faces", ())]
    first, second = faces if len(faces) == 2 else (None, None)
    return Comparison(data["score"], data["fmr"], data["same_person"], first, second)


def match(data: Json) -> Match:
    """One match."""
    return Match(**data)


def identification(data: Json) -> Identification:
    """The answer of identify for a picture."""
    return Identification(face(data["face"]), tuple(match(item) for item in data["matches"]), data["threshold"])


def verification(data: Json) -> Verification:
    """The answer of verify."""
    return Verification(face(data["face"]), match(data["match"]), data["accepted"], data["threshold"])


def id_comparison(data: Json) -> IdComparison:
    """The answer of a verification against the register."""
    return IdComparison(data["score"], data["fmr"], data["same_person"], face(data["face"]))


def enrolment(data: Json) -> Enrolment:
    """The answer of an enrolment from a picture."""
    return Enrolment(face(data["face"]), face_record(data["record"]))


def face_record(data: Json) -> FaceRecord:
    """One enrolled face."""
    return FaceRecord(**data)


def user_record(data: Json) -> UserRecord:
    """One user of a group."""
    return UserRecord(**data)


def group_record(data: Json) -> GroupRecord:
    """One group."""
    return GroupRecord(**data)


def archive_summary(data: Json) -> ArchiveSummary:
    """The answer of an import."""
    return ArchiveSummary(**data)


def erasure(data: Json) -> Erasure:
    """The answer of an erase."""
    return Erasure(**data)


def info(data: Json) -> Info:
    """The answer of info."""
    return Info(**{**data, "features": tuple(data["features"]), "missing": tuple(data["missing"])})


def event(data: Json) -> Event:
    """One event."""
    return Event(**{"expires_at_monotonic": None, **data, "kind": EventKind(data["kind"])})


def attendance_day(data: Json) -> AttendanceDay:
    """One row of the attendance table."""
    return AttendanceDay(
        day=date.fromisoformat(data["day"]),
        user_id=data["user_id"],
        groups=tuple(data["groups"]),
        first_in=data.get("first_in"),
        last_out=data.get("last_out"),
        stays=tuple(Stay(**{"start": None, "end": None, **stay}) for stay in data["stays"]),
        worked_s=data["worked_s"],
        missing=tuple(data["missing"]),
        present=data["present"],
        clock_trusted=data["clock_trusted"],
    )


def _attributes(data: Json) -> Attributes:
    values: Json = {name: data[name] for name in RANGES if name in data}
    for name in CLASSES:
        if name in data and name not in RANGES:
            values[name] = Likelihoods(tuple(data[name].items()))
    if "eye_status" in data:
        values["eye_status"] = EyeStatus(**data["eye_status"])
    return Attributes(**values)


def _quality(data: Json) -> Quality:
    occlusion, covering = data.get("occlusion"), data.get("covering")
    return Quality(
        **{
            **data,
            "occlusion": None if occlusion is None else Occlusion(**occlusion),
            "covering": None if covering is None else Covering(**covering),
        }
    )


def _verdict(data: Json) -> Verdict:
    return Verdict(
        QualityLevel(data["level"]),
        tuple(Violation(**item) for item in data["violations"]),
        tuple(data["not_measured"]),
    )
