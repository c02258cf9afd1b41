"""The typed, synchronous client. It needs no HTTP library and loads no model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from urllib.parse import urlencode

from typing_extensions import Unpack

from edgeface.client import encoding, reading
from edgeface.client.camera_calls import CameraCalls
from edgeface.client.daemon_facts import Info, Readiness
from edgeface.client.encoding import Judging
from edgeface.client.event_calls import EventCalls
from edgeface.client.gallery_calls import GalleryCalls
from edgeface.client.register_calls import RegisterCalls
from edgeface.client.transport import Transport, failure_of
from edgeface.config import load_config
from edgeface.gallery.records import FaceRecord
from edgeface.results import Comparison, Detection, Enrolment, Identification, Verification
from edgeface.types import Face, Match, Template

DEFAULT_TIMEOUT_S = 30.0


class Client(GalleryCalls, RegisterCalls, EventCalls, CameraCalls):
    """Talks to the daemon. May be shared between threads; close it, or use it in a ``with`` block.

    socket: path of the daemon's socket; default: the configured one. timeout: seconds that an answer may take.
    Every method raises :class:`EdgeFaceError` with the catalogue's code; ``UNREACHABLE`` when nobody answers.
    Pictures are encoded files (JPEG, PNG, BMP, WebP) as bytes. ``judging``: how faces are chosen and judged, see
    :class:`edgeface.client.encoding.Judging`.
    """

    def __init__(self, socket: str | Path | None = None, timeout: float = DEFAULT_TIMEOUT_S) -> None:
        self.socket = load_config().server.socket if socket is None else Path(socket)
        self._transport = Transport(self.socket, timeout)

    def close(self) -> None:
        """Close the connections. The client opens new ones when it is used again."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------------ daemon

    def live(self) -> bool:
        """Whether the daemon answers at all."""
        return bool(self._get("/v1/health/live")["live"])

    def ready(self) -> Readiness:
        """Whether the daemon computes calls, and why not."""
        data = self._json("GET", "/v1/health/ready", accepted=(200, 503))
        return Readiness(data["ready"], tuple(data["reasons"]))

    def info(self) -> Info:
        """Versions, model pack, features, limits, and this caller's role."""
        return reading.info(self._get("/v1/info"))

    def metrics(self) -> str:
        """The Prometheus exposition."""
        return self._bytes("GET", "/metrics").decode("utf-8")

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        return self._get("/v1/openapi.json")

    # ------------------------------------------------------------------ pictures

    def detect(
        self,
        picture: bytes,
        *,
        landmarks: bool = False,
        pose: bool = False,
        quality: bool = False,
        attributes: bool = False,
        max_faces: int | None = None,
        turned: bool | None = None,
        **judging: Unpack[Judging],
    ) -> Detection:
        """Find faces, and measure what is asked for; with ``quality_control`` each face gets a verdict.

        attributes: everything else that the active pack has models for.
        """
        wanted = {"landmarks": landmarks, "pose": pose, "quality": quality, "attributes": attributes}
        options = {
            "fields": [name for name, asked in wanted.items() if asked],
            "max_faces": max_faces,
            "turned": turned,
            **encoding.judged(judging),
        }
        return reading.detection(self._picture("POST", "/v1/detect", picture, options))

    def embed(
        self,
        picture: bytes,
        **judging: Unpack[Judging],
    ) -> Face:
        """The first face with its template."""
        options = encoding.judged(judging)
        return reading.face(self._picture("POST", "/v1/embed", picture, options)["face"])

    def compare(
        self,
        first: bytes,
        second: bytes,
        **judging: Unpack[Judging],
    ) -> Comparison:
        """1:1 of two pictures."""
        options = encoding.judged(judging)
        if "thresholds" in options:
            pictures = {"image": encoding.base64(first), "image2": encoding.base64(second)}
            return reading.comparison(self._post("/v1/compare", {**encoding.given(options), **pictures}))
        body, content_type = encoding.multipart(encoding.texts(options), {"image": first, "image2": second})
        return reading.comparison(
            self._json("POST", "/v1/compare", body=body, headers={"Content-Type": content_type})
        )

    def compare_templates(self, first: Template, second: Template) -> Comparison:
        """1:1 of two templates."""
        templates = {"template": reading.template_json(first), "template2": reading.template_json(second)}
        return reading.comparison(self._post("/v1/compare/templates", templates))

    # ------------------------------------------------------------------ decisions

    def identify(
        self,
        picture: bytes,
        groups: Sequence[str],
        *,
        top: int = 1,
        threshold: float | None = None,
        user_id: str | None = None,
        **judging: Unpack[Judging],
    ) -> Identification:
        """1:N of the first face in the groups (only ``user_id``'s faces where given)."""
        options = {
            "groups": list(groups),
            "top": top,
            "threshold": threshold,
            "user_id": user_id,
            **encoding.judged(judging),
        }
        return reading.identification(self._picture("POST", "/v1/identify", picture, options))

    def identify_template(
        self,
        template: Template,
        groups: Sequence[str],
        *,
        top: int = 1,
        threshold: float | None = None,
        user_id: str | None = None,
    ) -> tuple[Match, ...]:
        """1:N of a template made earlier."""
        options = {"groups": list(groups), "top": top, "threshold": threshold, "user_id": user_id}
        data = self._post("/v1/identify", {**encoding.given(options), "template": reading.template_json(template)})
        return tuple(reading.match(item) for item in data["matches"])

    def identify_all(
        self,
        picture: bytes,
        groups: Sequence[str],
        *,
        max_faces: int | None = None,
        top: int = 1,
        threshold: float | None = None,
        **judging: Unpack[Judging],
    ) -> tuple[Identification, ...]:
        """M:N: every face of the picture in the groups, first face first."""
        options = {
            "groups": list(groups),
            "max_faces": max_faces,
            "top": top,
            "threshold": threshold,
            **encoding.judged(judging),
        }
        data = self._picture("POST", "/v1/identify/all", picture, options)
        return tuple(reading.identification(item) for item in data["faces"])

    def verify(
        self,
        picture: bytes,
        group_id: str,
        user_id: str,
        *,
        threshold: float | None = None,
        **judging: Unpack[Judging],
    ) -> Verification:
        """1:1 of the first face against the user's enrolled faces."""
        options = {
            "group_id": group_id,
            "user_id": user_id,
            "threshold": threshold,
            **encoding.judged(judging),
        }
        return reading.verification(self._picture("POST", "/v1/verify", picture, options))

    # ------------------------------------------------------------------ enrolment

    def enrol(
        self,
        picture: bytes,
        group_id: str,
        user_id: str,
        *,
        user_info: str | None = None,
        replace_faces: bool = False,
        create_group: bool = True,
        single_face: bool = False,
        **judging: Unpack[Judging],
    ) -> Enrolment:
        """Add the first face of the picture to a user (made when new); ``replace_faces``: it replaces all."""
        options = {
            "user_info": user_info,
            "create_group": create_group,
            "single_face": single_face,
            **encoding.judged(judging),
        }
        method = "PUT" if replace_faces else "POST"
        return reading.enrolment(self._picture(method, encoding.faces_path(group_id, user_id), picture, options))

    def enrol_template(
        self,
        template: Template,
        group_id: str,
        user_id: str,
        *,
        user_info: str | None = None,
        replace_faces: bool = False,
        create_group: bool = True,
    ) -> FaceRecord:
        """Add a template made earlier."""
        options = {
            "user_info": user_info,
            "create_group": create_group,
            "template": reading.template_json(template),
        }
        method = "PUT" if replace_faces else "POST"
        data = self._send_json(method, encoding.faces_path(group_id, user_id), encoding.given(options))
        return reading.face_record(data["record"])

    # ------------------------------------------------------------------ inside

    def _picture(self, method: str, path: str, picture: bytes, options: Mapping[str, Any]) -> dict[str, Any]:
        if "thresholds" in options:  # an object, which only JSON can spell
            return self._send_json(method, path, {**encoding.given(options), "image": encoding.base64(picture)})
        query = urlencode(encoding.texts(options))
        return self._json(
            method,
            f"{path}?{query}" if query else path,
            body=picture,
            headers={"Content-Type": "application/octet-stream"},
        )

    def _get(self, path: str) -> dict[str, Any]:
        return self._json("GET", path)

    def _delete(self, path: str) -> dict[str, Any]:
        return self._json("DELETE", path)

    def _post(self, path: str, value: Mapping[str, Any]) -> dict[str, Any]:
        return self._send_json("POST", path, value)

    def _send_json(self, method: str, path: str, value: Mapping[str, Any]) -> dict[str, Any]:
        body = json.dumps(value).encode("utf-8")
        return self._json(method, path, body=body, headers={"Content-Type": "application/json"})

    def _json(
        self,
        method: str,
        path: str,
        *,
        body: bytes | IO[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        accepted: tuple[int, ...] = (200, 201),
    ) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._bytes(method, path, body=body, headers=headers, accepted=accepted))
        return found

    def _bytes(
        self,
        method: str,
        path: str,
        *,
        body: bytes | IO[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        accepted: tuple[int, ...] = (200, 201),
    ) -> bytes:
        with self._transport.exchange(method, path, body, headers or {}) as response:
            data = response.read()
            if response.status not in accepted:
                raise failure_of(response.status, data)
            return data
