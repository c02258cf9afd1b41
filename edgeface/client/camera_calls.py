"""The client's calls at the camera. They wait as long as they are told to, whatever the client's own timeout."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeface.client import encoding, reading
from edgeface.client.transport import Transport, failure_of
from edgeface.results import Identification, Verification

_MARGIN_S = 10.0
"""Beyond the wait for a face: the answer's own time, and somebody else's call before it."""


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """How the camera and the loop behind it are; fields as in the native API's ``GET /v1/camera``."""

    name: str
    source: str
    state: str
    width: int
    height: int
    fps: float
    frames: int
    frames_dropped: int
    restarts: int
    last_error: str
    profile: str
    liveness: str
    frames_looked_at: int
    interval: int
    tracks: int
    preview: bool


@dataclass(frozen=True, slots=True)
class EnrolledPose:
    """One face that was enrolled at the camera; ``quality`` 0 to 1."""

    face_token: str
    pose: str
    quality: float


@dataclass(frozen=True, slots=True)
class CameraEnrolment:
    """Who was enrolled at the camera, with one face for each pose."""

    group_id: str
    user_id: str
    faces: tuple[EnrolledPose, ...]


class CameraCalls(ABC):
    """A part of :class:`~edgeface.client.client.Client`; not for use by itself."""

    socket: Path

    def camera(self) -> CameraStatus:
        """How the camera is. Raises ``CAMERA_UNAVAILABLE`` where none is configured."""
        return CameraStatus(**self._get("/v1/camera"))

    def camera_snapshot(self) -> bytes:
        """The newest frame as JPEG. Raises ``FORBIDDEN`` unless ``camera.preview`` is on."""
        return self._bytes("GET", "/v1/camera/snapshot")

    def identify_camera(
        self, groups: Sequence[str], *, top: int = 1, threshold: float | None = None, timeout_s: float = 10.0
    ) -> Identification:
        """1:N of the next good face. Raises ``NOBODY`` (``context["hint"]`` says what was missing)."""
        options = {"groups": list(groups), "top": top, "threshold": threshold, "timeout_s": timeout_s}
        return reading.identification(self._wait("/v1/identify/camera", options, timeout_s))

    def verify_camera(
        self, group_id: str, user_id: str, *, threshold: float | None = None, timeout_s: float = 10.0
    ) -> Verification:
        """1:1 of the next good face against a user's faces. Raises ``NOBODY``."""
        options = {"group_id": group_id, "user_id": user_id, "threshold": threshold, "timeout_s": timeout_s}
        return reading.verification(self._wait("/v1/verify/camera", options, timeout_s))

    def enrol_camera(
        self,
        group_id: str | None,
        user_id: str,
        *,
        user_info: str | None = None,
        poses: Sequence[str] = ("front",),
        allow_known: bool = False,
        replace: bool = False,
        timeout_s: float = 10.0,
    ) -> CameraEnrolment:
        """Enrol whoever stands before the camera; ``poses``: front, left, right. Raises ``NOBODY``,
        ``PERSON_KNOWN`` and others."""
        options = {
            "group_id": group_id,
            "user_id": user_id,
            "user_info": user_info,
            "poses": list(poses),
            "allow_known": allow_known,
            "replace": replace,
            "timeout_s": timeout_s,
        }
        data = self._wait("/v1/enrol/camera", options, timeout_s)
        faces = tuple(EnrolledPose(**item) for item in data["faces"])
        return CameraEnrolment(data["group_id"], data["user_id"], faces)

    def _wait(self, path: str, options: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        body = json.dumps(encoding.given(options)).encode("utf-8")
        headers = {"Content-Type": "application/json"}
        with (
            closing(Transport(self.socket, timeout_s + _MARGIN_S)) as transport,
            transport.exchange("POST", path, body, headers) as response,
        ):
            data = response.read()
            if response.status not in (200, 201):
                raise failure_of(response.status, data)
            found: dict[str, Any] = json.loads(data)
            return found

    @abstractmethod
    def _get(self, path: str) -> dict[str, Any]: ...

    @abstractmethod
    def _bytes(self, method: str, path: str) -> bytes: ...
