"""What calls at the camera answer."""

from __future__ import annotations

from pydantic import Field

from edgeface.api.answers import Answer
from edgeface.capture.camera import CameraFacts
from edgeface.config import Config
from edgeface.live.enrolment import CameraEnrolment
from edgeface.live.loop import LiveLoop


class CameraAnswer(Answer):
    """How the camera and the loop behind it are. Counters since the daemon's start."""

    name: str
    source: str = Field(description="What was opened, without passwords; empty: not yet.")
    state: str = Field(description="stopped, starting, running, restarting, given_up, ended.")
    width: int
    height: int
    fps: float
    frames: int
    frames_dropped: int = Field(description="Overtaken by newer ones before anybody looked.")
    restarts: int
    last_error: str = Field(description="Why the camera last failed; empty: it has not.")
    profile: str
    liveness: str = Field(description="LOW, NORMAL or HIGH; NONE: a photograph passes as the person.")
    frames_looked_at: int
    interval: int = Field(description="Faces are looked for in every so manieth frame.")
    tracks: int = Field(description="Faces that are followed now.")
    preview: bool = Field(description="Whether snapshot and preview are offered.")

    @classmethod
    def of(cls, facts: CameraFacts, loop: LiveLoop, config: Config) -> CameraAnswer:
        return cls(
            name=config.camera.name,
            source=facts.source,
            state=facts.state.value,
            width=facts.width,
            height=facts.height,
            fps=round(facts.fps, 2),
            frames=facts.frames,
            frames_dropped=facts.dropped,
            restarts=facts.restarts,
            last_error=facts.last_error,
            profile=config.live.profile,
            liveness=loop.liveness.value,
            frames_looked_at=loop.looked_at,
            interval=loop.interval,
            tracks=loop.tracks,
            preview=config.camera.preview,
        )


class CameraFaceAnswer(Answer):
    """A face that was enrolled at the camera."""

    face_token: str
    pose: str
    quality: float = Field(description="0 useless to 1 perfect: the best of the looks of this pose.")


class CameraEnrolAnswer(Answer):
    """Who was enrolled, with one face for each pose."""

    group_id: str
    user_id: str
    faces: list[CameraFaceAnswer]

    @classmethod
    def of(cls, done: CameraEnrolment) -> CameraEnrolAnswer:
        first = done.records[0]
        faces = [
            CameraFaceAnswer(face_token=record.face_token, pose=pose.value, quality=quality)
            for record, pose, quality in zip(done.records, done.poses, done.qualities, strict=True)
        ]
        return cls(group_id=first.group_id, user_id=first.user_id, faces=faces)
